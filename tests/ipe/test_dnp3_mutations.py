"""An outstation whose answers are damaged on the way.

DNP3 has a check sum for every sixteen octets, so damage on the wire gives no value at all. An answer that is wrong
and has right check sums may give another value, which nobody can tell, but must not stop the driver.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dnp3.core.crc import compute_crc

from ipe.dnp3.driver import Dnp3Driver
from ipe.driver import DeviceUnreachable, PointError
from tests.ipe import dnp3
from tests.ipe.contract import like
from tests.ipe.test_dnp3_contract import opened


@pytest.fixture
def dnp3_device() -> Iterator[dnp3.Device]:
    with dnp3.running() as device:
        yield device


def _frame_length(header: bytes) -> int:
    """Octets of a frame, from its first three (IEEE 1815 9.2.4)."""
    data = header[2] - 5
    return 10 + data + 2 * -(-data // 16)


def _sum(octets: bytes) -> bytes:
    return int(compute_crc(octets)).to_bytes(2, "little")


def _with_sums(frame: bytes) -> bytes:
    """The frame with check sums that are right."""
    whole = bytes(frame[:8]) + _sum(frame[:8])
    for start in range(10, len(frame), 18):
        block = frame[start : min(start + 16, len(frame) - 2)]
        whole += block + _sum(block)
    return whole


class Damage:
    """One damage per frame; ``forged``: of the octets behind the link header, with right check sums."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.forged = False

    def __call__(self, frame: bytes) -> bytes:
        pick = self._random.randrange
        at, other, octet = pick(len(frame)), pick(len(frame)), bytes([pick(256)])
        if self.forged:
            at = pick(10, len(frame)) if len(frame) > 10 else 0
            return frame if at == 0 else _with_sums(frame[:at] + octet + frame[at + 1 :])
        swapped = bytearray(frame)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        return self._random.choice((
            frame[:at] + bytes([frame[at] ^ 1 << pick(8)]) + frame[at + 1 :],
            frame[:at] + octet + frame[at + 1 :], frame[:at] + octet + frame[at:], frame[:at] + frame[at + 1 :],
            bytes(swapped), frame[:at], frame + octet * 3,
        ))  # fmt: skip


class Between:
    """A wire on which ``told`` changes what the outstation answers."""

    def __init__(self) -> None:
        self.told: Callable[[bytes], bytes] = bytes
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, device: int) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            to, back = await asyncio.open_connection("127.0.0.1", device)
            with contextlib.closing(back):
                asked = asyncio.create_task(self._pass(reader, back))
                try:
                    while True:
                        header = await to.readexactly(10)
                        writer.write(self.told(header + await to.readexactly(_frame_length(header) - 10)))
                finally:
                    asked.cancel()

    async def _pass(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(back):
            while octets := await reader.read(4096):
                back.write(octets)


@asynccontextmanager
async def between(device: dnp3.Device) -> AsyncIterator[Between]:
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


async def _damaged(device: dnp3.Device, folder: Path, count: int, seed: int) -> None:
    damage, refused, accepted = Damage(seed), 0, 0
    async with between(device) as wire:
        driver, points = opened(wire.port, folder, timeout_s=0.05)
        some = [points[name] for name in dnp3.READABLE]
        await _undamaged(driver, some)
        for number in range(count):
            damage.forged = number % 2 == 1
            wire.told = damage
            try:
                if number % 10 in (8, 9):
                    await driver.write(points["level"], number % 100)
                values = await driver.read(some)
                if not damage.forged:
                    for name, value in values.items():
                        assert like(value, dnp3.READABLE[name]), (number, name, value)
                        accepted += 1
            except (DeviceUnreachable, PointError):
                refused += 1
            wire.told = bytes
            if not driver.is_connected:
                await _undamaged(driver, some)
            elif number % 50 == 49:
                await driver.close()
                await _undamaged(driver, some)
        await driver.close()
    assert refused


async def _undamaged(driver: Dnp3Driver, points: list[Any]) -> None:
    """A busy machine may be slower than the short time-out of these tests."""
    for _ in range(100):
        with contextlib.suppress(DeviceUnreachable):
            await driver.connect()
            values = await driver.read(points)
            assert all(like(values[name], expected) for name, expected in dnp3.READABLE.items()), values
            return
    raise AssertionError("the outstation does not come back")


@pytest.mark.parametrize("seed", [1])
async def test_damaged_answers_give_no_other_values(dnp3_device: dnp3.Device, tmp_path: Path, seed: int) -> None:
    await _damaged(dnp3_device, tmp_path, 500, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_many_damaged_answers_give_no_other_values(dnp3_device: dnp3.Device, tmp_path: Path) -> None:
    await _damaged(dnp3_device, tmp_path, 20_000, 2)
