"""Time synchronization beacons (procedures section 21, TSB-1)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.clock import seconds_of
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import Rig, message, only

URL = "http://sink/clock"


async def beacon(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Create a beacon."""
    return await rig.made("cse/cae1", 60, {"rn": "b", "bcnc": 1, "bcnu": [URL], **attributes}, "Cae1")


def times(rig: Rig, url: str = URL) -> list[float]:
    """The times that have been told, in seconds since the epoch."""
    return [seconds_of(content["m2m:tsbn"]["ctm"]) for content in rig.sink.contents(url)]


@pytest.mark.parametrize("attributes", [
    pytest.param({"bcnu": []}, id="TSB-1 nobody to tell"),
    pytest.param({"bcnc": 3}, id="TSB-1 kind"),
    pytest.param({"bcnc": None}, id="TSB-1 no kind"),
    pytest.param({"bcnt": "PT1S"}, id="TSB-1 threshold of a periodic one"),
    pytest.param({"bcnr": "Cae1"}, id="TSB-1 requester of a periodic one"),
    pytest.param({"bcni": "PT0S"}, id="TSB-1 no interval"),
    pytest.param({"bcni": "-PT5S"}, id="TSB-1 negative interval"),
    pytest.param({"bcni": "soon"}, id="TSB-1 no duration"),
    pytest.param({"bcnc": 2}, id="TSB-1 no requester"),
    pytest.param({"bcnc": 2, "bcnr": "Cae1", "bcni": "PT5S"}, id="TSB-1 interval of a watch"),
    pytest.param({"bcnc": 2, "bcnr": "Cae1", "bcnt": "-PT5S"}, id="TSB-1 negative threshold"),
])
async def test_tsb_1_what_is_refused(rig: Rig, attributes: dict[str, Any]) -> None:
    response = await rig.create("cse/cae1", 60, {"rn": "b", "bcnc": 1, "bcnu": [URL], **attributes}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert "bcn" in message(response)


async def test_tsb_1_a_periodic_beacon_tells_the_time(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://sink/ae"]}}, "Cae1")
    shown = await beacon(rig, bcni="PT10S", bcnu=[URL, "cse/cae1"])
    begin = seconds_of(shown["ct"])
    await rig.clock.advance(35)
    assert [round(one - begin) for one in times(rig)] == [10, 20, 30]
    assert times(rig, "http://sink/ae") == times(rig)
    await rig.update("cse/cae1/b", {"m2m:tsb": {"bcni": "PT20S"}}, "Cae1")
    await rig.clock.advance(30)
    assert [round(one - begin) for one in times(rig)] == [10, 20, 30, 40, 60]
    await rig.delete("cse/cae1/b", "Cae1")
    await rig.clock.advance(60)
    assert len(times(rig)) == 5


async def test_tsb_1_defaults_are_shown(rig: Rig) -> None:
    assert (await beacon(rig))["bcni"] == "PT60S"
    assert (await beacon(rig, rn="c", bcnc=2, bcnr="Cae1"))["bcnt"] == "PT2S"


async def test_tsb_1_a_target_that_is_away_gets_no_old_time(rig: Rig) -> None:
    await beacon(rig, bcni="PT10S")
    rig.sink.answer = lambda url, content: None
    await rig.clock.advance(25)
    rig.sink.answer = lambda url, content: Status.OK
    await rig.clock.advance(10)
    (told,) = times(rig)
    assert rig.clock.now - told < 10


async def test_tsb_1_the_rhythm_goes_on_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    begin = seconds_of((await beacon(rig, bcni="PT10S"))["ct"])
    await rig.clock.advance(15)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await rig.clock.advance(20)
    assert [round(one - begin) for one in times(rig)] == [20, 30]
    await rig.close()


async def test_tsb_1_who_lost_the_time_is_noticed(rig: Rig) -> None:
    await rig.register("Cae2")
    await beacon(rig, bcnc=2, bcnr="/banyan/Cae2", bcnt="PT5S")
    for seconds in (0, 4, -4):
        await rig.retrieve("cse/cae2", "Cae2", originating_timestamp=rig.at(seconds))
    await rig.retrieve("cse/cae2", "Cae2")
    await rig.retrieve("cse/cae1", "Cae1", originating_timestamp=rig.at(100))
    assert times(rig) == []
    for seconds in (6, -6):
        await rig.retrieve("cse/cae2", "Cae2", originating_timestamp=rig.at(seconds))
    assert len(times(rig)) == 2
    assert abs(times(rig)[0] - rig.clock.now) < 1
    await rig.delete("cse/cae1/b", "Cae1")
    await rig.retrieve("cse/cae2", "Cae2", originating_timestamp=rig.at(60))
    assert len(times(rig)) == 2
    assert rig.cse.core.arrivals == []


async def test_tsb_1_a_watch_goes_on_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await beacon(rig, bcnc=2, bcnr="Cae1")
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert only(await rig.retrieve("cse/cae1", "Cae1", originating_timestamp=rig.at(3)))
    assert len(times(rig)) == 1
    await rig.close()
