"""Schedules (procedures section 19): entries, parents, and what happens outside of their times (SCH-1, SCH-2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cse.clock import seconds_of, timestamp
from cse.primitive import Operation
from cse.reachability import next_reachable, reachable_now
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import ADMIN, Rig, RigClock, message, only

ALWAYS = "* * * * * * *"
SCHEDULE = "cse/hours"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE that is quick when its clock goes on by hours."""
    rig = await Rig.open(expiry_check_s=3600.0)
    await rig.register()
    yield rig
    await rig.close()


def entries(*texts: str) -> dict[str, Any]:
    """Attributes of a schedule."""
    return {"rn": "hours", "se": {"sce": list(texts)}}


async def until(rig: Rig, time_of_day: str) -> None:
    """Move the clock to the next time of day ``HHMMSS``."""
    now = rig.clock.now
    wanted = seconds_of(f"{timestamp(now)[:8]}T{time_of_day}")
    await rig.clock.advance((wanted - now) % 86400)


@pytest.mark.parametrize("entry", [
    pytest.param(ALWAYS, id="SCH-1 always"),
    pytest.param("0-59 0-59 0-23 1-31 1-12 0-6 2000-9999", id="SCH-1 whole ranges"),
    pytest.param("* 0-5 2,6,10 * * * *", id="SCH-1 list"),
    pytest.param("*/15 10-30/10 * * * 1-5 2027", id="SCH-1 steps"),
])
async def test_sch_1_entries(rig: Rig, entry: str) -> None:
    made = await rig.made("cse", 14, {"rn": "n", "ni": "urn:1"})
    assert (await rig.made(made["ri"], 18, entries(entry)))["se"] == {"sce": [entry]}


@pytest.mark.parametrize("se", [
    pytest.param(None, id="SCH-1 missing"),
    pytest.param({}, id="SCH-1 no list"),
    pytest.param({"sce": []}, id="SCH-1 empty"),
    pytest.param({"sce": ALWAYS}, id="SCH-1 no array"),
    pytest.param({"sce": [ALWAYS, "* * * * * *"]}, id="SCH-1 six fields"),
    pytest.param({"sce": ["60 * * * * * *"]}, id="SCH-1 second 60"),
    pytest.param({"sce": ["* * 24 * * * *"]}, id="SCH-1 hour 24"),
    pytest.param({"sce": ["* * 22-5 * * * *"]}, id="SCH-1 backwards"),
    pytest.param({"sce": ["* * * * * 7 *"]}, id="SCH-1 weekday 7"),
    pytest.param({"sce": ["* * * * * * 2027" + ",2027" * 100]}, id="SCH-1 endless list"),
    pytest.param({"sce": [ALWAYS] * 101}, id="SCH-1 too many"),
    pytest.param([ALWAYS], id="SCH-1 without its object"),
])
async def test_sch_1_entries_that_cannot_be_followed(rig: Rig, se: Any) -> None:
    given = {"rn": "hours"} if se is None else {"rn": "hours", "se": se}
    assert (await rig.create("cse", 18, given)).status == Status.BAD_REQUEST
    await rig.made("cse", 18, entries(ALWAYS))
    assert (await rig.update(SCHEDULE, {"m2m:sch": {"se": se}})).status == Status.BAD_REQUEST
    assert only(await rig.retrieve(SCHEDULE))["se"] == {"sce": [ALWAYS]}


