"""The contract of drivers, with an outstation of opendnp3 in a process of its own, and what is DNP3's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipe.dnp3.driver import DNP3, Dnp3Driver
from ipe.driver import DeviceFault, PointError, Timed
from ipe.manifest import find_protocol
from ipe.points import Point, Value, read_points
from tests.ipe import dnp3
from tests.ipe.contract import LIMIT_S, Bench, DiscoveringContract, DriverContract, SubscribingContract, like


@pytest.fixture
def dnp3_device() -> Iterator[dnp3.Device]:
    with dnp3.running() as device:
        yield device


def opened(port: int, folder: Path, **settings: Any) -> tuple[Dnp3Driver, dict[str, Point[Any]]]:
    """A driver and its points by name."""
    path = folder / "points.csv"
    path.write_text(dnp3.POINTS, encoding="utf-8")
    driver = DNP3.open(find_protocol("dnp3").check({"host": "127.0.0.1", "port": port, "timeout_s": 2.0} | settings))
    assert isinstance(driver, Dnp3Driver)
    return driver, {point.name: point for point in read_points(path, DNP3.columns, DNP3.address)}


class TestDnp3(DriverContract, DiscoveringContract, SubscribingContract):
    @pytest.fixture
    async def bench(self, dnp3_device: dnp3.Device) -> Bench:
        async def stop() -> None:
            await asyncio.to_thread(dnp3_device.stop)

        async def start() -> None:
            await asyncio.to_thread(dnp3_device.start)

        async def change(name: str, value: Value) -> None:
            await asyncio.to_thread(dnp3_device.say, *dnp3.PLACES[name], value)

        return Bench(
            "dnp3", {"host": "127.0.0.1", "port": dnp3_device.port, "timeout_s": 1.0}, dnp3.POINTS,
            readable=dnp3.READABLE, writable={"lamp": True, "feeder": True, "setpoint": 21.5, "level": 55.5},
            missing="gone", refused=("setpoint", 2000), stop=stop, start=start, change=change)


async def test_an_event_has_the_time_of_the_outstation(dnp3_device: dnp3.Device, tmp_path: Path) -> None:
    driver, points = opened(dnp3_device.port, tmp_path)
    await driver.connect()
    await asyncio.to_thread(dnp3_device.say, "binary_input", 0, False)
    before = time.time()
    told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    assert await driver.subscribe(list(points.values()), lambda *one: told.put_nowait(one)) == {"breaker", "power"}
    await asyncio.sleep(0.3)
    await driver.read([points["current"]])
    found: dict[str, list[Any]] = {"breaker": [], "power": []}
    async with asyncio.timeout(LIMIT_S):
        while not any(isinstance(each, Timed) and each.value is False for each in found["breaker"]):
            name, what = await told.get()
            found[name].append(what)
    last = found["breaker"][-1]
    assert before - 2 < last.time_s < before
    await driver.close()


async def test_an_outstation_that_does_not_report_is_asked_for_events(tmp_path: Path) -> None:
    with dnp3.running(reports=False) as device:
        driver, points = opened(device.port, tmp_path, events_s=0.1)
        await driver.connect()
        told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        await driver.subscribe(list(points.values()), lambda *one: told.put_nowait(one))
        await asyncio.to_thread(device.say, "analog_input", 0, 77.5)
        async with asyncio.timeout(LIMIT_S):
            while True:
                name, what = await told.get()
                if name == "power" and isinstance(what, Timed) and like(what.value, 77.5):
                    break
        await driver.close()


async def test_a_connection_that_ends_is_told_of_every_point(dnp3_device: dnp3.Device, tmp_path: Path) -> None:
    driver, points = opened(dnp3_device.port, tmp_path)
    await driver.connect()
    told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    await driver.subscribe(list(points.values()), lambda *one: told.put_nowait(one))
    await asyncio.to_thread(dnp3_device.stop)
    failed: set[str] = set()
    async with asyncio.timeout(LIMIT_S):
        while failed != {"breaker", "power"}:
            name, what = await told.get()
            if isinstance(what, PointError):
                failed.add(name)
    await driver.close()


@pytest.mark.parametrize(("flags", "said"), [
    (0x00, "offline"), (0x05, "lost its source"), (0x03, "restart"), (0x21, "over its range"),
])  # fmt: skip
async def test_a_value_with_a_doubtful_flag_is_a_fault(
    dnp3_device: dnp3.Device, tmp_path: Path, flags: int, said: str
) -> None:
    driver, points = opened(dnp3_device.port, tmp_path)
    await driver.connect()
    await asyncio.to_thread(dnp3_device.say, "analog_input", 0, 12.34, flags)
    (value,) = (await driver.read([points["power"]])).values()
    assert isinstance(value, DeviceFault)
    assert said in str(value)
    await driver.close()


async def test_what_the_outstation_refuses_is_said_in_words(dnp3_device: dnp3.Device, tmp_path: Path) -> None:
    driver, points = opened(dnp3_device.port, tmp_path)
    await driver.connect()
    with pytest.raises(PointError, match="SELECT with status 12: out of range"):
        await driver.write(points["setpoint"], 2000)
    with pytest.raises(PointError, match="DIRECT_OPERATE with status 12"):
        await driver.write(points["level"], 2000)
    await driver.close()
