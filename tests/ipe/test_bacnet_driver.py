"""What the BACnet driver does with devices that know less, and with notices that stop."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipe.bacnet.mapping import DOUBLE, ENUMERATED, NULL, REAL, SIGNED, UNSIGNED, Place, decode, encode
from ipe.driver import DeviceUnreachable, PointError
from tests.ipe import bacnet
from tests.ipe.contract import like

READ_MANY, SUBSCRIBE = 14, 5
HEAD = b"\x81\x0a\x00\x09\x01\x00"


@pytest.fixture
def bacnet_device() -> Iterator[bacnet.Device]:
    with bacnet.running() as device:
        yield device


def service(datagram: bytes) -> tuple[int, int]:
    """Invoke identifier and service of a confirmed request of the driver; (0, 0) for something else."""
    return (datagram[8], datagram[9]) if datagram[6] >> 4 == 0 else (0, 0)


@pytest.mark.parametrize(("object_type", "tag", "data", "value"), [
    ("analog-input", REAL, struct.pack(">f", 0.1), 0.1),
    ("large-analog-value", DOUBLE, struct.pack(">d", 1e300), 1e300),
    ("binary-input", ENUMERATED, b"\x01", True),
    ("multi-state-input", UNSIGNED, b"\x03", 3),
    ("integer-value", SIGNED, b"\xff", -1),
    ("accumulator", UNSIGNED, b"\xff\xff\xff\xff", 4294967295),
])
def test_a_value_is_what_its_octets_say(object_type: str, tag: int, data: bytes, value: Any) -> None:
    found = decode(Place(object_type, 1), [(tag, data)])
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("object_type", "tags"), [
    ("analog-input", [(REAL, struct.pack(">f", float("nan")))]),
    ("analog-input", [(REAL, struct.pack(">f", float("-inf")))]),
    ("analog-input", [(REAL, b"\0\0\0")]),
    ("analog-input", [(UNSIGNED, b"\0\0\0\0")]),
    ("analog-input", [(NULL, b"")]),
    ("analog-input", []),
    ("analog-input", [(REAL, b"\0\0\0\0"), (REAL, b"\0\0\0\0")]),
    ("binary-input", [(ENUMERATED, b"\x02")]),
    ("multi-state-input", [(UNSIGNED, b"")]),
])
def test_what_is_no_value_of_the_object_is_an_error_of_the_point(object_type: str, tags: Any) -> None:
    with pytest.raises(PointError, match=r"\w"):
        decode(Place(object_type, 1), tags)


@pytest.mark.parametrize(("object_type", "value"), [
    ("analog-value", float("inf")), ("analog-value", 1e39), ("analog-value", True), ("binary-value", 2),
    ("multi-state-value", 1.5), ("multi-state-value", -1), ("integer-value", 1 << 31),
])
def test_what_the_object_cannot_hold_is_not_sent(object_type: str, value: Any) -> None:
    with pytest.raises(PointError, match="expected"):
        encode(Place(object_type, 1), value)


@pytest.mark.parametrize("answer", [b"\x60%c\x09", b"\x71%c\x04", b"\x71%c\x01"])
async def test_a_device_that_cannot_read_many_is_read_singly(
    bacnet_device: bacnet.Device, tmp_path: Path, answer: bytes
) -> None:
    """Reject of an unknown service; aborts for want of segments and of space."""
    async with bacnet.between(bacnet_device) as proxy:
        def refuses(datagram: bytes) -> bytes | None:
            invoke, kind = service(datagram)
            return HEAD + answer % invoke if kind == READ_MANY else None

        proxy.asked = refuses
        driver, points = bacnet.opened(proxy.port, tmp_path, timeout_s=0.5)
        await driver.connect()
        values = await driver.read(points)
        await driver.close()
        assert all(like(values[name], expected) for name, expected in bacnet.READABLE.items())
        assert isinstance(values["gone"], PointError)
        assert "unknown-object" in str(values["gone"])


async def test_a_subscription_is_renewed_and_tells(bacnet_device: bacnet.Device, tmp_path: Path) -> None:
    async with bacnet.between(bacnet_device) as proxy:
        asked: list[int] = []

        def listen(datagram: bytes) -> None:
            asked.append(service(datagram)[1])

        proxy.asked = listen
        driver, points = bacnet.opened(proxy.port, tmp_path, timeout_s=0.5, cov_lifetime_s=1)
        told: list[Any] = []
        await driver.connect()
        names = await driver.subscribe(points, lambda *one: told.append(one))
        assert names == {"a_temperature", "fan", "setpoint"}
        await asyncio.sleep(2.2)
        assert asked.count(SUBSCRIBE) >= 9
        assert not [one for one in told if isinstance(one[1], PointError)]
        await driver.close()


async def test_a_subscription_that_tells_nothing_is_polled(bacnet_device: bacnet.Device, tmp_path: Path) -> None:
    async with bacnet.between(bacnet_device) as proxy:
        proxy.told = lambda datagram: None if datagram[6] >> 4 == 0 else datagram
        driver, points = bacnet.opened(proxy.port, tmp_path, timeout_s=0.5, cov_lifetime_s=1)
        told: asyncio.Queue[Any] = asyncio.Queue()
        await driver.connect()
        names = await driver.subscribe(points, lambda *one: told.put_nowait(one))
        async with asyncio.timeout(5):
            lost = [await told.get() for _ in names]
        assert {name for name, _ in lost} == names
        assert all("polled" in str(error) for _, error in lost)
        await driver.close()


@pytest.mark.parametrize("settings", [{"host": "no-such-device.invalid"}, {"bind": "192.0.2.1"}])
async def test_an_address_that_is_none_is_a_device_out_of_reach(tmp_path: Path, settings: dict[str, Any]) -> None:
    driver, points = bacnet.opened(9, tmp_path, timeout_s=0.1, **settings)
    with pytest.raises(DeviceUnreachable, match=r"\w"):
        await driver.connect()
    with pytest.raises(DeviceUnreachable):
        await driver.read(points)
    await driver.close()


async def test_a_foreign_device_finds_by_instance(bacnet_device: bacnet.Device, tmp_path: Path) -> None:
    """Registered with a BBMD, which takes Who-Is to the others; the device is a BBMD, too."""
    driver, points = bacnet.opened(
        9, tmp_path, host="", device=1234, bind="127.0.0.1", bbmd=f"127.0.0.1:{bacnet_device.port}", timeout_s=1.0)
    await driver.connect()
    assert like((await driver.read(points))["a_temperature"], 21.3)
    await driver.close()
