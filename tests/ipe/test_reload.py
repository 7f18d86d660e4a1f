"""A running IPE takes a changed point list; one that is wrong is refused and the old one goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cse.client import Client, Notification, Unreachable, timestamp
from ipe.arbitration import Limits
from ipe.points import Column, Point, Value, plain_text, read_points
from ipe.reload import PointFile
from ipe.runner import Runner
from ipe.settings import settings_from
from tests.ipe.fakes import FakeClient, FakeClock, FakeDriver

LIST = "name,place,unit,period_s,writable\npower,0,kW,10,no\nlimit,1,kW,10,yes\n"


def of_file(path: Path) -> PointFile[str]:
    columns = [Column("place", plain_text)]
    return PointFile(path, lambda: read_points(path, columns, lambda row: str(row["place"])))


class Site:
    """A runner of a list in a file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "list.csv"
        self.path.write_text(LIST)
        self.clock, self.client = FakeClock(), FakeClient()
        values: dict[str, Any] = {"power": 1.5, "limit": 100, "more": 7}
        self.driver = FakeDriver(cast("dict[str, Value | Exception]", values))  # type: ignore[arg-type]
        settings = settings_from({"protocol": "fake", "points": "p", "name": "meter", "ae_id": "Cmeter"}, "test")
        file = of_file(self.path)
        self.runner = Runner(cast(Client, self.client), self.driver, file._read(), settings, file=file,
                             clock=self.clock, jitter=lambda: 1.0)

    def write(self, text: str) -> None:
        """Write the list in place of the old one."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.replace(self.path)

    def pushed(self, name: str) -> list[Any]:
        return self.client.instances.get(f"-/meter/{name}", [])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - fake time has no event
                await asyncio.sleep(0)

    async def command(self, name: str, value: float) -> Any:
        body = {"ri": f"cin{value}", "rn": "c", "ct": timestamp(self.clock.time()), "con": value}
        await self.client.callbacks[f"-/meter/{name}/cmd"](Notification("s", 3, "m2m:cin", body))
        return self.pushed(f"{name}/cmd/result")[-1]


@pytest.fixture
async def site(tmp_path: Path) -> Any:
    site = Site(tmp_path)
    task = asyncio.create_task(site.runner.run())
    await site.until(lambda: len(site.driver.reads) > 1)
    yield site
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_added_points_appear_and_removed_ones_are_stale_and_stay(site: Site) -> None:
    site.write("name,place,unit,period_s,writable\nlimit,1,kW,10,yes\nmore,2,A,10,yes\n")
    await site.until(lambda: len(site.pushed("more")) > 1)
    assert site.client.resources["-/meter/more"]["lbl"] == ["address:2", "unit:A"]
    await site.until(lambda: len(site.driver.reads) > 9)
    assert {name for read in site.driver.reads[-4:] for name in read} == {"limit", "more"}
    assert "-/meter/power" in site.client.resources
    last = site.pushed("power")[-1]
    assert (last["quality"], last["reason"]) == ("stale", "the point was removed from the point list")
    assert (await site.command("more", 8))["status"] == "done"
    assert site.driver.connects == 1
    count = len(site.pushed("power"))
    await site.until(lambda: len(site.driver.reads) > 20)
    assert len(site.pushed("power")) == count


async def test_changed_points_are_changed(site: Site) -> None:
    site.write("name,place,unit,period_s,writable,highest\npower,5,W,2,no,\nlimit,1,kW,10,yes,50\n")
    await site.until(lambda: site.pushed("power")[-1]["unit"] == "W")
    assert site.client.resources["-/meter/power"]["lbl"] == ["address:5", "unit:W"]
    assert site.runner.device.points[1].limits == Limits(highest=50)
    result = await site.command("limit", 51)
    assert (result["status"], result["reason"]) == ("failed", "value 51: outside of the limits; expected at most 50")
    assert site.driver.values["limit"] == 100
    assert (await site.command("limit", 50))["status"] == "done"


async def test_a_list_that_is_wrong_is_refused_and_the_old_goes_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    site.write("name,place\npower,0\npower,1\n")
    await site.until(lambda: "is refused, the old one goes on" in caplog.text)
    assert "line 3, column 'name': 'power' is already on line 2" in caplog.text
    reads = len(site.driver.reads)
    await site.until(lambda: len(site.driver.reads) > reads + 5)
    assert site.driver.reads[-1] == ["power", "limit"]
    assert len([record for record in caplog.records if "refused" in record.message]) == 1
    site.path.unlink()
    await site.until(lambda: len(site.driver.reads) > reads + 9)
    site.write("name,place\nmore,2\n")
    await site.until(lambda: site.driver.reads[-1] == ["more"])


async def test_commands_of_a_removed_point_fail(site: Site) -> None:
    site.write("name,place\npower,0\n")
    await site.until(lambda: site.driver.reads[-1] == ["power"])
    result = await site.command("limit", 5)
    assert (result["status"], site.driver.values["limit"]) == ("failed", 100)
    assert "no longer in the point list" in result["reason"]


async def test_a_cse_that_fails_meanwhile_gets_all_of_it_later(site: Site) -> None:
    site.client.failure = Unreachable("nobody there")
    site.write("name,place\nmore,2\n")
    begun_s = site.clock.now_s
    await site.until(lambda: site.clock.now_s > begun_s + 60)
    site.client.failure = None
    await site.until(lambda: bool(site.pushed("more")))
    await site.until(lambda: site.pushed("power")[-1]["quality"] == "stale")
    assert "-/meter/more" in site.client.resources


async def test_a_device_that_is_gone_is_not_asked_more_often(site: Site) -> None:
    site.driver.reachable = False
    connects = site.driver.connects
    begun_s = site.clock.now_s
    await site.until(lambda: site.clock.now_s > begun_s + 200)
    assert site.driver.connects - connects <= 9  # 1, 2, 4 … 60 s


async def test_a_file_is_taken_when_it_is_written_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,place\na,1\nb,2\n")
    file = of_file(path)
    assert await file.changed() is None
    path.write_text("name,place\na,1\n")
    assert await file.changed() is None
    path.write_text("name,place\na,1\nb,2\nc,3\n")
    assert await file.changed() is None
    assert await file.changed() == (Point("a", "1"), Point("b", "2"), Point("c", "3"))
    assert await file.changed() is None
