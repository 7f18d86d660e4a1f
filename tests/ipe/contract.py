"""What every driver has to do, played against a device of another implementation.

A protocol's tests inherit ``DriverContract``, and the contracts of what their driver can besides, and give the fixture
``bench``: a ``Bench`` whose device runs. Each contract has the name of its capability, so that none can be left out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ipe.driver import (
    CAPABILITIES,
    DeviceUnreachable,
    Discovering,
    Driver,
    PointError,
    Prioritising,
    Subscribing,
    Timed,
)
from ipe.manifest import find_protocol
from ipe.points import Point, Value, read_points

#: Every time-out of a served driver is shorter.
LIMIT_S = 15.0


@dataclass
class Bench:
    """A device and how it is talked to.

    ``points`` is a point list: ``readable`` names those with what the device says; ``writable`` those with a value to
    be written and read back; ``missing`` one that the device does not have; ``refused`` a point and a value that the
    device itself refuses (None: it refuses none). ``settings`` are those of the device, without defaults.
    ``stop`` and ``start`` take the device away and bring it back at the same address, ``change`` has it say another
    value by itself (None: it cannot).
    """

    protocol: str
    settings: Mapping[str, Any]
    points: str
    readable: Mapping[str, Value]
    writable: Mapping[str, Value]
    missing: str
    stop: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]
    refused: tuple[str, Value] | None = None
    change: Callable[[str, Value], Awaitable[None]] | None = None
    list_: dict[str, Point[Any]] = field(default_factory=dict)

    def open(self, folder: Path) -> Driver[Any]:
        """Read the point list and make a driver."""
        manifest = find_protocol(self.protocol)
        protocol = manifest.load()
        path = folder / "points.csv"
        path.write_text(self.points, encoding="utf-8")
        self.list_ = {point.name: point for point in read_points(path, protocol.columns, protocol.address)}
        return protocol.open(manifest.check(self.settings))

    def pick(self, names: Sequence[str]) -> list[Point[Any]]:
        """Points by name."""
        return [self.list_[name] for name in names]


def like(found: Value | PointError, expected: Value) -> bool:
    """True for the same value as far as a 32-bit float can tell, and of the same kind."""
    if isinstance(found, PointError) or isinstance(found, bool) is not isinstance(expected, bool):
        return False
    return math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9)


async def _first_read(driver: Driver[Any], points: Sequence[Point[Any]]) -> None:
    """Not every protocol notices on connecting that nobody is there."""
    await driver.connect()
    await driver.read(points)


def _tells(told: tuple[str, Any], name: str, expected: Value) -> bool:
    value = told[1].value if isinstance(told[1], Timed) else told[1]
    return told[0] == name and like(value, expected)


class Connected:
    """The driver that all contracts are played with."""

    @pytest.fixture
    async def driver(self, bench: Bench, tmp_path: Path) -> Any:
        """A driver that is connected."""
        driver = bench.open(tmp_path)
        await driver.connect()
        yield driver
        await driver.close()


class DriverContract(Connected):
    """What every driver does."""

    async def test_it_reads_what_the_device_says(self, bench: Bench, driver: Driver[Any]) -> None:
        values = await driver.read(bench.pick(list(bench.readable)))
        wrong = {name: values[name] for name, expected in bench.readable.items() if not like(values[name], expected)}
        assert wrong == {}
        assert set(values) == set(bench.readable)

    async def test_reading_nothing_is_nothing(self, driver: Driver[Any]) -> None:
        assert dict(await driver.read([])) == {}

    async def test_one_missing_point_does_not_hide_the_others(self, bench: Bench, driver: Driver[Any]) -> None:
        for _ in range(2):
            values = await driver.read(bench.pick([bench.missing, *bench.readable]))
            assert isinstance(values[bench.missing], PointError)
            assert str(values[bench.missing])
            assert all(like(values[name], expected) for name, expected in bench.readable.items())

    async def test_what_is_written_is_read_back(self, bench: Bench, driver: Driver[Any]) -> None:
        for name, value in bench.writable.items():
            await driver.write(bench.list_[name], value)
            (found,) = (await driver.read(bench.pick([name]))).values()
            assert like(found, value), (name, found)

    async def test_a_value_that_does_not_fit_is_an_error_of_the_point(self, bench: Bench, driver: Driver[Any]) -> None:
        before = await driver.read(bench.pick(list(bench.writable)))
        for name in bench.writable:
            with pytest.raises(PointError):
                await driver.write(bench.list_[name], float("nan"))
        assert dict(await driver.read(bench.pick(list(bench.writable)))) == dict(before)

    async def test_what_the_device_refuses_is_an_error_of_the_point(self, bench: Bench, driver: Driver[Any]) -> None:
        with pytest.raises(PointError, match=r"\w"):
            await driver.write(bench.list_[bench.missing], 1)
        if bench.refused is not None:
            with pytest.raises(PointError, match=r"\w"):
                await driver.write(bench.list_[bench.refused[0]], bench.refused[1])
        assert await driver.read(bench.pick(list(bench.readable)))

    async def test_a_device_that_is_away_is_unreachable_and_comes_back(self, bench: Bench, tmp_path: Path) -> None:
        driver = bench.open(tmp_path)
        await bench.stop()
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(DeviceUnreachable, match=r"\w"):
                await _first_read(driver, bench.pick(list(bench.readable)))
        await bench.start()
        await driver.connect()
        values = await driver.read(bench.pick(list(bench.readable)))
        assert all(like(values[name], expected) for name, expected in bench.readable.items())
        await driver.close()

    async def test_a_device_that_goes_is_unreachable_and_comes_back(self, bench: Bench, driver: Driver[Any]) -> None:
        names = list(bench.readable)
        assert await driver.read(bench.pick(names))
        await bench.stop()
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(DeviceUnreachable):
                await driver.read(bench.pick(names))
            with pytest.raises((DeviceUnreachable, PointError)):
                await driver.write(bench.list_[next(iter(bench.writable))], 1)
        await bench.start()
        await driver.connect()
        values = await driver.read(bench.pick(names))
        assert all(like(values[name], expected) for name, expected in bench.readable.items())

    async def test_closing_twice_is_closing(self, driver: Driver[Any]) -> None:
        await driver.close()
        await driver.close()
        await driver.connect()

    def test_the_manifest_tells_what_the_driver_can(self, bench: Bench, tmp_path: Path) -> None:
        driver = bench.open(tmp_path)
        claimed = find_protocol(bench.protocol).capabilities
        assert set(claimed) == {name for name, port in CAPABILITIES.items() if isinstance(driver, port)}
        played = {vars(base)["capability"] for base in type(self).__mro__ if "capability" in vars(base)}
        assert played == set(claimed)


class DiscoveringContract(Connected):
    """What a driver does that can ``discover``."""

    capability = "discover"

    async def test_what_is_discovered_is_a_point_list(self, bench: Bench, driver: Driver[Any], tmp_path: Path) -> None:
        assert isinstance(driver, Discovering)
        rows = await driver.discover()
        header = list(dict.fromkeys(key for row in rows for key in row))
        protocol = find_protocol(bench.protocol).load()
        path = tmp_path / "found.csv"
        quoted = ["\"" + "\",\"".join(row.get(key, "").replace('"', '""') for key in header) + "\"" for row in rows]
        path.write_text("\n".join([",".join(header), *quoted]), encoding="utf-8")
        found = read_points(path, protocol.columns, protocol.address)
        addresses = {str(point.address) for point in found}
        assert {name for name in bench.readable if str(bench.list_[name].address) not in addresses} == set()
        values = await driver.read(found)
        assert set(values) == {point.name for point in found}


class SubscribingContract(Connected):
    """What a driver does that can ``subscribe``; its bench has ``change``."""

    capability = "subscribe"

    async def test_what_is_subscribed_is_told(self, bench: Bench, driver: Driver[Any]) -> None:
        assert isinstance(driver, Subscribing)
        assert bench.change is not None
        told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        names = await driver.subscribe(bench.pick(list(bench.readable)), lambda *one: told.put_nowait(one))
        assert names, "nothing was subscribed"
        name = min(names)
        before = bench.readable[name]
        after: Value = (not before) if isinstance(before, bool) else before + 5
        await bench.change(name, after)
        async with asyncio.timeout(LIMIT_S):
            while not _tells(await told.get(), name, after):
                pass


class PrioritisingContract(Connected):
    """What a driver does that can ``priority``."""

    capability = "priority"

    async def test_the_strongest_priority_is_in_force(self, bench: Bench, driver: Driver[Any]) -> None:
        assert isinstance(driver, Prioritising)
        name, value = next((name, value) for name, value in bench.writable.items() if not isinstance(value, bool))
        point = bench.list_[name]

        async def present() -> Any:
            return (await driver.read([point]))[name]

        await driver.write_at(point, value + 2, 10)
        await driver.write_at(point, value + 1, 8)
        assert like(await present(), value + 1)
        await driver.write_at(point, value + 3, 16)
        assert like(await present(), value + 1)
        await driver.release(point, 8)
        assert like(await present(), value + 2)
        await driver.release(point, 10)
        assert like(await present(), value + 3)
        await driver.release(point, 16)