async def test_sch_1_parents(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await rig.made("cse/cae1/box", 23, {"rn": "s", "nu": ["http://sink/a"]}, "Cae1")
    await rig.made("cse/cae1/box/s", 18, entries(ALWAYS), "Cae1")
    assert (await rig.create("cse/cae1/box", 18, entries(ALWAYS), "Cae1")).status == Status.INVALID_CHILD_RESOURCE_TYPE
    assert (await rig.create("cse/cae1", 18, entries(ALWAYS), "Cae1")).status == Status.INVALID_CHILD_RESOURCE_TYPE


async def test_sch_1_one_schedule_but_for_nodes(rig: Rig) -> None:
    await rig.made("cse", 14, {"rn": "n", "ni": "urn:1"})
    for parent, second in (("cse", Status.BAD_REQUEST), ("cse/n", Status.CREATED)):
        await rig.made(parent, 18, entries(ALWAYS))
        assert (await rig.create(parent, 18, {**entries(ALWAYS), "rn": "more"})).status == second
    await rig.delete(SCHEDULE)
    await rig.made("cse", 18, entries(ALWAYS))


@pytest.mark.parametrize("nco", [True, False])
async def test_sch_1_network_coordination_is_for_nodes(rig: Rig, nco: bool) -> None:
    await rig.made("cse", 14, {"rn": "n", "ni": "urn:1"})
    assert (await rig.made("cse/n", 18, {**entries(ALWAYS), "nco": nco}))["nco"] is nco
    response = await rig.create("cse", 18, {**entries(ALWAYS), "nco": nco})
    assert response.status == Status.CONTENTS_UNACCEPTABLE
    assert "node" in message(response)
    await rig.made("cse", 18, entries(ALWAYS))
    assert (await rig.update(SCHEDULE, {"m2m:sch": {"nco": nco}})).status == Status.CONTENTS_UNACCEPTABLE


async def test_sch_2_the_cse_answers_within_its_schedule_alone(rig: Rig) -> None:
    await until(rig, "120000")
    await rig.made("cse", 18, entries("* * 8-17 * * * *"))
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    await until(rig, "180000")
    for response in (
        await rig.retrieve("cse/cae1", "Cae1"),
        await rig.retrieve("cse/nowhere", "Cae1"),
        await rig.retrieve("cse/cae1"),
        await rig.create("cse/cae1", 3, {"rn": "box"}, "Cae1"),
        await rig.create("cse", 2, {"api": "N1", "rr": True, "srv": ["3"]}, "Cnew"),
        await rig.delete("cse/cae1", "Cae1"),
        await rig.retrieve("cse", "Cae1"),
    ):
        assert response.status == Status.TARGET_NOT_REACHABLE
        assert "080000" in message(response)
    await until(rig, "080000")
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK


@pytest.mark.parametrize(("texts", "closes", "opens"), [
    pytest.param(["* * 0-5 * * * *", "* * 22-23 * * * *"], "060000", "220000", id="SCH-2 across midnight"),
    pytest.param(["50-59 59 23 * * * *", "0-9 0 0 * * * *"], "000010", "235950", id="SCH-2 midnight by seconds"),
    pytest.param(["50-59 30 12 * * * *", "0-9 31 12 * * * *"], "123110", "123050", id="SCH-2 across a full minute"),
])
async def test_sch_2_schedules_that_go_over_an_edge(rig: Rig, texts: list[str], closes: str, opens: str) -> None:
    await rig.made("cse", 18, entries(*texts))
    await until(rig, opens)
    began = rig.clock.now
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    length_s = (seconds_of(f"20270101T{closes}") - seconds_of(f"20270101T{opens}")) % 86400
    while rig.clock.now < began + length_s - 1.0:
        assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
        await rig.clock.advance(length_s / 20 if length_s > 20 else 0.9)
    await until(rig, closes)
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.TARGET_NOT_REACHABLE
    await until(rig, opens)
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK


async def test_sch_2_nobody_locks_himself_out(rig: Rig) -> None:
    never = entries("* * * * * * 2020")
    await rig.made("cse", 18, never)
    assert "never" in message(await rig.retrieve("cse/cae1", "Cae1"))
    found = only(await rig.retrieve("cse", rcn=5))
    assert [one["val"] for one in found["ch"] if one["typ"] == 18] == [SCHEDULE]
    assert (await rig.retrieve(SCHEDULE, "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.update(SCHEDULE, {"m2m:sch": {"se": {"sce": [ALWAYS]}}})).status == Status.UPDATED
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    await rig.update(SCHEDULE, {"m2m:sch": {"se": never["se"]}})
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.TARGET_NOT_REACHABLE
    assert (await rig.delete(SCHEDULE)).status == Status.DELETED
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK


async def test_sch_2_schedule_that_expires_holds_no_longer(rig: Rig) -> None:
    await rig.made("cse", 18, {**entries("* * * * * * 2020"), "et": rig.at(10)})
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.TARGET_NOT_REACHABLE
    await rig.clock.advance(3610)
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK


async def test_sch_2_outlives_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await Rig.open(store=store, clock=clock)
    await rig.register()
    await rig.made("cse", 18, entries("* * 9 * * * *"))
    await rig.close()
    rig = await Rig.open(store=store, clock=clock, expiry_check_s=3600.0)
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.TARGET_NOT_REACHABLE
    await until(rig, "090000")
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    await rig.close()


async def test_sch_2_initial_tree_with_a_schedule_is_planted_whole(tmp_path: Path) -> None:
    tree = tmp_path / "tree.json"
    tree.write_text(json.dumps([
        {"to": "cse", "ty": 18, "pc": {"m2m:sch": entries("* * * * * * 2020")}},
        {"to": "cse", "ty": 3, "pc": {"m2m:cnt": {"rn": "box"}}},
    ]))
    rig = await Rig.open(initial_tree=str(tree))
    assert (await rig.retrieve("cse/box")).status == Status.TARGET_NOT_REACHABLE
    await rig.delete(SCHEDULE)
    assert (await rig.retrieve("cse/box")).status == Status.OK
    await rig.close()


async def test_sch_2_entity_of_a_node_is_reachable_within_its_schedules(rig: Rig) -> None:
    core = rig.cse.core
    node = await rig.made("cse", 14, {"rn": "n", "ni": "urn:1"})
    entity = core.tree.by_id["Cae1"]
    entity.attributes["nl"] = node["ri"]
    assert reachable_now(core.tree, entity, rig.clock.now)
    await rig.made("cse/n", 18, entries("* * 9 * * * *"))
    assert not reachable_now(core.tree, entity, rig.clock.now)
    again = next_reachable(core.tree, entity, rig.clock.now)
    assert again is not None
    assert timestamp(again)[8:] == "T090000,000000"
    await rig.made("cse/n", 18, {"se": {"sce": ["* * 8 * * * *"]}})
    assert reachable_now(core.tree, entity, rig.clock.now)
    assert next_reachable(core.tree, entity, seconds_of("20270115T230000")) == seconds_of("20270116T080000")
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    del entity.attributes["nl"]
    assert reachable_now(core.tree, entity, 0.0)


async def test_sch_2_nobody_calls_an_entity_that_is_asleep(rig: Rig) -> None:
    await rig.made("cse", 14, {"rn": "n", "ni": "urn:1"})
    await rig.register("Cae2", poa=["http://ae/2"], nl="cse/n")
    await rig.made("cse/n", 18, entries("* * 9 * * * *"))
    content = {"m2m:sgn": {"sur": "x"}}
    assert (await rig.request(Operation.NOTIFY, "cse/cae2", content=content)).status == Status.TARGET_NOT_REACHABLE
    await rig.made("cse", 9, {"rn": "g", "mid": ["cse/cae2"], "mnm": 1})
    (one,) = only(await rig.request(Operation.NOTIFY, "cse/g/fopt", content=content))["m2m:rsp"]
    assert one["rsc"] == Status.TARGET_NOT_REACHABLE
    assert rig.sink.received == []
    await rig.retrieve("cse", response_type=2, notification_targets=["Cae2"])
    await rig.clock.advance(5)
    assert rig.sink.received == []
    assert (await rig.retrieve("cse/cae2", "Cae2")).status == Status.OK, "who is awake after all is answered"
    await until(rig, "090000")
    assert (await rig.request(Operation.NOTIFY, "cse/cae2", content=content)).status == Status.OK
    assert ("http://ae/2", content) in [(url, sent) for url, _, sent in rig.sink.received]


async def test_sch_2_what_the_cse_asks_itself_is_answered(rig: Rig) -> None:
    await rig.made("cse", 18, entries("* * * * * * 2020"))
    own = rig.cse.core.identity.cse_id
    assert (await rig.request(Operation.RETRIEVE, "cse/base-access", own, internal=True)).status == Status.OK
    assert (await rig.request(Operation.RETRIEVE, "cse/base-access", ADMIN)).status == Status.TARGET_NOT_REACHABLE
