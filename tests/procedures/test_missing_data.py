"""Missing data of time series (TS-4 … TS-8): when a point is missing, and who is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError
from cse.storage.sqlite import open_sqlite
from resources.status import Status
from tests.procedures.series import SERIES, SINK, Beat, missing, monitored, point, reports, subscribe
from tests.rig import Rig, RigClock, only, settle
from tests.slow_store import SlowStore
from tests.storage.gated import GatedStore


@pytest.fixture(params=["memory", "slow"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A CSE on a store that reads at once, and on one that gives way."""
    rig = await Rig.open(store=SlowStore() if request.param == "slow" else MemoryStore())
    await rig.register()
    yield rig
    await rig.close()


async def turned(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """UPDATE the series."""
    return only(await rig.update(SERIES, {"m2m:ts": attributes}, "Cae1"))


async def test_ts_5_nothing_is_expected_before_the_first_point(rig: Rig) -> None:
    await monitored(rig)
    await rig.clock.advance(1000)
    assert await missing(rig) == []


async def test_ts_5_point_that_does_not_come_is_missing_when_its_time_is_over(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await beat.until(rig, 0)
    await point(rig, beat(0))
    await beat.until(rig, 1)
    await point(rig, beat(1))
    await beat.until(rig, 2, 3.9)
    assert await missing(rig) == []
    await beat.until(rig, 2, 4.1)
    assert await missing(rig) == [beat(2)]
    assert only(await rig.retrieve(SERIES))["lt"] > beat(2, 4.0)
    await beat.until(rig, 4, 4.1)
    assert await missing(rig) == [beat(2), beat(3), beat(4)]


@pytest.mark.parametrize(("offset_s", "counts"), [
    pytest.param(0.0, True, id="TS-5 on time"),
    pytest.param(1.0, True, id="TS-5 late by the delta"),
    pytest.param(-1.0, True, id="TS-5 early by the delta"),
    pytest.param(1.000001, False, id="TS-5 later"),
    pytest.param(-1.000001, False, id="TS-5 earlier"),
    pytest.param(5.0, False, id="TS-5 between two"),
])
async def test_ts_5_delta(rig: Rig, offset_s: float, counts: bool) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1)
    await point(rig, beat(1, offset_s))
    await beat.until(rig, 1, 4.1)
    assert await missing(rig) == ([] if counts else [beat(1)])


async def test_ts_5_late_arrival_counts_until_the_timer_ends(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 3.9)
    await point(rig, beat(1))
    await beat.until(rig, 2, 4.1)
    await point(rig, beat(2))
    assert await missing(rig) == [beat(2)]


async def test_ts_5_points_out_of_order_count(rig: Rig) -> None:
    await monitored(rig, mdt=25_000)
    beat = Beat(rig)
    await beat.until(rig, 0)
    for number in (0, 3, 2, -4, 1):
        await point(rig, beat(number))
    await beat.until(rig, 3, 25.1)
    assert await missing(rig) == []
    await point(rig, beat(5))
    await beat.until(rig, 5, 25.1)
    assert await missing(rig) == [beat(4)]


async def test_ts_5_points_of_the_past_are_missing_at_once(rig: Rig) -> None:
    await monitored(rig, mdn=3)
    beat = Beat(rig)
    await point(rig, beat(-10_000_000))
    assert await missing(rig) == [beat(-3), beat(-2), beat(-1)]


async def test_ts_5_list_keeps_the_newest(rig: Rig) -> None:
    await monitored(rig, mdn=2)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 5, 4.1)
    assert await missing(rig) == [beat(4), beat(5)]


async def test_ts_5_list_is_no_longer_than_the_host_allows(rig: Rig) -> None:
    made = await monitored(rig, mdn=10**30, pei=2, peid=0, mdt=1)
    assert made["mdn"] == 1000
    await point(rig, rig.at(-3600))
    assert len(await missing(rig)) == 1000


@pytest.mark.parametrize("huge", [{"pei": 2**64 - 1}, {"mdt": 2**64 - 1}, {"pei": 1, "peid": 0, "mdt": 10**18}])
async def test_ts_5_huge_parameters(rig: Rig, huge: dict[str, int]) -> None:
    await monitored(rig, **huge)
    beat = Beat(rig)
    for number in (0, -5, 10_000, 3):
        await point(rig, beat(number))
    await rig.clock.advance(3600)
    assert await missing(rig) == []


