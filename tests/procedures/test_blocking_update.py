"""Blocking updates (net 7): asked before, done only when the target agrees, the others wait (SUB-5, SUB-30)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.boxed import BOX, Gate, silent, with_box
from tests.rig import ADMIN, Rig, message, only, settle

AE2 = "http://ae/2"
pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture
async def asked(rig: Rig) -> None:
    """A container of Cae1, and Cae2 that is asked."""
    await rig.made("cse/cae1", 3, {"rn": "box", "mni": 10}, "Cae1")
    await rig.register("Cae2", poa=[AE2])


async def block(rig: Rig, **criteria: Any) -> dict[str, Any]:
    """Create the blocking subscription."""
    return await rig.made(BOX, 23, {"rn": "b", "nu": ["Cae2"], "enc": {"net": [7], **criteria}}, "Cae1")


async def change(rig: Rig, fr: str = "Cae1", **attributes: Any) -> Status:
    """An UPDATE of the container."""
    return (await rig.update(BOX, {"m2m:cnt": attributes}, fr)).status


async def test_sub_30_asked_before_it_is_done(rig: Rig) -> None:
    subscription = await block(rig)
    assert subscription["nct"] == 2
    seen: list[int] = []

    def answer(url: str, content: dict[str, Any]) -> Status:
        seen.append(rig.cse.core.tree.find(BOX).attributes["mni"])  # type: ignore[union-attr]
        return Status.OK

    rig.sink.answer = answer
    assert await change(rig, mni=5, lbl=["x"]) == Status.UPDATED
    assert seen == [10]
    ((url, request, content),) = [one for one in rig.sink.received if "nev" in one[2]["m2m:sgn"]]
    assert (url, request.originator) == (AE2, "/banyan")
    assert content == {"m2m:sgn": {
        "nev": {"rep": {"m2m:cnt": {"mni": 5, "lbl": ["x"]}}, "net": 7}, "sur": f"/banyan/{BOX}/b",
        "cr": "/banyan/Cae1",
    }}
    assert only(await rig.retrieve(BOX))["mni"] == 5


@pytest.mark.parametrize(("answer", "status"), [
    (None, Status.REMOTE_ENTITY_NOT_REACHABLE),
    (Status.TARGET_NOT_REACHABLE, Status.REMOTE_ENTITY_NOT_REACHABLE),
    (Status.OPERATION_NOT_ALLOWED, Status.OPERATION_DENIED_BY_REMOTE_ENTITY),
    (Status.BAD_REQUEST, Status.OPERATION_DENIED_BY_REMOTE_ENTITY),
    (Status.INTERNAL_SERVER_ERROR, Status.OPERATION_DENIED_BY_REMOTE_ENTITY),
], ids=str)
async def test_sub_30_not_agreed_not_done(rig: Rig, answer: Status | None, status: Status) -> None:
    await block(rig)
    await rig.made(BOX, 23, {"nu": ["http://sink/plain"]}, "Cae1")
    before = only(await rig.retrieve(BOX))
    rig.sink.answer = lambda url, content: answer if url == AE2 else Status.OK
    refused = await rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1")
    assert refused.status == status
    assert "Cae2" in message(refused)
    assert only(await rig.retrieve(BOX)) == before
    assert rig.sink.contents("http://sink/plain") == []


async def test_sub_30_nobody_is_asked_about_what_is_wrong_anyway(rig: Rig) -> None:
    await block(rig)
    for fr, attributes in (("Cae1", {"mni": -1}), ("Cae2", {"mni": 5}), ("Cae1", {"et": "20010101T000000"}),
                           ("Cae1", {"nope": 1})):
        assert not (await change(rig, fr, **attributes)).succeeded
    assert rig.sink.contents() == []


async def test_sub_5_only_for_certain_attributes(rig: Rig) -> None:
    await block(rig, atr=["mni"])
    rig.sink.answer = silent(AE2)
    assert await change(rig, lbl=["x"]) == Status.UPDATED
    assert await change(rig, lbl=["y"], mni=3) == Status.REMOTE_ENTITY_NOT_REACHABLE
    assert await change(rig, mni=None) == Status.REMOTE_ENTITY_NOT_REACHABLE


async def test_sub_30_instances_do_not_wait(rig: Rig) -> None:
    await block(rig)
    gate = Gate(rig.sink)
    updating = asyncio.create_task(rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1"))
    await settle()
    assert (await rig.create(BOX, 4, {"con": "x"}, "Cae1")).status == Status.CREATED
    assert only(await rig.retrieve(BOX, "Cae1"))["mni"] == 10
    gate.open.set()
    assert (await updating).status == Status.UPDATED
    after = only(await rig.retrieve(BOX, "Cae1"))
    assert (after["mni"], after["cni"]) == (5, 1)


async def test_sub_30_other_updates_wait_and_are_asked_one_after_the_other(rig: Rig) -> None:
    await block(rig)
    gate = Gate(rig.sink)
    first = asyncio.create_task(rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1"))
    second = asyncio.create_task(rig.update(BOX, {"m2m:cnt": {"mni": 7, "lbl": ["x"]}}, "Cae1"))
    await settle()
    assert gate.waiting == 1
    gate.open.set()
    assert [(await one).status for one in (first, second)] == [Status.UPDATED] * 2
    assert [one["m2m:sgn"]["nev"]["rep"]["m2m:cnt"]["mni"] for one in rig.sink.contents()] == [5, 7]
    assert only(await rig.retrieve(BOX))["mni"] == 7


@pytest.mark.parametrize("what", [BOX, "cse/cae1"])
async def test_sub_30_a_deletion_meanwhile(rig: Rig, what: str) -> None:
    await block(rig)
    gate = Gate(rig.sink)
    updating = asyncio.create_task(rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1"))
    await settle()
    deleting = asyncio.create_task(rig.delete(what, "Cae1"))
    await settle(200)
    assert deleting.done() == (what != BOX)  # that of the resource waits, that of its parent does not
    gate.open.set()
    assert (await updating).status == (Status.UPDATED if what == BOX else Status.NOT_FOUND)
    assert (await deleting).status == Status.DELETED
    assert (await rig.retrieve(BOX, ADMIN)).status == Status.NOT_FOUND


async def test_sub_30_a_target_that_does_not_answer_in_time(rig: Rig) -> None:
    await block(rig)
    gate = Gate(rig.sink)
    updating = asyncio.create_task(rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1"))
    await rig.clock.advance(9)
    assert not updating.done()
    await rig.clock.advance(2)
    assert (await updating).status == Status.REMOTE_ENTITY_NOT_REACHABLE
    gate.open.set()
    await settle()
    assert only(await rig.retrieve(BOX))["mni"] == 10
    assert await change(rig, mni=6) == Status.UPDATED


@pytest.mark.parametrize("relative", [True, False])
async def test_sub_30_not_longer_than_the_originator_waits(rig: Rig, *, relative: bool) -> None:
    await block(rig)
    Gate(rig.sink)
    expiration = "3000" if relative else rig.at(3)
    updating = asyncio.create_task(
        rig.update(BOX, {"m2m:cnt": {"mni": 5}}, "Cae1", request_expiration=expiration))
    await rig.clock.advance(4)
    assert updating.done()
    assert (await updating).status == Status.REMOTE_ENTITY_NOT_REACHABLE


async def test_sub_30_ends_with_the_subscription(rig: Rig) -> None:
    await block(rig)
    await rig.delete(f"{BOX}/b", "Cae1")
    rig.sink.answer = silent(AE2)
    assert await change(rig, mni=5) == Status.UPDATED


@pytest.mark.parametrize("given", [
    pytest.param({"nu": ["Cae2", "Cae1"]}, id="SUB-5 two targets"),
    pytest.param({"nu": [AE2]}, id="SUB-5 a URL"),
    pytest.param({"enc": {"net": [7], "chty": [4]}}, id="SUB-5 child types"),
    pytest.param({"enc": {"net": [7], "lbl": ["x"]}}, id="SUB-5 a condition"),
    pytest.param({"nct": 1}, id="SUB-4 all attributes"),
    *(pytest.param({name: value}, id=f"SUB-5 {name}") for name, value in {
        "exc": 2, "gpi": "cse/g", "nfu": "http://sink/f", "bn": {}, "rl": {"mnn": 1, "tww": "PT1S"}, "psn": 1, "pn": 1,
        "nsp": 1, "ln": True, "nec": 2, "su": "http://sink/su", "acrs": ["cse/x"],
    }.items()),
])
async def test_sub_5_what_a_blocking_subscription_cannot_have(rig: Rig, given: dict[str, Any]) -> None:
    whole = {"rn": "b", "nu": ["Cae2"], "enc": {"net": [7]}}
    assert (await rig.create(BOX, 23, {**whole, **given}, "Cae1")).status == Status.BAD_REQUEST
    assert await change(rig, mni=5) == Status.UPDATED
    await block(rig)
    if "psn" not in given and "su" not in given:
        assert (await rig.update(f"{BOX}/b", {"m2m:sub": given}, "Cae1")).status == Status.BAD_REQUEST


async def test_sub_5_cannot_become_one_and_is_the_only_one(rig: Rig) -> None:
    await rig.made(BOX, 23, {"rn": "s", "nu": ["Cae2"], "nct": 2}, "Cae1")
    answer = await rig.update(f"{BOX}/s", {"m2m:sub": {"enc": {"net": [7]}}}, "Cae1")
    assert answer.status == Status.BAD_REQUEST
    await block(rig)
    second = await rig.create(BOX, 23, {"nu": ["Cae2"], "enc": {"net": [7], "atr": ["lbl"]}}, "Cae1")
    assert second.status == Status.BLOCKING_SUBSCRIPTION_ALREADY_EXISTS


async def test_sub_5_one_at_a_time_also_while_the_target_is_asked(rig: Rig) -> None:
    gate = Gate(rig.sink)
    given = {"nu": ["Cae2"], "enc": {"net": [7]}}
    both = [asyncio.create_task(rig.create(BOX, 23, given, "Cae1")) for _ in range(2)]
    await settle()
    gate.open.set()
    statuses = sorted([(await one).status for one in both])
    assert statuses == [Status.CREATED, Status.BLOCKING_SUBSCRIPTION_ALREADY_EXISTS]
    assert await change(rig, mni=5) == Status.UPDATED


async def test_sub_30_blocks_again_after_a_restart() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    await rig.register("Cae2", poa=[AE2])
    await block(rig)
    await rig.close()
    rig = await Rig.open(store=store)
    rig.sink.answer = silent(AE2)
    assert await change(rig, mni=5) == Status.REMOTE_ENTITY_NOT_REACHABLE
    await rig.close()
