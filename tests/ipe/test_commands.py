"""What becomes of commands: the answer, the device, the slots and the row of the record, each in every case."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cse.client import Client, Notification, RequestFailed, Status, timestamp
from ipe.arbitration import Limits
from ipe.commands import AGAIN_S
from ipe.points import Point
from ipe.runner import Runner
from ipe.settings import settings_from
from tests.ipe.fakes import FakeArbiter, FakeClient, FakeClock, FakeDriver

PLAIN = Point("limit", "1", "kW", writable=True)


class Site:
    """One writable point that has 100; ``Cop`` is an operator, ``Capp`` is none."""

    def __init__(self, point: Point[str] = PLAIN, driver: type[FakeDriver] = FakeDriver) -> None:
        self.clock = FakeClock()
        self.client = FakeClient()
        self.driver = driver({"limit": 100})
        self.point = point
        self.number = 0
        self.restart()

    def restart(self) -> None:
        table = {"protocol": "fake", "points": "p.csv", "name": "meter", "commanders": ["Capp"], "operators": ["Cop"]}
        self.runner = Runner(
            cast(Client, self.client), self.driver, [self.point], settings_from(table, "test"),
            clock=self.clock, jitter=lambda: 1.0,
        )  # fmt: skip

    async def begin(self) -> None:
        await self.runner.prepare()
        await self.runner.poll()

    async def command(self, content: object, who: str = "Capp") -> dict[str, Any]:
        """Command, and return the answer."""
        self.number += 1
        body = {"ri": f"cin{self.number}", "rn": f"c{self.number}", "ct": timestamp(self.clock.time()), "con": content,
                **({"cr": who} if who else {})}
        await self.client.callbacks["-/meter/limit/cmd"](Notification("s", 3, "m2m:cin", body))
        answer = self.pushed("limit/cmd/result")[-1]
        assert answer["command"] == f"c{self.number}"
        return cast("dict[str, Any]", answer)

    async def wait(self, seconds: float) -> float | None:
        await self.clock.sleep(seconds)
        return await self.runner.commands.end_leases()

    def pushed(self, name: str) -> list[Any]:
        return self.client.instances.get(f"-/meter/{name}", [])

    @property
    def device(self) -> object:
        return self.driver.values["limit"]

    @property
    def row(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.pushed("audit")[-1])

    @property
    def slots(self) -> list[tuple[int, object]]:
        shown = self.pushed("limit/cmd/priorities")
        return [(one["priority"], one["value"]) for one in shown[-1]["commands"]] if shown else []


async def site_of(point: Point[str] = PLAIN, driver: type[FakeDriver] = FakeDriver) -> Site:
    site = Site(point, driver)
    await site.begin()
    return site


async def test_a_write_is_read_back_and_recorded() -> None:
    site = await site_of()
    answer = await site.command({"value": 80, "why": "peak"})
    assert (answer["status"], answer["value"], site.device, site.slots) == ("done", 80, 80, [(16, 80)])
    assert site.row == {
        "time": timestamp(site.clock.time()), "command": "c1", "originator": "Capp", "point": "limit", "from": 100,
        "to": 80, "priority": 16, "lease_s": None, "why": "peak", "status": "done", "value": 80,
    }


async def test_a_device_that_keeps_another_value_fails_the_command() -> None:
    site = await site_of()

    async def deaf(point: Point[str], value: object) -> None:
        """Confirm and do nothing."""

    site.driver.write = deaf  # type: ignore[method-assign]
    answer = await site.command(80)
    assert (answer["status"], answer["reason"]) == ("failed", "80 was written, but the device has 100")
    assert site.slots == []
    assert site.row["status"] == "failed"


@pytest.mark.parametrize("driver", [FakeDriver, FakeArbiter])
async def test_a_lease_ends_and_the_weaker_command_takes_over(driver: type[FakeDriver]) -> None:
    site = await site_of(driver=driver)
    await site.command(80)
    answer = await site.command({"value": 60, "priority": 9, "lease_s": 30})
    assert (answer["status"], site.device, site.slots) == ("done", 60, [(9, 60), (16, 80)])
    assert await site.wait(29) == pytest.approx(1)
    assert site.device == 60
    assert await site.wait(1) is None
    assert (site.device, site.slots) == (80, [(16, 80)])
    assert (site.row["status"], site.row["from"], site.row["value"], site.row["priority"]) == ("lease ended", 60, 80, 9)


async def test_a_lease_that_ends_while_the_device_is_away_ends_when_it_is_back() -> None:
    site = await site_of()
    await site.command(80)
    await site.command({"value": 60, "priority": 9, "lease_s": 30})
    site.driver.reachable = False
    await site.runner.poll()
    assert await site.wait(31) == AGAIN_S
    assert site.driver.values["limit"] == 60
    site.driver.reachable = True
    await site.runner.poll()
    assert await site.wait(AGAIN_S) is None
    assert site.device == 80
    assert [row["status"] for row in site.pushed("audit")] == ["done", "done", "lease ended"]


async def test_the_last_lease_gives_the_default_on_release() -> None:
    limits = Limits(longest_lease_s=60)
    site = await site_of(Point("limit", "1", "kW", writable=True, default_on_release=50, limits=limits))
    answer = await site.command(80)
    assert answer["status"] == "done"
    await site.wait(60)
    assert (site.device, site.slots) == (50, [])


async def test_a_lease_longer_than_the_point_allows_is_refused() -> None:
    site = await site_of(Point("limit", "1", "kW", writable=True, limits=Limits(longest_lease_s=60)))
    answer = await site.command({"value": 80, "lease_s": 61})
    assert (answer["status"], site.device) == ("failed", 100)
    assert "at most 60 s" in answer["reason"]


@pytest.mark.parametrize("driver", [FakeDriver, FakeArbiter])
async def test_two_priorities_and_their_release(driver: type[FakeDriver]) -> None:
    site = await site_of(driver=driver)
    await site.command({"value": 60, "priority": 3}, "Cop")
    answer = await site.command(80)
    assert (answer["status"], answer["value"]) == ("overridden", 60)
    assert answer["in_force"] == {"priority": 3, "value": 60, "originator": "Cop"}
    assert (site.device, site.slots, site.row["status"]) == (60, [(3, 60), (16, 80)], "overridden")
    answer = await site.command({"release": True, "priority": 3}, "Cop")
    assert (answer["status"], answer["value"], answer["in_force"]["priority"]) == ("released", 80, 16)
    assert (site.device, site.slots) == (80, [(16, 80)])
    assert (site.row["status"], site.row["from"], site.row["to"], site.row["value"]) == ("released", 60, None, 80)


async def test_what_others_commanded_only_operators_release() -> None:
    site = await site_of()
    await site.command(80, "Cother")
    answer = await site.command({"release": True})
    assert (answer["status"], site.row["status"], site.slots) == ("failed", "failed", [(16, 80)])
    assert "commanded by Cother" in answer["reason"]
    assert (await site.command({"release": True}, "Cop"))["status"] == "released"
    assert "nothing is commanded" in (await site.command({"release": True}, "Cop"))["reason"]


@pytest.mark.parametrize(
    ("who", "text"), [("Capp", "Capp is none"), ("", "create the command with cr null")]
)
async def test_the_priorities_of_operators_are_refused_to_others(who: str, text: str) -> None:
    site = await site_of()
    answer = await site.command({"value": 80, "priority": 8}, who)
    assert (answer["status"], site.device, site.slots) == ("failed", 100, [])
    assert text in answer["reason"]
    assert (site.row["originator"], site.row["status"], site.row["to"]) == (who, "failed", 80)


async def test_what_is_out_of_range_is_refused() -> None:
    site = await site_of(Point("limit", "1", "kW", writable=True, limits=Limits(10, 90)))
    for value in (9.9, 91):
        answer = await site.command(value)
        assert (answer["status"], site.device) == ("failed", 100)
        assert "expected 10 to 90" in answer["reason"]
        assert site.row["reason"] == answer["reason"]


async def test_what_moves_too_fast_is_refused() -> None:
    site = await site_of(Point("limit", "1", "kW", writable=True, limits=Limits(most_per_s=2)))
    await site.clock.sleep(10)
    assert (await site.command(120))["status"] == "done"
    answer = await site.command(125)
    assert "at most 2 per second, now 0" in answer["reason"]
    await site.clock.sleep(3)
    assert (await site.command(125))["status"] == "done"


@pytest.mark.parametrize(
    "content", ["1e999", "-Infinity", "NaN", "1" + "0" * 400, '{"value": 1, "priority": 1e999}', None]
)
async def test_what_no_computer_can_hold_is_refused(content: object) -> None:
    site = await site_of()
    assert (await site.command(content))["status"] == "failed"
    assert (site.device, site.row["status"]) == (100, "failed")


@pytest.mark.parametrize("priority", [0, 17, 9.5, "9", True, None, [1] * 1000])
async def test_a_priority_that_is_none_is_refused(priority: object) -> None:
    site = await site_of()
    answer = await site.command({"value": 80, "priority": priority}, "Cop")
    assert (answer["status"], site.device) == ("failed", 100)
    assert "1 (strongest) to 16" in answer["reason"]


async def test_a_device_that_refuses() -> None:
    site = await site_of()
    await site.command(80)
    answer = await site.command({"value": 13, "priority": 9})
    assert (answer["status"], answer["reason"], site.slots) == ("failed", "13 is refused", [(16, 80)])
    assert (site.row["status"], site.row["reason"], site.row["from"]) == ("failed", "13 is refused", 80)


async def test_a_device_that_is_silent() -> None:
    site = await site_of()
    site.driver.reachable = False
    assert (await site.command(80))["reason"] == "no answer"
    assert (await site.command(80))["reason"] == "the device is not connected: no answer"
    assert [row["status"] for row in site.pushed("audit")] == ["failed", "failed"]
    assert site.slots == []


async def test_what_is_commanded_outlives_a_restart() -> None:
    site = await site_of()
    await site.command({"value": 60, "priority": 9, "lease_s": 30})
    await site.command(80)
    site.restart()
    await site.begin()
    assert (await site.command(85))["status"] == "overridden"
    await site.wait(31)
    assert (site.device, site.slots) == (85, [(16, 85)])


async def test_priorities_that_cannot_be_read_are_none(caplog: pytest.LogCaptureFixture) -> None:
    site = await site_of()
    site.client.instances["-/meter/limit/cmd/priorities"] = [{"commands": [{"priority": 9, "nonsense": 1}]}]
    site.restart()
    await site.begin()
    assert "cannot be read" in caplog.text
    assert (await site.command(80))["status"] == "done"


async def test_a_cse_that_is_away_does_not_stop_leases() -> None:
    site = await site_of()
    await site.command({"value": 60, "lease_s": 30})
    site.client.failure = RequestFailed(Status.INTERNAL_SERVER_ERROR, "away", "CREATE")
    assert await site.wait(31) is None
    site.client.failure = None
    assert (await site.command(80))["status"] == "done"
    assert site.slots == [(16, 80)]