async def test_ts_4_pause_freezes_and_resuming_starts_anew(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    await turned(rig, mdd=False)
    await beat.until(rig, 3)
    assert await missing(rig) == [beat(1)]
    resumed = await turned(rig, mdd=True)
    assert resumed["mdc"] == 0
    assert "mdlt" not in resumed
    await beat.until(rig, 5)
    assert await missing(rig) == []
    await point(rig, beat(5, 2.0))
    await beat.until(rig, 6, 6.1)
    assert await missing(rig) == [beat(6, 2.0)]


async def test_ts_4_other_parameters_while_paused_clear_the_list(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    await turned(rig, mdd=False)
    await turned(rig, lbl=["x"])
    assert await missing(rig) == [beat(1)]
    await turned(rig, mdt=3000)
    assert await missing(rig) == []


async def test_ts_4_true_again_is_no_change(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    assert (await turned(rig, mdd=True))["mdlt"] == [beat(1)]
    await beat.until(rig, 2, 4.1)
    assert await missing(rig) == [beat(1), beat(2)]
    assert "mdd" not in await turned(rig, mdd=None)
    await beat.until(rig, 4)
    assert await missing(rig) == [beat(1), beat(2)]


async def test_ts_5_what_the_host_notes_is_no_update(rig: Rig) -> None:
    await monitored(rig)
    await rig.made(SERIES, 23, {"nu": [SINK]}, "Cae1")
    await point(rig, rig.now)
    await rig.clock.advance(15)
    assert len(await missing(rig)) == 1
    assert rig.sink.contents(SINK) == []


async def test_ts_8_deleted_series_expects_nothing(rig: Rig) -> None:
    await monitored(rig)
    await subscribe(rig, num=1)
    await point(rig, rig.now)
    assert (await rig.delete(SERIES, "Cae1")).status == Status.DELETED
    await rig.clock.advance(60)
    assert rig.sink.contents(SINK) == []
    await monitored(rig)
    await rig.clock.advance(60)
    assert await missing(rig) == []


async def test_ts_7_number_within_the_window_and_each_further_one(rig: Rig) -> None:
    await monitored(rig)
    made = await subscribe(rig, num=2, dur="PT1M")
    assert made["nct"] == 5
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    assert reports(rig) == []
    await beat.until(rig, 2, 4.1)
    assert reports(rig) == [{"mdlt": [beat(1), beat(2)], "mdc": 2}]
    await beat.until(rig, 3, 4.1)
    assert reports(rig)[1:] == [{"mdlt": [beat(1), beat(2), beat(3)], "mdc": 3}]
    notification = rig.sink.contents(SINK)[0]["m2m:sgn"]
    assert notification["nev"]["net"] == 8
    assert notification["sur"] == f"/banyan/{SERIES}/s"


async def test_ts_7_window_ends_and_the_next_begins_with_the_next_missing_point(rig: Rig) -> None:
    await monitored(rig)
    await subscribe(rig, num=2, dur="PT15S")
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)  # opens a window
    for number in (2, 3):
        await beat.until(rig, number)
        await point(rig, beat(number))
    await beat.until(rig, 4, 4.1)  # opens another one
    assert reports(rig) == []
    await beat.until(rig, 5, 4.1)
    assert reports(rig) == [{"mdlt": [beat(4), beat(5)], "mdc": 2}]
    await beat.until(rig, 6, 4.1)  # opens a third
    assert len(reports(rig)) == 1
    await beat.until(rig, 7, 4.1)
    assert reports(rig)[1:] == [{"mdlt": [beat(6), beat(7)], "mdc": 2}]


async def test_ts_7_only_points_missed_after_the_subscription(rig: Rig) -> None:
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 2, 4.1)
    await subscribe(rig, num=1)
    assert reports(rig) == []
    await beat.until(rig, 3, 4.1)
    assert reports(rig) == [{"mdlt": [beat(3)], "mdc": 1}]


async def test_ts_7_each_subscription_has_its_windows(rig: Rig) -> None:
    await monitored(rig)
    for number in (1, 3):
        criteria = {"net": [8], "md": {"num": number, "dur": "PT1H"}}
        await rig.made(SERIES, 23, {"nu": [f"http://sink/{number}"], "enc": criteria}, "Cae1")
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 4, 4.1)
    assert len(rig.sink.contents("http://sink/1")) == 4
    assert len(rig.sink.contents("http://sink/3")) == 2


