"""History of flexContainers (procedures section 12, FCI-1 and FCI-2)."""

from __future__ import annotations

from typing import Any

import pytest

from cse import expiration
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.flexes import CND, INSTANCE, PATH, ROOT, change, counters, make, values
from tests.rig import ADMIN, Rig, message, only


async def test_fci_1_create_and_updates_make_instances(rig: Rig) -> None:
    await make(rig, fcied=True, lbl=["room:1"])
    await change(rig, curT0=22)
    await change(rig, tarTe=25)
    assert await values(rig) == [21.5, 22, 22]
    assert await counters(rig) == (3, len("21.5") + len("22") + len("22") + len("25"))
    newest = await rig.retrieve(f"{PATH}/la", "Cae1")
    assert newest.content is not None
    assert newest.content.keys() == {INSTANCE}
    instance, parent = only(newest), only(await rig.retrieve(PATH, "Cae1"))
    assert {name: instance[name] for name in ("ty", "pi", "curT0", "tarTe", "lbl", "org", "cs")} == {
        "ty": 58, "pi": parent["ri"], "curT0": 22, "tarTe": 25, "lbl": ["room:1"], "org": "Cae1", "cs": 4}
    assert instance["rn"] == instance["ri"]
    assert instance.keys() == {
        "ty", "ri", "pi", "rn", "ct", "lt", "et", "cs", "org", "lbl", "curT0", "tarTe"}
    assert only(await rig.retrieve(f"{PATH}/ol", "Cae1"))["curT0"] == 21.5


@pytest.mark.parametrize(("given", "added"), [
    ({"curT0": 1}, 1),
    ({"curT0": 21.5}, 1),
    ({"tarTe": None}, 1),
    ({"lbl": ["a"]}, 1),
    ({"loc": {"typ": 1, "crd": [8.5, 47.4]}}, 1),
    ({"or": "http://ontology/x"}, 0),
    ({"nl": "nod-1"}, 0),
    ({"fcied": True}, 0),
    ({"mni": 10}, 0),
    ({}, 0),
])
async def test_fci_1_what_makes_an_instance(rig: Rig, given: dict[str, Any], added: int) -> None:
    await make(rig, fcied=True)
    assert (await change(rig, **given)).status == Status.UPDATED
    assert len(await values(rig)) == 1 + added
    newest = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    if added:
        assert {name: newest.get(name) for name in given} == given, "the instance is a copy"


async def test_fci_1_the_originator_of_each_instance(rig: Rig) -> None:
    await make(rig, fcied=True)
    await rig.update(PATH, {ROOT: {"curT0": 1}}, ADMIN)
    assert only(await rig.retrieve(f"{PATH}/ol", "Cae1"))["org"] == "Cae1"
    assert only(await rig.retrieve(f"{PATH}/la", "Cae1"))["org"] == ADMIN


@pytest.mark.parametrize("name", ["la", "ol"])
async def test_fci_1_no_history_without_fcied(rig: Rig, name: str) -> None:
    await make(rig)
    await change(rig, curT0=1)
    assert (await rig.retrieve(f"{PATH}/{name}", "Cae1")).status == Status.NOT_FOUND
    assert (await rig.delete(f"{PATH}/{name}", "Cae1")).status == Status.NOT_FOUND
    assert await counters(rig) == (None, None)
    assert await values(rig) == []


async def test_fci_1_history_begins_with_the_next_change(rig: Rig) -> None:
    await make(rig)
    await change(rig, fcied=True)
    assert await counters(rig) == (0, 0)
    assert (await rig.retrieve(f"{PATH}/la", "Cae1")).status == Status.NOT_FOUND
    await change(rig, curT0=1)
    assert await values(rig) == [1]
    assert await counters(rig) == (1, 1)


async def test_fci_1_a_change_that_begins_the_history_is_in_it(rig: Rig) -> None:
    await make(rig)
    await change(rig, fcied=True, curT0=5)
    assert await values(rig) == [5]


@pytest.mark.parametrize("given", [{"mni": 1}, {"mbs": 100}, {"mia": 60}, {"mni": 1, "mbs": 100, "mia": 60}])
async def test_fci_1_limits_go_with_fcied(rig: Rig, given: dict[str, int]) -> None:
    refused = await rig.create("cse/cae1", 28, {ROOT: {"rn": "no", "cnd": CND, "curT0": 1, **given}}, "Cae1")
    assert refused.status == Status.BAD_REQUEST
    assert "fcied" in message(refused)
    await make(rig)
    assert (await change(rig, **given)).status == Status.BAD_REQUEST
    assert (await change(rig, fcied=None, **given)).status == Status.BAD_REQUEST
    assert (await change(rig, fcied=True, **given)).status == Status.UPDATED


@pytest.mark.parametrize("name", ["mni", "mbs", "mia"])
async def test_fci_1_no_limit_is_0(rig: Rig, name: str) -> None:
    content = {"rn": "no", "cnd": CND, "curT0": 1, "fcied": True, name: 0}
    assert (await rig.create("cse/cae1", 28, {ROOT: content}, "Cae1")).status == Status.BAD_REQUEST
    await make(rig, fcied=True)
    refused = await change(rig, **{name: 0})
    assert refused.status == Status.BAD_REQUEST
    assert message(refused).startswith(f"{name}: 0")
    assert await values(rig) == [21.5]


