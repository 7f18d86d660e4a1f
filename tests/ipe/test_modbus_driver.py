"""The driver against a device made with libmodbus, in another process."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from pymodbus.framer.rtu import FramerRTU

from cse.client import Client
from ipe.driver import DeviceUnreachable, PointError
from ipe.manifest import find_protocol
from ipe.modbus.driver import ModbusDriver
from ipe.modbus.links import Line, Tcp
from ipe.modbus.mapping import ModbusPoint, Register
from ipe.points import Point, Value
from ipe.runner import Runner
from ipe.settings import SettingsError, settings_from
from tests.ipe import libmodbus
from tests.ipe.conftest import Device, line
from tests.ipe.fakes import FakeClient

#: Word and byte order -> where the four bytes A B C D of a value lie on the wire.
ORDERS = {("big", "big"): "ABCD", ("little", "big"): "CDAB", ("big", "little"): "BADC", ("little", "little"): "DCBA"}
VALUES: list[tuple[str, str, Value]] = [
    ("int16", "h", -1234), ("uint16", "H", 54321), ("int32", "i", -123456789), ("uint32", "I", 4123456789),
    ("int64", "q", -1234567890123456789), ("uint64", "Q", 12345678901234567890), ("float32", "f", 12.5),
    ("float64", "d", -3.141592653589793),
]  # fmt: skip


def point(name: str, address: int, type_: str = "uint16", table: str = "holding", **more: Any) -> ModbusPoint:
    return Point(name, Register(more.pop("unit_id", 1), table, address, type_, **more), period_s=0.05)


def wire(packed: bytes, order: str) -> list[int]:
    """Lay big-endian bytes out in the order of a manual, as registers."""
    groups = len(packed) // 2
    if order in ("CDAB", "DCBA"):
        packed = b"".join(packed[2 * at : 2 * at + 2] for at in reversed(range(groups)))
    if order in ("BADC", "DCBA"):
        packed = b"".join(packed[2 * at : 2 * at + 2][::-1] for at in range(groups))
    return list(struct.unpack(f">{groups}H", packed))


async def at_device(device: Device, action: str, *arguments: Any) -> Any:
    """Do one thing with libmodbus' own client."""

    def work() -> Any:
        with libmodbus.Client(device.port) as client:
            return getattr(client, action)(*arguments)

    return await asyncio.to_thread(work)


async def test_all_types_in_all_orders_are_read_and_written(device: Device) -> None:
    points: dict[str, tuple[ModbusPoint, list[int], Value]] = {}
    address = 0
    for (words, data), order in ORDERS.items():
        for type_, code, value in VALUES:
            made = point(f"{type_}-{words}-{data}", address, type_, word_order=words, byte_order=data)
            points[made.name] = (made, wire(struct.pack(f">{code}", value), order), value)
            address += made.address.count
    content = [word for _, registers, _ in points.values() for word in registers]
    await at_device(device, "write_registers", 0, content)
    driver = ModbusDriver(Tcp("127.0.0.1", device.port))
    await driver.connect()
    assert await driver.read([made for made, _, _ in points.values()]) == {
        name: value for name, (_, _, value) in points.items()
    }
    await driver.close()

    await at_device(device, "write_registers", 0, [0] * len(content))
    for made, _, value in points.values():
        await driver.write(made, value)
    await driver.close()
    assert await at_device(device, "read_registers", 0, len(content)) == content


@pytest.mark.parametrize("order", ["abcd", "dcba", "badc", "cdab"])
def test_wire_orders_are_those_of_libmodbus(order: str) -> None:
    # Its reading functions only: up to release 3.1.6 the writing ones swap the bytes of every register.
    try:
        library = libmodbus.load()
    except OSError as error:
        pytest.skip(f"needs Debian's libmodbus5: {error}")
    getattr(library, f"modbus_get_float_{order}").restype = ctypes.c_float
    registers = (ctypes.c_uint16 * 2)(*wire(struct.pack(">f", 12.5), order.upper()))
    assert getattr(library, f"modbus_get_float_{order}")(registers) == 12.5


