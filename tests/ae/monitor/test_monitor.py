import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ae_samples.monitor.hub import Hub
from ae_samples.monitor.monitor import Monitor
from ae_samples.monitor.service import MonitorService
from ae_samples.monitor.settings import MonitorSettings
from ae_samples.monitor.view import View
from cse.client import Client
from cse.clock import timestamp
from tests.ae.monitor.fake_cse import FakeCse
from tests.ae.monitor.feed import THURSDAY, Meter, load_kw


class Clock:
    """Waiting takes no time, but lets the others work."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def settings(**changes: Any) -> MonitorSettings:
    return MonitorSettings(**{"register_size_kwh": 2.0**32 / 1000, "alarm_threshold_kw": 200.0} | changes)


@pytest.fixture
def cse() -> FakeCse:
    return FakeCse()


@pytest.fixture
async def meter(cse: FakeCse) -> Meter:
    meter = Meter(Client(cse.transport(), "Cmeter"))
    await meter.install()
    return meter


@asynccontextmanager
async def running(cse: FakeCse, clock: Clock | None = None, **changes: Any) -> AsyncIterator[View]:
    chosen = settings(**changes)
    view = View(chosen.zone, Hub(), "House")
    client = Client(cse.transport(), "Cmonitor", receiver=cse.receiver)
    task = asyncio.create_task(Monitor(client, chosen, view, clock or Clock()).run())
    try:
        await until(lambda: any(p.endswith("status/sub-monitor") for p in cse.resources))
        await settled(cse)
        yield view
        await settled(cse)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the monitor offers no event for everything that is tested
            await asyncio.sleep(0)


async def settled(cse: FakeCse) -> None:
    """Wait until the monitor has nothing more to ask."""
    quiet, seen = 0, -1
    while quiet < 50:
        await asyncio.sleep(0)
        quiet = quiet + 1 if len(cse.requests) == seen else 0
        seen = len(cse.requests)


def contents(cse: FakeCse, container: str) -> list[dict[str, Any]]:
    return [json.loads(i["con"]) for i in cse.instances(f"monitor/{container}")]


def names(cse: FakeCse, container: str) -> list[str]:
    return [i["rn"] for i in cse.instances(f"monitor/{container}")]


async def test_it_registers_with_its_containers_and_subscribes(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        pass
    assert cse.resources["monitor"]["api"] == "N.banyan.monitor"
    assert {"monitor/energy-15min", "monitor/energy-hour", "monitor/energy-day", "monitor/alarms"} <= set(cse.resources)
    for name in ("power", "energy", "status"):
        assert cse.resources[f"meter/{name}/sub-monitor"]["enc"] == {"net": [3]}


async def test_energy_of_a_day_across_a_rollover(cse: FakeCse, meter: Meter) -> None:
    await meter.write("energy", {"value": meter.register, "unit": "kWh", "time": timestamp(THURSDAY)})
    async with running(cse) as view:
        await meter.steps([None] * 97)
        await settled(cse)
        assert view.snapshot()["energy"]["hours"][0]["today"] is not None
    assert meter.register < 10_000  # it did roll over
    expected = [load_kw(THURSDAY + 900 * n) / 4 for n in range(97)]
    quarters, hours, days = (contents(cse, f"energy-{kind}") for kind in ("15min", "hour", "day"))
    assert [q["value"] for q in quarters] == pytest.approx(expected)
    assert [h["value"] for h in hours] == pytest.approx([sum(expected[n : n + 4]) for n in range(0, 96, 4)])
    assert [d["value"] for d in days] == pytest.approx([sum(expected[:96])])
    assert days[0]["start"] == "20150311T230000,000000"
    assert days[0]["complete"]
    assert names(cse, "energy-day") == ["20150311T230000"]
    assert cse.instances("monitor/energy-hour")[0]["lbl"] == ["energy/hour"]


async def test_a_restart_gives_no_interval_twice_and_loses_none(cse: FakeCse, meter: Meter) -> None:
    for _ in range(4):
        async with running(cse):
            await meter.steps([None] * 10)
        await meter.steps([None] * 7)  # while the monitor is away
    async with running(cse):
        pass
    starts = names(cse, "energy-15min")
    assert len(starts) == 67
    assert starts == sorted(set(starts))
    assert sum(q["value"] for q in contents(cse, "energy-15min")) == pytest.approx(
        sum(load_kw(THURSDAY + 900 * n) / 4 for n in range(1, 68))
    )
    assert all(q["complete"] for q in contents(cse, "energy-15min"))


async def test_counting_goes_on_at_the_stored_border_when_the_history_is_gone(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        await meter.steps([100.0] * 4)
    await meter.steps([100.0] * 4)
    for path in [p for p, r in cse.resources.items() if r["ty"] == 4 and p.startswith("meter/energy/")][:-1]:
        del cse.resources[path]
    async with running(cse):
        pass
    quarters = contents(cse, "energy-15min")
    assert [q["value"] for q in quarters] == pytest.approx([25.0] * 7)
    assert [q["estimated"] for q in quarters] == [False] * 3 + [True] * 4


async def test_an_hour_that_a_crash_left_unwritten_is_written_at_the_start(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        await meter.steps([None] * 9)
    lost = [p for p in cse.resources if p.startswith("monitor/energy-hour/")]
    for path in lost:
        del cse.resources[path]
    async with running(cse):
        pass
    assert [f"monitor/energy-hour/{name}" for name in names(cse, "energy-hour")] == lost


async def test_the_peak_alarm_is_stored_once_and_survives_a_restart(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        await meter.steps([150.0, 150.0, 210.0, 230.0])
    async with running(cse) as view:
        assert [e.state for e in view.alarms] == ["raised"]
        await meter.steps([205.0, 195.0, 180.0, 150.0])
        await settled(cse)
        assert view.snapshot()["alarms"]["list"][0]["state"] == "cleared"
    raised, cleared = contents(cse, "alarms")
    assert (raised["state"], raised["value"], cleared["state"], cleared["value"]) == ("raised", 210.0, "cleared", 180.0)
    assert cleared["since"] == raised["time"]
    assert cse.instances("monitor/alarms")[0]["lbl"] == ["alarm/peak", "state/raised"]


async def test_without_a_given_threshold_it_is_learnt_from_the_first_day(cse: FakeCse, meter: Meter) -> None:
    async with running(cse, alarm_threshold_kw=0.0) as view:
        await meter.steps([100.0] * 85 + [180.0, 190.0])
        await settled(cse)
        assert view.threshold_kw is None
        await meter.steps([100.0] * 10)
        await settled(cse)
        assert view.threshold_kw == pytest.approx(190.0)


async def test_missed_notifications_are_caught_up(cse: FakeCse, meter: Meter) -> None:
    async with running(cse, check_s=0.01):
        await meter.steps([100.0] * 3)
        await settled(cse)
        cse.deaf = True
        await meter.steps([100.0] * 4)
        await until(lambda: len(names(cse, "energy-15min")) >= 6)
    assert len(names(cse, "energy-15min")) == 6


async def test_it_waits_for_the_cse_and_for_the_meter(cse: FakeCse) -> None:
    cse.down = True
    chosen = settings()
    view = View(chosen.zone, Hub())
    client = Client(cse.transport(), "Cmonitor", receiver=cse.receiver)
    task = asyncio.create_task(Monitor(client, chosen, view, Clock()).run())
    await until(lambda: view.device["state"] == "disconnected")
    cse.down = False
    await until(lambda: view.device["text"].startswith("Waiting for the meter"))
    await Meter(Client(cse.transport(), "Cmeter")).install()
    await until(lambda: view.device["state"] == "online")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_outage_of_the_cse_loses_nothing(cse: FakeCse, meter: Meter) -> None:
    async with running(cse, check_s=0.01) as view:
        await meter.steps([100.0] * 3)
        await settled(cse)
        cse.down = True
        await until(lambda: view.device["state"] == "disconnected")
        cse.down = False
        await meter.steps([100.0] * 4)
        await until(lambda: len(names(cse, "energy-15min")) >= 6)
        assert view.device["state"] == "online"


async def test_a_silent_meter_is_stale(cse: FakeCse, meter: Meter) -> None:
    clock = Clock()
    async with running(cse, clock, check_s=0.01) as view:
        await meter.step()
        await until(lambda: view.newest is not None)
        assert view.device["state"] == "online"
        clock.now += 1000
        await until(lambda: view.device["state"] == "stale")
        await meter.step()
        await until(lambda: view.device["state"] == "online")


async def test_a_fault_ends_the_monitor_but_not_the_page(
    cse: FakeCse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = MonitorService(Client(cse.transport(), "Cmonitor", receiver=cse.receiver), settings(port=0))

    async def broken() -> None:
        raise KeyError("oops")

    monkeypatch.setattr(service.monitor, "run", broken)
    await service.start()
    await until(lambda: service.view.device["state"] == "disconnected")
    await service.stop()
    assert "the monitor stopped" in caplog.text


async def test_stale_and_malformed_samples_give_no_energy(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        await meter.steps([100.0] * 2)
        good = {"value": meter.register + 1e6, "unit": "kWh", "time": timestamp(meter.at + 60)}
        changes: list[dict[str, object]] = [
            {"quality": "stale"}, {"unit": "m3"}, {"value": "5"}, {"value": True}, {"time": "yesterday"},
        ]  # fmt: skip
        for bad in [*({**good, **change} for change in changes), {}]:
            await meter.write("energy", bad)
        await meter.client.create("-/meter/energy", "cin", {"con": "{broken"})
        await meter.steps([100.0] * 2)
    assert [q["value"] for q in contents(cse, "energy-15min")] == pytest.approx([25.0] * 3)


async def test_a_replay_that_begins_anew_is_followed(cse: FakeCse, meter: Meter) -> None:
    async with running(cse) as view:
        await meter.steps([100.0] * 20)
        await settled(cse)
        meter.at = THURSDAY
        meter.register = 4_294_000.0
        await meter.steps([100.0] * 12)
        await settled(cse)
        newest = view.newest
        assert newest is not None
        assert newest.time == THURSDAY + 12 * 900
        assert view.snapshot()["energy"]["hours"][4]["today"] is None
    assert len(set(names(cse, "energy-15min"))) == len(names(cse, "energy-15min")) == 19


async def test_a_replay_that_began_anew_while_the_monitor_was_away(cse: FakeCse, meter: Meter) -> None:
    async with running(cse):
        await meter.steps([100.0] * 40)
    meter.at, meter.register = THURSDAY, 4_294_000.0
    await meter.steps([100.0] * 4)
    async with running(cse) as view:
        await meter.steps([100.0] * 6)
        await settled(cse)
        state = view.snapshot()
    assert state["power"]["time"] == THURSDAY + 10 * 900
    assert state["energy"]["today"] == pytest.approx(9 * 25.0)
    assert state["energy"]["hours"][5]["today"] is None
    assert len(names(cse, "energy-15min")) == 39


@pytest.mark.parametrize(("day", "quarters"), [("2015-03-29", 92), ("2015-10-25", 100)])
async def test_a_day_when_the_clock_changes(cse: FakeCse, day: str, quarters: int) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Zurich")).timestamp()
    meter = Meter(Client(cse.transport(), "Cmeter"), start - 900)
    await meter.install()
    async with running(cse) as view:
        await meter.steps([100.0] * (quarters + 1))
        await settled(cse)
        rows = view.snapshot()["energy"]["hours"]
    (whole,) = [d for d in contents(cse, "energy-day") if d["complete"]]
    assert whole["value"] == pytest.approx(25.0 * quarters)
    assert len(rows) == (25 if quarters == 100 else 24)