class Stores:
    """A store that outlives its CSE: in memory, or a file."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.path = folder / "series.db"
        self.memory = MemoryStore() if kind == "memory" else None
        self.clock = RigClock()

    async def open(self) -> Rig:
        store = self.memory or await open_sqlite(self.path)
        return await Rig.open(store=store, clock=self.clock, verify_subscriptions=False)


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return Stores(request.param, tmp_path)


async def durable(rig: Rig) -> None:
    """Wait until what was found is written and delivered; a file takes its time."""
    await settle()
    await rig.cse.core.committer.settled()
    await settle()


async def test_ts_5_points_missed_while_the_cse_was_down(stores: Stores) -> None:
    rig = await stores.open()
    await rig.register()
    await monitored(rig, mdt=12_000)
    beat = Beat(rig)
    for number in (0, 2):
        await beat.until(rig, number)
        await point(rig, beat(number))
    await beat.until(rig, 2, 1.0)
    assert await missing(rig) == []
    await rig.close()
    stores.clock.now += 20
    rig = await stores.open()
    await rig.clock.advance(0.1)
    await durable(rig)
    assert await missing(rig) == [beat(1)]
    await point(rig, beat(4))
    await beat.until(rig, 5, 12.1)
    assert await missing(rig) == [beat(1), beat(3), beat(5)]
    await rig.close()


async def test_ts_7_window_goes_on_after_a_restart(stores: Stores) -> None:
    rig = await stores.open()
    await rig.register()
    await monitored(rig)
    await subscribe(rig, num=3, dur="PT45S")
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    await rig.close()
    stores.clock.now += 100  # missing meanwhile: 2 … 11; the window has ended after 5, others after 10 and 15
    rig = await stores.open()
    await rig.clock.advance(0.1)
    await durable(rig)
    assert reports(rig) == [
        {"mdlt": [beat(number) for number in (1, 2, 3, 4, 5)], "mdc": 5},
        {"mdlt": [beat(number) for number in (6, 7, 8, 9, 10)], "mdc": 5},
    ]
    await beat.until(rig, 13, 4.1)
    await durable(rig)
    assert reports(rig)[2:] == [{"mdlt": [beat(number) for number in (11, 12, 13)], "mdc": 3}]
    await rig.close()


async def test_ts_5_what_could_not_be_written_has_not_come(caplog: pytest.LogCaptureFixture) -> None:
    store = GatedStore()
    rig = await Rig.open(store=store, expiry_check_s=1e6)
    await rig.register()
    await monitored(rig)
    await subscribe(rig, num=1)
    beat = Beat(rig)
    await point(rig, beat(0))
    series = rig.cse.core.tree.find(SERIES)
    assert series is not None
    before = series.state, series.attributes
    store.failure = StoreError("disk full")
    await beat.until(rig, 1, 4.1)
    assert (series.state, series.attributes) == before
    assert (await rig.create(SERIES, 30, {"dgt": beat(2), "con": "1"}, "Cae1")).status == Status.INTERNAL_SERVER_ERROR
    assert (series.state, series.attributes) == before
    await rig.clock.advance(60)
    assert reports(rig) == []
    assert "disk full" in caplog.text
    await rig.close()


async def test_ts_4_pause_outlives_a_restart(stores: Stores) -> None:
    rig = await stores.open()
    await rig.register()
    await monitored(rig)
    beat = Beat(rig)
    await point(rig, beat(0))
    await beat.until(rig, 1, 4.1)
    await turned(rig, mdd=False)
    await rig.close()
    rig = await stores.open()
    await beat.until(rig, 4)
    assert await missing(rig) == [beat(1)]
    assert rig.cse.core.timers.pending(("timeSeries", only(await rig.retrieve(SERIES))["ri"])) is None
    await rig.close()
