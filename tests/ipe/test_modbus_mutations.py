"""A device whose answers are damaged on the way.

Modbus TCP has no check sum of its own: octets changed inside a value make another value, which nobody can tell. What
is damaged around the values must never give one that the device did not send, nor confirm what it did not do.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ipe.driver import DeviceUnreachable, PointError
from ipe.manifest import find_protocol
from ipe.modbus.driver import ModbusDriver
from ipe.modbus.links import Tcp
from ipe.points import Point, Value, read_points
from tests.ipe import libmodbus
from tests.ipe.conftest import Device
from tests.ipe.contract import like

#: Two units, so that answers of other lengths come as well; unit 0 is one that many devices answer to.
POINTS = """\
name,unit_id,table,address,type,writable
power,1,holding,0,float32,no
energy,1,input,2,uint64,no
running,1,coil,0,bool,no
opened,1,discrete,7,bool,no
level,0,holding,0,float32,no
fan,0,coil,0,bool,yes
setpoint,1,holding,20,float32,yes
valve,1,holding,24,uint16,yes
"""
READABLE: dict[str, Value] = {
    "power": 12.5, "energy": 4_000_000_000_123, "running": True, "opened": True, "level": 12.5, "fan": True,
}  # fmt: skip
#: Where the values of an answer begin; function codes whose answers have any.
FIRST, READS = 9, frozenset({1, 2, 3, 4})
Told = Callable[[bytes], bytes]


class Damage:
    """One damage per frame: ``inside`` where one since the last reset touched a value, ``changed`` where any did."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.inside = self.changed = False

    def __call__(self, frame: bytes) -> bytes:
        at, other = (self._random.randrange(len(frame)) for _ in range(2))
        octet = bytes([self._random.randrange(256)])
        kind = self._random.choice(("flip", "flip", "flip", "insert", "delete", "swap", "cut", "more", "random", "fc"))
        touched = {"swap": (at, other), "cut": (), "more": (), "fc": ()}.get(kind, (at,))
        self.inside |= frame[7] in READS and any(place >= FIRST for place in touched)
        swapped = bytearray(frame)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        damaged = {
            "flip": frame[:at] + bytes([frame[at] ^ 1 << self._random.randrange(8)]) + frame[at + 1 :],
            "random": frame[:at] + octet + frame[at + 1 :],
            "insert": frame[:at] + octet + frame[at:],
            "delete": frame[:at] + frame[at + 1 :],
            "swap": bytes(swapped),
            "cut": frame[:at],
            "more": frame + octet * 3,
            "fc": frame[:7] + bytes([self._random.choice((1, 2, 3, 4, 5, 6, 15, 16, 0x83, 0x84))]) + frame[8:],
        }[kind]
        self.changed |= not damaged.startswith(frame)
        return damaged


class Between:
    """A wire on which ``told`` changes what the device answers."""

    def __init__(self) -> None:
        self.told: Told = bytes
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, device: int) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            to, back = await asyncio.open_connection("127.0.0.1", device)
            with contextlib.closing(back):
                while True:
                    back.write(await _frame(reader))
                    writer.write(self.told(await _frame(to)))


async def _frame(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(6)
    return header + await reader.readexactly(int.from_bytes(header[4:]))


@asynccontextmanager
async def between(device: Device) -> AsyncIterator[Between]:
    wire, tasks = Between(), set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(wire.carry(reader, writer, device.port)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    yield wire
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _fill(port: int) -> None:
    with libmodbus.Client(port) as client:
        client.write_registers(0, list(struct.unpack(">2H", struct.pack(">f", 12.5))))
        client.write_registers(2, list(struct.unpack(">4H", struct.pack(">Q", 4_000_000_000_123))))
        client.write_bit(0, True)
        client.write_bit(7, True)


def _points(folder: Path) -> dict[str, Point[Any]]:
    protocol = find_protocol("modbus").load()
    path = folder / "points.csv"
    path.write_text(POINTS, encoding="utf-8")
    return {point.name: point for point in read_points(path, protocol.columns, protocol.address)}


async def _damaged(device: Device, folder: Path, count: int, seed: int) -> None:
    await asyncio.to_thread(_fill, device.port)
    points, damage = _points(folder), Damage(seed)
    accepted = refused = 0
    async with between(device) as wire:
        driver = ModbusDriver(Tcp("127.0.0.1", wire.port), timeout_s=0.03)
        for number in range(count):
            wire.told, damage.inside, damage.changed = damage, False, False
            name = list(READABLE)[number % len(READABLE)]
            try:
                if number % 10 == 9:
                    await driver.write(points["setpoint"], number)
                    assert not damage.changed, number
                else:
                    values = await driver.read([points[name]])
                    if not isinstance(values[name], PointError) and not damage.inside:
                        accepted += 1
                        assert like(values[name], READABLE[name]), (number, name, values)
            except (DeviceUnreachable, PointError):
                refused += 1
            wire.told = bytes
            if number % 50 == 49:
                assert await _undamaged(driver, points) == {**READABLE, "setpoint": number, "valve": 0}
        await driver.close()
    assert accepted
    assert refused


async def _undamaged(driver: ModbusDriver, points: dict[str, Point[Any]]) -> dict[str, Any]:
    """A busy machine may be slower than the short time-out of these tests."""
    for _ in range(20):
        with contextlib.suppress(DeviceUnreachable):
            values = await driver.read(list(points.values()))
            if not any(isinstance(value, PointError) for value in values.values()):
                return values
    return await driver.read(list(points.values()))


@pytest.mark.parametrize("seed", [1])
async def test_damaged_answers_give_no_other_values(device: Device, tmp_path: Path, seed: int) -> None:
    await _damaged(device, tmp_path, 500, seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_many_damaged_answers_give_no_other_values(device: Device, tmp_path: Path) -> None:
    await _damaged(device, tmp_path, 20_000, 2)
