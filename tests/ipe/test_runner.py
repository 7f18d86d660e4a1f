"""The life of an IPE with a device and a CSE that do what the test says."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from cse.client import Client, Notification, RequestFailed, Status, Unreachable, timestamp
from ipe.driver import PointError
from ipe.points import Point, Value
from ipe.runner import Runner
from ipe.settings import IpeSettings, SettingsError, settings_from
from tests.ipe.fakes import FakeClient, FakeClock, FakeDriver

POWER = Point("power", "0", "kW", period_s=10)
LIMIT = Point("limit", "1", "kW", period_s=30, writable=True)
START = timestamp(1_700_000_000.0)


class Site:
    """A runner between fakes; ``poll`` polls and then lets the time pass that the runner wants to wait."""

    def __init__(self, *points: Point[str], **settings: Any) -> None:
        self.clock = FakeClock()
        self.client = FakeClient()
        values: dict[str, Value | PointError] = {"power": 1.5, "limit": 100, "clock": 1_600_000_000}
        self.driver = FakeDriver(values)
        table = {"protocol": "fake", "points": "p.csv", "name": "meter", "ae_id": "Cmeter", **settings}
        self.settings: IpeSettings = settings_from(table, "test")
        self.runner = Runner(
            cast(Client, self.client), self.driver, points or (POWER, LIMIT), self.settings,
            clock=self.clock, jitter=lambda: 1.0,
        )  # fmt: skip

    async def ensure(self) -> None:
        await self.runner.prepare()

    async def poll(self, times: int = 1) -> float:
        wait_s = 0.0
        for _ in range(times):
            wait_s = await self.runner.poll()
            await self.clock.sleep(wait_s)
        return wait_s

    async def command(self, content: object, **instance: Any) -> None:
        body = {"ri": "cin1", "rn": "first", "ct": timestamp(self.clock.time()), "con": content, **instance}
        await self.client.callbacks["-/meter/limit/cmd"](Notification("s", 3, "m2m:cin", body))

    def pushed(self, name: str) -> list[Any]:
        return self.client.instances.get(f"-/meter/{name}", [])


async def test_resources_are_made_with_policies_and_labels() -> None:
    site = Site(readers=["Cmonitor"], commanders=["CAdmin"], max_instances=500)
    await site.ensure()
    assert sorted(site.client.resources) == [
        "-/meter", "-/meter/access", "-/meter/audit", "-/meter/command_access", "-/meter/limit", "-/meter/limit/cmd",
        "-/meter/limit/cmd/priorities", "-/meter/limit/cmd/result", "-/meter/power", "-/meter/settings_access",
            "-/meter/state_access", "-/meter/status",
    ]  # fmt: skip
    power = site.client.resources["-/meter/power"]
    assert power["lbl"] == ["address:0", "unit:kW"]
    assert (power["acpi"], power["mni"]) == (["acp-settings_access"], 500)
    assert site.client.resources["-/meter/limit/cmd"]["acpi"] == ["acp-command_access"]
    rules = site.client.resources["-/meter/access"]["pv"]["acr"]
    assert rules == [
        {"acor": ["Cmeter"], "acop": 63},
        {"acor": ["Cmonitor", "CAdmin"], "acop": 34},
        {"acor": ["Cmonitor", "CAdmin"], "acop": 1, "acod": [{"chty": [23]}]},
    ]
    assert site.client.resources["-/meter/command_access"]["pv"]["acr"][3:] == [
        {"acor": ["CAdmin"], "acop": 34},
        {"acor": ["CAdmin"], "acop": 1, "acod": [{"chty": [4]}]},
    ]


async def test_nobody_else_gets_access_unless_named() -> None:
    site = Site()
    await site.ensure()
    assert site.client.resources["-/meter/command_access"]["pv"]["acr"] == [{"acor": ["Cmeter"], "acop": 63}]


async def test_each_point_is_polled_by_its_period() -> None:
    site = Site()
    waits = [await site.poll() for _ in range(4)]
    assert site.driver.reads == [["power", "limit"], ["power"], ["power"], ["power", "limit"]]
    assert waits == [10, 10, 10, 10]
    assert site.driver.connects == 1
    assert site.pushed("power")[0] == {"value": 1.5, "unit": "kW", "time": START, "quality": "good"}
    assert len(site.pushed("limit")) == 2


async def test_missed_polls_are_not_made_up_for() -> None:
    site = Site(POWER)
    await site.poll()
    site.clock.now_s += 95
    await site.poll(2)
    assert len(site.driver.reads) == 3


async def test_a_clock_set_back_does_not_stop_the_polls() -> None:
    site = Site(POWER)
    await site.poll()
    site.clock.now_s -= 86_400
    assert await site.poll() == 10
    await site.poll()
    assert len(site.driver.reads) == 2


async def test_values_carry_the_time_of_the_device_clock() -> None:
    site = Site(POWER, Point("clock", "9", "s"), clock="clock")
    await site.ensure()
    await site.poll()
    assert site.pushed("power")[0]["time"] == timestamp(1_600_000_000)
    assert "-/meter/clock" not in site.client.resources
    assert site.pushed("clock") == []


async def test_a_broken_device_clock_falls_back_to_this_machine() -> None:
    site = Site(POWER, Point("clock", "9", "s"), clock="clock")
    site.driver.values["clock"] = PointError("no such register")
    await site.poll()
    assert site.pushed("power")[0]["time"] == START


def test_an_unknown_clock_point_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"no point is named 'powr' \(did you mean 'power'\?\)"):
        Site(POWER, clock="powr")


async def test_a_deadband_pushes_changes_and_sometimes_a_sign_of_life() -> None:
    site = Site(Point("power", "0", "kW", period_s=10, deadband=0.5, max_age_s=60))
    for value in (1.5, 1.9, 2.1, 2.2):
        site.driver.values["power"] = value
        await site.poll()
    assert [each["value"] for each in site.pushed("power")] == [1.5, 2.1]
    await site.poll(6)
    assert [each["value"] for each in site.pushed("power")] == [1.5, 2.1, 2.2]


async def test_an_unreachable_device_is_marked_stale_once_and_recovers() -> None:
    site = Site(POWER)
    await site.poll()
    site.driver.reachable = False
    waits = [await site.poll() for _ in range(3)]
    assert waits == [1, 2, 4]
    stale = site.pushed("power")[1:]
    assert stale == [{"value": 1.5, "unit": "kW", "time": START, "quality": "stale", "reason": "no answer"}]
    site.driver.reachable = True
    await site.poll()
    assert site.pushed("power")[-1]["quality"] == "good"
    states = site.pushed("status")
    assert [(each["state"], each["reason"]) for each in states] == [
        ("online", ""),
        ("stale", "no answer"),
        ("online", ""),
    ]
    assert [each["since"] for each in states] == sorted({each["since"] for each in states})
    site.driver.reachable = False
    assert await site.poll() == 1


async def test_a_device_never_seen_is_reported_without_values() -> None:
    site = Site(POWER)
    site.driver.reachable = False
    await site.poll(2)
    assert site.pushed("power") == []
    assert [each["state"] for each in site.pushed("status")] == ["stale"]


async def test_the_back_off_ends_at_its_limit() -> None:
    site = Site(POWER, reconnect_first_s=2, reconnect_limit_s=5)
    site.driver.reachable = False
    assert [await site.poll() for _ in range(4)] == [2, 4, 5, 5]


async def test_a_bad_point_does_not_lose_the_others() -> None:
    site = Site()
    await site.poll()
    site.driver.values["limit"] = PointError("illegal data address")
    await site.poll(4)
    assert [each["quality"] for each in site.pushed("power")] == ["good"] * 5
    assert [each["quality"] for each in site.pushed("limit")] == ["good", "stale"]
    assert site.pushed("status")[-1]["points"] == {"limit": "illegal data address"}
    assert site.pushed("status")[-1]["since"] == START
    site.driver.values["limit"] = 7
    await site.poll(3)
    assert site.pushed("limit")[-1] == {**site.pushed("limit")[-1], "value": 7, "quality": "good"}
    assert "points" not in site.pushed("status")[-1]


async def test_a_command_is_written_read_back_and_reported() -> None:
    site = Site()
    await site.ensure()
    await site.poll()
    await site.command('{"value": 80}')
    assert site.driver.values["limit"] == 80
    assert site.pushed("limit")[-1]["value"] == 80
    (result,) = site.pushed("limit/cmd/result")
    assert result == {"command": "first", "status": "done", "value": 80, "time": result["time"]}
    (audit,) = site.pushed("audit")
    assert (audit["from"], audit["to"], audit["value"], audit["priority"]) == (100, 80, 80, 16)


async def test_a_command_that_is_notified_twice_is_carried_out_once() -> None:
    site = Site()
    await site.ensure()
    await site.poll()
    await site.command(80)
    site.driver.values["limit"] = 5
    await site.command(80)
    assert site.driver.values["limit"] == 5
    assert len(site.pushed("limit/cmd/result")) == 1


async def test_other_children_are_no_commands() -> None:
    site = Site()
    await site.ensure()
    await site.client.callbacks["-/meter/limit/cmd"](Notification("s", 3, "m2m:cnt", {"ri": "x", "rn": "result"}))
    assert site.pushed("limit/cmd/result") == []


@pytest.mark.parametrize(
    ("content", "instance", "reason"),
    [
        (13, {}, "13 is refused"),
        ("on please", {}, "the command has no value"),
        ({"valeu": 5}, {}, "the command has no value"),
        (5, {"ct": "20200101T000000"}, "older than 60 s"),
    ],
)
async def test_a_command_that_fails_is_reported(content: object, instance: dict[str, Any], reason: str) -> None:
    site = Site()
    await site.ensure()
    await site.poll()
    await site.command(content, **instance)
    (result,) = site.pushed("limit/cmd/result")
    assert (result["status"], site.driver.values["limit"]) == ("failed", 100)
    assert reason in result["reason"]


async def test_a_command_for_an_unreachable_device_fails_at_once() -> None:
    site = Site()
    await site.ensure()
    await site.poll()
    site.driver.reachable = False
    await site.command(5, ri="a")
    await site.command(5, ri="b")
    assert [each["reason"] for each in site.pushed("limit/cmd/result")] == [
        "no answer", "the device is not connected: no answer",
    ]  # fmt: skip
    assert site.pushed("status")[-1]["state"] == "stale"


async def run_until(site: Site, condition: Any) -> None:
    """Run the runner until the condition holds, then cancel it."""
    task = asyncio.create_task(site.runner.run())
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - fake time has no event
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_run_waits_for_the_cse_and_says_goodbye() -> None:
    site = Site(POWER)
    site.client.failure = Unreachable("nobody there")
    begun_s = site.clock.now_s

    def online() -> bool:
        if site.clock.now_s - begun_s > 6:
            site.client.failure = None
        return len(site.pushed("power")) >= 2

    await run_until(site, online)
    assert site.pushed("power")[-1]["quality"] == "stale"
    assert site.pushed("status")[-1]["reason"] == "the IPE was stopped"


async def test_a_cse_that_lost_its_tree_gets_it_again() -> None:
    site = Site(POWER)
    steps = iter([None])

    def restored() -> bool:
        if len(site.pushed("power")) == 2 and next(steps, "done") is None:
            site.client.resources.clear()
            site.client.failure = RequestFailed(Status.NOT_FOUND, "no such resource", "CREATE")
        elif not site.client.resources:
            site.client.failure = None
        return "-/meter/power" in site.client.resources and len(site.pushed("power")) >= 4

    await run_until(site, restored)
    assert [each["state"] for each in site.pushed("status")] == ["online", "online", "stale"]


async def test_stopping_without_a_cse_is_quiet() -> None:
    site = Site(POWER)
    task = asyncio.create_task(site.runner.run())
    while not site.pushed("power"):  # noqa: ASYNC110 - fake time has no event
        await asyncio.sleep(0)
    site.client.failure = Unreachable("gone")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
