"""Requests that meet each other on one resource, over a store that lets others run inside every call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from cse import expiration
from cse.primitive import FilterCriteria
from resources.status import Status
from tests.rig import Rig, only
from tests.slow_store import SlowStore

BOX = "cse/cae1/box"


@pytest.fixture
async def slow() -> AsyncIterator[Rig]:
    """A CSE over a slow store, with a container ``cse/cae1/box``."""
    rig = await Rig.open(store=SlowStore())
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    yield rig
    await rig.close()


async def contents(rig: Rig) -> list[Any]:
    """``con`` of all instances of the box, oldest first."""
    answer = only(await rig.retrieve(BOX, rcn=4))
    return [one["con"] for one in answer.get("m2m:cin", [])]


async def consistent(rig: Rig) -> dict[str, Any]:
    """Check that the counters of the box tell what it holds; return its attributes."""
    box = only(await rig.retrieve(BOX))
    held = only(await rig.retrieve(BOX, rcn=4)).get("m2m:cin", [])
    assert box["cni"] == len(held)
    assert box["cbs"] == sum(one["cs"] for one in held)
    if held:
        assert only(await rig.retrieve(f"{BOX}/la"))["con"] == held[-1]["con"]
        assert only(await rig.retrieve(f"{BOX}/ol"))["con"] == held[0]["con"]
    return box


async def stored_parents_exist(rig: Rig) -> None:
    """Check that the store could be started from: whatever it holds has its parent."""
    records = {record.ri: record for record in await rig.cse.core.committer.store.load()}
    assert all(not record.pi or record.pi in records for record in records.values())


async def test_cre_7_creates_at_once_are_all_counted(slow: Rig) -> None:
    answers = await asyncio.gather(*(slow.create(BOX, 4, {"con": str(n)}) for n in range(100)))
    assert {answer.status for answer in answers} == {Status.CREATED}
    box = await consistent(slow)
    assert (box["cni"], box["st"]) == (100, 100)
    assert sorted(only(answer)["st"] for answer in answers) == list(range(1, 101))


async def test_cnt_3_creates_at_once_make_room_for_each_other(slow: Rig) -> None:
    await slow.update(BOX, {"m2m:cnt": {"mni": 7}})
    for _ in range(3):
        await asyncio.gather(*(slow.create(BOX, 4, {"con": str(n)}) for n in range(100)))
        assert (await consistent(slow))["cni"] == 7
    assert (await consistent(slow))["st"] == 301


async def test_cnt_3_creates_at_once_keep_within_the_bytes(slow: Rig) -> None:
    await slow.update(BOX, {"m2m:cnt": {"mbs": 20}})
    await asyncio.gather(*(slow.create(BOX, 4, {"con": "x" * (n % 9)}) for n in range(100)))
    assert (await consistent(slow))["cbs"] <= 20


async def test_adr_5_one_of_two_instances_of_the_same_name(slow: Rig) -> None:
    answers = await asyncio.gather(*(slow.create(BOX, 4, {"rn": "a", "con": str(n)}) for n in range(5)))
    assert sorted(answer.status for answer in answers) == [Status.CREATED] + 4 * [Status.CONFLICT]
    assert (await consistent(slow))["cni"] == 1


async def test_adr_5_one_of_two_resources_of_the_same_name(slow: Rig) -> None:
    answers = await asyncio.gather(
        *(slow.create(BOX, 3, {"rn": "a"}) for _ in range(5)), slow.create(BOX, 4, {"rn": "a", "con": "1"}),
        *(slow.create(BOX, 23, {"rn": "a", "nu": ["http://sink/a"]}) for _ in range(3)),
    )
    assert sorted(answer.status for answer in answers) == [Status.CREATED] + 8 * [Status.CONFLICT]
    await consistent(slow)


async def test_upd_4_updates_and_creates_at_once_lose_nothing(slow: Rig) -> None:
    await asyncio.gather(
        *(slow.create(BOX, 4, {"con": str(n)}) for n in range(20)),
        *(slow.update(BOX, {"m2m:cnt": {"lbl": [f"l{n}"]}}) for n in range(10)),
        *(slow.update(BOX, {"m2m:cnt": {"mni": 15 - n}}) for n in range(5)),
        *(slow.create(BOX, 4, {"con": str(n)}) for n in range(20)),
    )
    box = await consistent(slow)
    assert box["st"] == 55
    assert box["cni"] <= box["mni"] == 11


@pytest.mark.parametrize("rcn", [0, 1, 4, 5, 6, 8])
async def test_del_1_a_resource_is_deleted_once(slow: Rig, rcn: int) -> None:
    await slow.create(BOX, 4, {"con": "1"})
    answers = await asyncio.gather(*(slow.delete(BOX, result_content=rcn) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [Status.DELETED] + 3 * [Status.NOT_FOUND]


async def test_del_1_an_instance_is_counted_out_once(slow: Rig) -> None:
    for n in range(4):
        await slow.create(BOX, 4, {"rn": f"i{n}", "con": "x"})
    answers = await asyncio.gather(*(slow.delete(f"{BOX}/i3") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [Status.DELETED] + 3 * [Status.NOT_FOUND]
    assert (await consistent(slow))["cni"] == 3


async def test_del_1_latest_and_creates_at_once(slow: Rig) -> None:
    await asyncio.gather(*(slow.create(BOX, 4, {"con": "x"}) for n in range(10)))
    await asyncio.gather(
        *(slow.delete(f"{BOX}/la") for _ in range(4)), *(slow.create(BOX, 4, {"con": "yy"}) for _ in range(4)),
        *(slow.delete(f"{BOX}/ol") for _ in range(4)), slow.update(BOX, {"m2m:cnt": {"mni": 5}}),
    )
    await consistent(slow)


@pytest.mark.parametrize("ty", [3, 4, 23])
@pytest.mark.parametrize("wait", range(8))
async def test_del_1_nothing_is_created_below_what_is_being_deleted(slow: Rig, ty: int, wait: int) -> None:
    by_type: dict[int, dict[str, Any]] = {3: {}, 4: {"con": "1"}, 23: {"nu": ["http://sink/a"]}}
    content = {"rn": "a", **by_type[ty]}
    await slow.update(BOX, {"m2m:cnt": {"mni": 1}})
    await slow.create(BOX, 4, {"con": "0"})

    async def gone() -> Status:
        for _ in range(wait):
            await asyncio.sleep(0)
        return (await slow.delete("cse/cae1")).status

    created, deleted = await asyncio.gather(slow.create(BOX, ty, content), gone())
    assert deleted == Status.DELETED
    assert created.status in (Status.CREATED, Status.NOT_FOUND)
    await stored_parents_exist(slow)
    assert (await slow.retrieve(BOX)).status == Status.NOT_FOUND
    core = slow.cse.core
    assert await core.committer.store.expired("9", 10) == []


@pytest.mark.parametrize("wait", range(8))
@pytest.mark.parametrize("what", ["update", "delete instance", "retrieve", "discovery", "expiry"])
async def test_del_1_others_meet_a_deletion(slow: Rig, what: str, wait: int) -> None:
    for _ in range(5):
        await slow.create(BOX, 4, {"con": "0", "et": slow.at(50)})
    if what == "expiry":
        slow.clock.now += 51

    async def gone() -> Status:
        for _ in range(wait):
            await asyncio.sleep(0)
        return (await slow.delete("cse/cae1")).status

    others: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "update": lambda: slow.update(BOX, {"m2m:cnt": {"mni": 1}}),
        "delete instance": lambda: slow.delete(f"{BOX}/la"),
        "retrieve": lambda: slow.retrieve(BOX, rcn=4, fc=FilterCriteria({"chty": [4]})),
        "discovery": lambda: slow.retrieve("cse", fc=FilterCriteria({"ty": [4]}, usage=1)),
        "expiry": lambda: expiration.sweep(slow.cse.core),
    }
    answer, deleted = await asyncio.gather(others[what](), gone())
    assert deleted == Status.DELETED
    if what != "expiry":
        assert answer.status.succeeded or answer.status == Status.NOT_FOUND
    await stored_parents_exist(slow)


async def test_cre_3_the_same_stem_registers_once(slow: Rig) -> None:
    content = {"api": "N1", "rr": True, "srv": ["3"]}
    answers = await asyncio.gather(*(slow.create("cse", 2, content, "Cx") for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [
        Status.CREATED, Status.ORIGINATOR_HAS_ALREADY_REGISTERED, Status.ORIGINATOR_HAS_ALREADY_REGISTERED]
