"""What a device tells by itself, how far values are to be trusted, and counters over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cse.client import Client, seconds_of
from ipe.counters import Rules
from ipe.driver import DeviceFault, PointError, Timed, Told
from ipe.forward import Waiting
from ipe.points import Point, Value
from ipe.runner import Runner
from ipe.settings import settings_from
from tests.ipe.fakes import FakeClient, FakeClock, FakeDriver

TABLE = {"protocol": "fake", "points": "p.csv", "name": "meter", "ae_id": "Cmeter"}


class TellingDriver(FakeDriver):
    """A device that tells of the points in ``tells``; ``while_reading`` is called in the middle of a read."""

    def __init__(self, values: dict[str, Value | PointError], tells: set[str]) -> None:
        super().__init__(values)
        self.tells = tells
        self.told: Told | None = None
        self.while_reading: Callable[[], None] | None = None

    async def subscribe(self, points: Sequence[Point[str]], told: Told) -> frozenset[str]:
        self._check()
        self.told = told
        return frozenset(self.tells & {point.name for point in points})

    async def read(self, points: Sequence[Point[str]]) -> dict[str, Value | PointError]:
        values = dict(await super().read(points))
        if self.while_reading:
            self.while_reading()
        return values

    def tell(self, name: str, what: Value | Timed | PointError) -> None:
        assert self.told is not None
        self.told(name, what)


class Site:
    """A runner whose device tells of ``power``; the time stands still but for ``poll``."""

    def __init__(self, *points: Point[str], waiting: Waiting | None = None, client: FakeClient | None = None) -> None:
        self.clock, self.client = FakeClock(), client or FakeClient()
        self.driver = TellingDriver({"power": 1, "level": 5}, {"power"})
        self.runner: Runner[str] = Runner(
            cast(Client, self.client), self.driver, points or (Point("power", "0", period_s=1), Point("level", "1")),
            settings_from(TABLE, "test"), clock=self.clock, jitter=lambda: 1.0, waiting=waiting,
        )  # fmt: skip

    async def start(self) -> Site:
        await self.runner.prepare()
        await self.runner._publishing.restore(self.runner.device.points)
        await self.poll()
        return self

    async def poll(self) -> float:
        wait_s = await self.runner.poll()
        await self.clock.sleep(wait_s)
        return wait_s

    async def hear(self) -> None:
        """Let everything that was told be passed on."""
        hearing = asyncio.create_task(self.runner.device.hear_forever())
        for _ in range(20):
            await asyncio.sleep(0)
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)

    def pushed(self, name: str = "power") -> list[Any]:
        return self.client.instances.get(f"-/meter/{name}", [])

    def values(self, name: str = "power") -> list[Any]:
        return [content["value"] for content in self.pushed(name)]


async def test_what_the_device_tells_is_pushed_without_a_poll() -> None:
    site = await Site().start()
    site.driver.tell("power", 2)
    site.driver.tell("power", Timed(3, 1_699_999_999.5))
    site.driver.tell("unknown", 3)
    await site.hear()
    assert site.values() == [1, 2, 3]
    assert seconds_of(site.pushed()[-1]["time"]) == 1_699_999_999.5


async def test_a_point_that_is_told_of_is_read_with_the_heartbeat_only() -> None:
    site = await Site(Point("power", "0", period_s=1)).start()
    assert await site.poll() == 10
    assert len(site.driver.reads) == 2


async def test_a_point_that_is_told_of_no_more_is_polled_and_stale_until_then() -> None:
    site = await Site(Point("power", "0", period_s=1)).start()
    site.driver.tell("power", PointError("the subscription ended"))
    await site.hear()
    assert site.pushed()[-1]["quality"] == "stale"
    await site.poll()
    assert await site.poll() == 1
    assert site.pushed()[-1]["quality"] == "good"


async def test_what_was_told_during_a_read_counts_more_than_what_was_read() -> None:
    site = await Site().start()
    site.driver.while_reading = lambda: site.driver.tell("power", 7)
    site.runner.device.all_due()
    await site.poll()
    assert site.values() == [1, 7]
    assert site.values("level") == [5, 5]


async def test_what_was_told_over_a_lost_connection_is_forgotten() -> None:
    site = await Site().start()
    site.driver.reachable = False
    site.driver.tell("power", 9)
    site.runner.device.all_due()
    await site.poll()
    site.driver.reachable = True
    await site.poll()
    await site.hear()
    assert 9 not in site.values()
    assert site.values()[-1] == 1


async def test_a_changed_list_is_subscribed_anew() -> None:
    site = await Site().start()
    site.driver.values["new"] = 4
    site.driver.tells = {"new"}
    await site.runner.take([Point("power", "0", period_s=1), Point("new", "2", period_s=1)])
    await site.poll()
    site.driver.tell("new", 6)
    await site.hear()
    assert site.values("new") == [4, 6]
    assert site.driver.connects == 2


async def test_a_value_that_cannot_be_is_out_of_range() -> None:
    site = await Site(Point("level", "1", plausible=(0, 100))).start()
    for value in (-0.1, 100.5, 100):
        site.driver.values["level"] = value
        site.runner.device.all_due()
        await site.poll()
    assert [one["quality"] for one in site.pushed("level")] == ["good", "out of range", "out of range", "good"]
    assert site.pushed("level")[1]["reason"] == "-0.1 is outside of the plausible 0 to 100"


async def test_a_fault_that_the_device_tells_of_is_named() -> None:
    site = await Site().start()
    site.driver.values["level"] = DeviceFault("no sensor")
    site.runner.device.all_due()
    await site.poll()
    last = site.pushed("level")[-1]
    assert (last["value"], last["quality"], last["reason"]) == (5, "device fault", "no sensor")


ENERGY = Point("energy", "2", "kWh", period_s=1, counter=Rules(modulus=1000, max_per_s=50), resolution=0.1)


async def count(site: Site, *values: Value) -> list[Any]:
    for value in values:
        site.driver.values["energy"] = value
        site.runner.device.all_due()
        await site.poll()
    return site.pushed("energy")


def counting(rules: Rules | None = None, **options: Any) -> Site:
    site = Site(replace(ENERGY, counter=rules) if rules else ENERGY, **options)
    site.driver.values["energy"] = 98.0
    return site


async def test_a_counter_has_a_sum_and_says_what_happened() -> None:
    site = await counting().start()
    told = await count(site, 99.0, 0.5, 1.0)
    assert [one["sum"] for one in told] == [0, 1, 2.5, 3]
    assert [one.get("flags") for one in told] == [None, None, ["rollover"], None]
    assert {one["quality"] for one in told} == {"good"}


async def test_a_spike_of_a_counter_is_no_energy() -> None:
    site = await counting().start()
    told = await count(site, 50.0, 98.5, 99)
    assert [one["sum"] for one in told] == [0, 0, 0.5, 1]
    assert [one["quality"] for one in told] == ["good", "out of range", "good", "good"]


async def test_a_reset_is_estimated() -> None:
    site = await counting(Rules(max_per_s=50)).start()
    told = await count(site, 0.2, 0.4, 0.6)
    assert [one["sum"] for one in told] == [0, 0, 0.4, 0.6]
    assert told[2]["quality"] == "estimated"
    assert told[2]["flags"] == ["incomplete", "reset"]


async def test_a_sum_goes_on_after_a_restart() -> None:
    site = await counting().start()
    await count(site, 99.0)
    again = counting(client=site.client)
    again.clock.now_s = site.clock.now_s
    again.driver.values["energy"] = 0.4  # rolled over meanwhile
    await again.start()
    assert [one["sum"] for one in again.pushed("energy")] == [0, 1, 2.4]
    assert again.pushed("energy")[-1]["flags"] == ["rollover"]


async def test_a_sum_goes_on_after_a_restart_without_the_cse(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "meter.outbox")
    site = await counting(waiting=waiting).start()
    await count(site, 99.0)
    waiting.close()
    again = counting(waiting=Waiting(tmp_path / "meter.outbox"))
    again.clock.now_s = site.clock.now_s
    again.driver.values["energy"] = 99.5
    await again.start()
    assert again.runner._outbox is not None
    await again.runner._outbox.send_all()
    assert [one["sum"] for one in again.pushed("energy")] == [0, 1, 1.5]
