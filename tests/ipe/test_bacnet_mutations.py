"""A device whose answers are damaged on the way.

BACnet/IP has no check sum of its own: octets changed inside a value make another value, which nobody can tell. What
is damaged around the values must never give one that the device did not send.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipe.bacnet.driver import BacnetDriver
from ipe.driver import DeviceUnreachable, PointError
from tests.ipe import bacnet
from tests.ipe.contract import like

#: A Real, an Enumerated, an Unsigned between opening and closing tag, of ReadProperty and of ReadPropertyMultiple.
VALUES = re.compile(rb"(?<=[\x3e\x4e])(?:\x44(....)|\x91(.)|\x21(.))(?=[\x3f\x4f])", re.DOTALL)
POINTS = "".join(line for line in bacnet.POINTS.splitlines(keepends=True) if ",no,yes" in line or ",no,no" in line)


@pytest.fixture
def bacnet_device() -> Iterator[bacnet.Device]:
    with bacnet.running() as device:
        yield device


class Damage:
    """One damage per datagram; ``inside`` tells whether one since it was reset touched the octets of a value."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.inside = False

    def __call__(self, datagram: bytes) -> bytes:
        spans = [match.span(match.lastindex or 0) for match in VALUES.finditer(datagram)]
        at, other = (self._random.randrange(len(datagram)) for _ in range(2))
        octet = bytes([self._random.randrange(256)])
        kind = self._random.choice(("flip", "flip", "flip", "insert", "delete", "swap", "cut", "more", "random"))
        touched = {"swap": (at, other), "cut": (), "more": ()}.get(kind, (at,))
        self.inside |= any(start <= place <= end for place in touched for start, end in spans)
        swapped = bytearray(datagram)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        return {
            "flip": datagram[:at] + bytes([datagram[at] ^ 1 << self._random.randrange(8)]) + datagram[at + 1 :],
            "random": datagram[:at] + octet + datagram[at + 1 :],
            "insert": datagram[:at] + octet + datagram[at:],
            "delete": datagram[:at] + datagram[at + 1 :],
            "swap": bytes(swapped),
            "cut": datagram[:at],
            "more": datagram + octet * 3,
        }[kind]


async def _damaged(device: bacnet.Device, folder: Path, count: int, seed: int) -> None:
    async with bacnet.between(device) as proxy:
        driver, points = bacnet.opened(
            proxy.port, folder, "name,object_type,instance,writable,cov\n" + POINTS, timeout_s=0.03, retries=0)
        await _connect(driver)
        damage = Damage(seed)
        accepted = refused = 0
        for number in range(count):
            driver._multiple, driver._chunk = number % 2 == 0, 20
            some = points if number % 2 == 0 else [points[number // 2 % len(points)]]
            proxy.told, damage.inside = damage, False
            try:
                values = await driver.read(some)
            except DeviceUnreachable:
                refused += 1
                values = {}
            for name, value in values.items():
                if not isinstance(value, PointError) and not damage.inside:
                    accepted += 1
                    assert like(value, bacnet.READABLE[name]), (number, name, value)
            proxy.told = lambda datagram: datagram
            if number % 50 == 49:
                values = await _undamaged(driver, points)
                assert all(like(values[name], expected) for name, expected in bacnet.READABLE.items())
        assert accepted
        assert refused
        await driver.close()


async def _undamaged(driver: BacnetDriver, points: list[Any]) -> dict[str, Any]:
    for _ in range(20):
        with contextlib.suppress(DeviceUnreachable):
            return await driver.read(points)
        await _connect(driver)
    return await driver.read(points)


async def _connect(driver: BacnetDriver) -> None:
    """A busy machine may be slower than the short time-out of these tests."""
    for _ in range(20):
        with contextlib.suppress(DeviceUnreachable):
            await driver.connect()
            return
    await driver.connect()


@pytest.mark.parametrize("seed", [1])
async def test_damaged_answers_give_no_other_values(bacnet_device: bacnet.Device, tmp_path: Path, seed: int) -> None:
    await _damaged(bacnet_device, tmp_path, 500, seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_many_damaged_answers_give_no_other_values(bacnet_device: bacnet.Device, tmp_path: Path) -> None:
    await _damaged(bacnet_device, tmp_path, 20_000, 2)