async def test_fci_1_mbs_holds_one_instance(rig: Rig) -> None:
    content = {"rn": "no", "cnd": CND, "curT0": 21.55, "fcied": True, "mbs": 4}
    assert (await rig.create("cse/cae1", 28, {ROOT: content}, "Cae1")).status == Status.BAD_REQUEST
    await make(rig, fcied=True, mbs=4)
    assert (await change(rig, curT0=21.55)).status == Status.BAD_REQUEST
    assert (await change(rig, mbs=3)).status == Status.BAD_REQUEST
    assert await values(rig) == [21.5]
    assert only(await rig.retrieve(PATH, "Cae1"))["curT0"] == 21.5
    assert (await change(rig, curT0=21.55, mbs=5)).status == Status.UPDATED


async def test_fci_1_number_of_instances(rig: Rig) -> None:
    await make(rig, fcied=True, mni=2)
    for value in (1, 22, 333):
        await change(rig, curT0=value)
    assert await values(rig) == [22, 333]
    assert await counters(rig) == (2, 5)
    await change(rig, mni=1)
    assert await values(rig) == [333]
    await change(rig, mni=2, curT0=4)
    await change(rig, mni=1, curT0=5)
    assert await values(rig) == [5]
    assert await counters(rig) == (1, 1)


async def test_fci_1_bytes_of_instances(rig: Rig) -> None:
    await make(rig, fcied=True, mbs=7)
    for value in (1, 22, 333, 4444):
        await change(rig, curT0=value)
    assert await values(rig) == [333, 4444]
    assert await counters(rig) == (2, 7)
    await change(rig, curT0=1234567)
    assert await values(rig) == [1234567]


async def test_fci_1_age_of_instances(rig: Rig) -> None:
    await make(rig, fcied=True, mia=60)
    instance = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    await rig.clock.advance(50)
    await change(rig, curT0=2)
    await rig.clock.advance(20)
    assert await values(rig) == [2]
    await expiration.sweep(rig.cse.core)
    assert await counters(rig) == (1, 1)
    assert (await rig.retrieve(instance["ri"], "Cae1")).status == Status.NOT_FOUND


async def test_fci_1_limits_of_the_settings_apply_with_fcied_alone() -> None:
    rig = await Rig.open(max_instances=2, max_bytes=50)
    await rig.register()
    made = await make(rig)
    assert "mni" not in made
    assert "mbs" not in made
    changed = only(await change(rig, fcied=True, curT0=1))
    assert (changed["mni"], changed["mbs"]) == (2, 50)
    for value in (2, 3):
        await change(rig, curT0=value)
    assert await values(rig) == [2, 3]
    assert "mni" not in only(await change(rig, fcied=None))
    await rig.close()


async def test_fci_1_false_keeps_the_newest(rig: Rig) -> None:
    await make(rig, fcied=True, mni=5)
    for value in (1, 22):
        await change(rig, curT0=value)
    changed = only(await change(rig, fcied=False))
    assert (changed["cni"], changed["cbs"], changed["mni"]) == (1, 2, 5)
    assert await values(rig) == [22]
    for name in ("la", "ol"):
        assert only(await rig.retrieve(f"{PATH}/{name}", "Cae1"))["curT0"] == 22
    await change(rig, curT0=3)
    assert await values(rig) == [22]
    await change(rig, fcied=True, curT0=4)
    assert await values(rig) == [22, 4]
    assert await counters(rig) == (2, 3)


async def test_fci_1_false_from_the_start_keeps_nothing(rig: Rig) -> None:
    made = await make(rig, fcied=False, mni=3)
    assert (made["cni"], made["cbs"]) == (0, 0)
    await change(rig, curT0=1)
    assert await values(rig) == []
    assert (await rig.retrieve(f"{PATH}/la", "Cae1")).status == Status.NOT_FOUND


async def test_fci_1_removing_fcied_removes_the_history(rig: Rig) -> None:
    await make(rig, fcied=True, mni=5, mbs=100, mia=3600)
    await change(rig, curT0=1)
    instance = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    changed = only(await change(rig, fcied=None))
    assert changed.keys().isdisjoint({"fcied", "cni", "cbs", "mni", "mbs", "mia"})
    assert await values(rig) == []
    assert (await rig.retrieve(instance["ri"], "Cae1")).status == Status.NOT_FOUND
    assert (await rig.retrieve(f"{PATH}/la", "Cae1")).status == Status.NOT_FOUND
    await change(rig, fcied=True, curT0=2)
    assert await values(rig) == [2]
    assert await counters(rig) == (1, 1)