async def test_bits_and_input_tables(device: Device) -> None:
    await at_device(device, "write_bit", 17, 1)
    await at_device(device, "write_registers", 3, [0x8001])
    driver = ModbusDriver(Tcp("127.0.0.1", device.port))
    coil, discrete = point("coil", 17, "bool", "coil"), point("discrete", 17, "bool", "discrete")
    other, register = point("other", 18, "bool", "coil"), point("register", 3, "int16", "input")
    flag = point("flag", 3, "bit15", "input")
    expected = {"coil": True, "discrete": True, "other": False, "register": -32767, "flag": True}
    assert await driver.read([coil, discrete, other, register, flag]) == expected
    await driver.write(other, True)
    assert await driver.read([other, discrete]) == {"other": True, "discrete": True}
    await driver.close()
    assert await at_device(device, "read_bits", 17, 2) == [1, 1]


async def test_one_bad_address_does_not_lose_the_others(device: Device) -> None:
    last = libmodbus.SIZE - 1
    await at_device(device, "write_registers", last, [7])
    driver = ModbusDriver(Tcp("127.0.0.1", device.port))
    points = [point("good", last), point("bad", last + 1), point("far", 0)]
    for _ in range(2):
        values = await driver.read(points)
        assert (values["good"], values["far"]) == (7, 0)
        assert isinstance(values["bad"], PointError)
        assert f"unit 1, holding {last + 1}: exception 2, illegal data address" in str(values["bad"])
    with pytest.raises(PointError, match="illegal data address"):
        await driver.write(points[1], 5)
    await driver.close()


async def test_a_silent_unit_does_not_lose_the_others(device: Device) -> None:
    driver = ModbusDriver(Tcp("127.0.0.1", device.port), timeout_s=0.2)
    here, silent = point("here", 0), point("silent", 0, unit_id=libmodbus.SILENT_UNIT)
    values = await driver.read([here, silent])
    assert values["here"] == 0
    assert "unit 99 of 127.0.0.1" in str(values["silent"])
    with pytest.raises(DeviceUnreachable, match=r"did not answer within 0\.2 s"):
        await driver.read([silent])
    assert await driver.read([here]) == {"here": 0}
    await driver.close()


async def test_nobody_there(device: Device) -> None:
    device.stop()
    driver = ModbusDriver(Tcp("127.0.0.1", device.port), timeout_s=0.5)
    with pytest.raises(DeviceUnreachable, match=f"no connection to 127.0.0.1:{device.port}"):
        await driver.connect()
    with pytest.raises(DeviceUnreachable):
        await driver.read([point("p", 0)])
    await driver.close()