async def test_rcn_1_attributes_that_went_with_another_are_null(rig: Rig) -> None:
    await make(rig, fcied=True, mni=5, lbl=["x"])
    answer = await rig.update(PATH, {ROOT: {"fcied": None, "lbl": None}}, "Cae1", result_content=9)
    shown = only(answer)
    assert shown.keys() == {"lt", "st", "mni", "cni", "cbs"}, "what was asked for is no news"
    assert [shown[name] for name in ("mni", "cni", "cbs")] == [None] * 3


async def test_fci_1_removing_fcied_and_limits_at_once(rig: Rig) -> None:
    await make(rig, fcied=True, mni=5)
    changed = await change(rig, fcied=None, mni=None, mbs=None)
    assert changed.status == Status.UPDATED
    assert await counters(rig) == (None, None)


async def test_fci_1_instances_are_told_as_children(rig: Rig) -> None:
    await make(rig, fcied=True, mni=2)
    await rig.made(PATH, 23, {"nu": ["http://sink/c"], "enc": {"net": [3], "chty": [58]}}, "Cae1")
    await rig.made(PATH, 23, {"nu": ["http://sink/d"], "enc": {"net": [4]}}, "Cae1")
    for value in (1, 2):
        await change(rig, curT0=value)
    told = [content["m2m:sgn"]["nev"]["rep"][INSTANCE]["curT0"] for content in rig.sink.contents("http://sink/c")]
    assert told == [1, 2]
    assert rig.sink.contents("http://sink/d") == []
    await rig.delete(f"{PATH}/la", "Cae1")
    assert len(rig.sink.contents("http://sink/d")) == 1


async def test_fci_1_a_restart_loses_nothing() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await make(rig, fcied=True, mni=3)
    for value in (1, 2):
        await change(rig, curT0=value)
    before = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    rig = await Rig.open(store=store, clock=rig.clock)
    assert only(await rig.retrieve(f"{PATH}/la", "Cae1")) == before
    assert await counters(rig) == (3, 6)
    await change(rig, curT0=3)
    assert await values(rig) == [1, 2, 3]
    await change(rig, fcied=None)
    rig = await Rig.open(store=store, clock=rig.clock)
    assert await values(rig) == []
    assert await counters(rig) == (None, None)
    await rig.close()


async def test_fci_1_a_deleted_resource_takes_its_history_along(rig: Rig) -> None:
    await make(rig, fcied=True)
    instance = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    assert (await rig.delete(PATH, "Cae1")).status == Status.DELETED
    assert (await rig.retrieve(instance["ri"], "Cae1")).status == Status.NOT_FOUND


async def test_fci_2_nobody_makes_an_instance_by_request(rig: Rig) -> None:
    await make(rig, fcied=True)
    for root in (INSTANCE, "m2m:fci"):
        refused = await rig.create(PATH, 58, {root: {"curT0": 1}}, "Cae1")
        assert refused.status == Status.OPERATION_NOT_ALLOWED
    assert await values(rig) == [21.5]


@pytest.mark.parametrize("name", ["la", "ol", ""])
async def test_fci_2_nobody_changes_an_instance(rig: Rig, name: str) -> None:
    await make(rig, fcied=True)
    to = f"{PATH}/{name}" if name else only(await rig.retrieve(f"{PATH}/la", "Cae1"))["ri"]
    refused = await rig.update(to, {INSTANCE: {"curT0": 1}}, "Cae1")
    assert refused.status == Status.OPERATION_NOT_ALLOWED
    assert await values(rig) == [21.5]


async def test_fci_2_an_instance_can_be_deleted(rig: Rig) -> None:
    await make(rig, fcied=True)
    await change(rig, curT0=2)
    assert (await rig.delete(f"{PATH}/ol", "Cae1")).status == Status.DELETED
    assert await values(rig) == [2]
    assert await counters(rig) == (1, 1)
    assert (await rig.delete(only(await rig.retrieve(f"{PATH}/la", "Cae1"))["ri"], "Cae1")).status == Status.DELETED
    assert await counters(rig) == (0, 0)


async def test_fci_2_instances_are_found(rig: Rig) -> None:
    await make(rig, fcied=True, lbl=["room:1"])
    await change(rig, curT0=30)
    instance = only(await rig.retrieve(f"{PATH}/la", "Cae1"))
    assert await rig.discover("cse/cae1", "Cae1", ty=[58], atr=[("curT0", 30)]) == [f"{PATH}/{instance['rn']}"]
    assert len(await rig.discover("cse/cae1", "Cae1", ty=[58], lbl=["room:1"])) == 2
    assert only(await rig.retrieve(f"{PATH}/{instance['rn']}", "Cae1")) == instance
    assert (await rig.create(PATH, 28, {ROOT: {"rn": "fci-ff", "cnd": CND, "curT0": 1}}, "Cae1")).status == \
        Status.CONFLICT
    assert (await rig.create(PATH, 28, {ROOT: {"rn": "la", "cnd": CND, "curT0": 1}}, "Cae1")).status == Status.CONFLICT
    subscribed = await rig.create(instance["ri"], 23, {"nu": ["http://sink/x"]}, "Cae1")
    assert subscribed.status == Status.TARGET_NOT_SUBSCRIBABLE