@asynccontextmanager
async def peer(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """Serve something that is no device: bytes are sent and the connection ends, None keeps it open and silent."""
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = answer(await reader.read(12))
        if data is None:
            await reader.read()
        else:
            writer.write(data)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await ended.wait()


@pytest.mark.parametrize("answer", [b"", b"\x00" * 11, b"GET / HTTP/1.1\r\n\r\n", None])
async def test_a_peer_that_speaks_something_else_never_hangs_the_driver(answer: bytes | None) -> None:
    async with peer(lambda _: answer) as port:
        driver = ModbusDriver(Tcp("127.0.0.1", port), timeout_s=0.2)
        begun_s = time.monotonic()
        with pytest.raises(DeviceUnreachable):
            await driver.read([point("p", 0)])
        assert time.monotonic() - begun_s < 30
        await driver.close()


async def test_a_short_answer_is_not_taken_for_a_value() -> None:
    async with peer(lambda request: request[:4] + b"\x00\x05" + request[6:8] + b"\x02\x00\x07") as port:
        driver = ModbusDriver(Tcp("127.0.0.1", port), timeout_s=0.2)
        with pytest.raises(DeviceUnreachable, match="2 octets of values instead of 4"):
            await driver.read([point("p", 0, "uint32")])
        await driver.close()


async def test_concurrent_reads_do_not_mix_answers(device: Device) -> None:
    await at_device(device, "write_registers", 0, list(range(100)))
    driver = ModbusDriver(Tcp("127.0.0.1", device.port))
    await driver.connect()
    reads = [driver.read([point(f"p{address}", address)]) for address in range(100)]
    assert await asyncio.gather(*reads) == [{f"p{address}": address} for address in range(100)]
    await driver.close()


async def test_a_device_that_is_switched_off_goes_stale_and_recovers(device: Device) -> None:
    await at_device(device, "write_registers", 0, [42])
    client = FakeClient()
    settings = settings_from(
        {"protocol": "modbus", "points": "p", "name": "meter", "reconnect_first_s": 0.05, "reconnect_limit_s": 0.1},
        "test",
    )
    driver = ModbusDriver(Tcp("127.0.0.1", device.port), timeout_s=0.5)
    runner = Runner(cast(Client, client), driver, [point("p", 0)], settings)
    pushed: list[Any] = client.instances.setdefault("-/meter/p", [])

    async def last(quality: str, value: int) -> None:
        async with asyncio.timeout(5):
            while not pushed or (pushed[-1]["quality"], pushed[-1]["value"]) != (quality, value):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    task = asyncio.create_task(runner.run())
    await last("good", 42)
    device.stop()
    await last("stale", 42)
    device.start()
    await last("good", 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    states = [each["state"] for each in client.instances["-/meter/status"]]
    assert states == ["online", "stale", "online", "stale"]


async def test_a_serial_line(device_on_line: tuple[Device, str]) -> None:
    _, path = device_on_line
    driver = ModbusDriver(Line(path, parity="none"), timeout_s=0.3)
    everybody = point("everybody", 0, unit_id=0)
    values = await driver.read([everybody, point("here", 0), point("silent", 0, unit_id=9)])
    assert values["here"] == 0
    assert "unit 9" in str(values["silent"])
    assert "a number from 1 to 247" in str(values["everybody"])
    with pytest.raises(PointError, match="a number from 1 to 247"):
        await driver.write(everybody, 1)
    await driver.close()


async def test_a_late_answer_on_a_line_is_not_taken_for_the_next_one() -> None:
    with line() as (here, there):
        answers = iter([b"\x01\x03\x02\x00\x01", b"\x01\x03\x02\x00\x02"])
        file = os.open(there, os.O_RDWR | os.O_NOCTTY)

        def answer() -> None:
            for delay_s, frame in zip((0.6, 0.0), answers, strict=True):
                read = os.read(file, 8)
                assert read[:2] == b"\x01\x03"
                time.sleep(delay_s)
                os.write(file, frame + FramerRTU.compute_CRC(frame).to_bytes(2))

        device = asyncio.create_task(asyncio.to_thread(answer))
        driver = ModbusDriver(Line(here, parity="none"), timeout_s=0.4)
        with pytest.raises(DeviceUnreachable, match="did not answer"):
            await driver.read([point("p", 0)])
        assert await driver.read([point("p", 0)]) == {"p": 2}
        await driver.close()
        await device
        os.close(file)


@pytest.mark.parametrize(("settings", "said"), [
    ({}, "either 'host'"),
    ({"host": "meter", "serial": "/dev/ttyUSB0"}, "either 'host'"),
    ({"serial": "/dev/ttyUSB0", "parity": "evn"}, "did you mean 'even'"),
    ({"serial": "/dev/ttyUSB0", "stop_bits": 3}, "'stop_bits' is 1 or 2"),
])  # fmt: skip
def test_settings_that_make_no_link(settings: dict[str, Any], said: str) -> None:
    manifest = find_protocol("modbus")
    with pytest.raises(SettingsError, match=said):
        manifest.load().open(manifest.check(settings))


async def test_a_line_that_is_not_there(tmp_path: Path) -> None:
    driver = ModbusDriver(Line(str(tmp_path / "none")), timeout_s=0.2)
    with pytest.raises(DeviceUnreachable, match=r"no connection to .*none"):
        await driver.connect()
