"""Containers (procedures section 10): limits, counters, room and age (CNT-1 … CNT-5)."""

from __future__ import annotations

from typing import Any

import pytest

from cse import expiration
from cse.behaviours.container import ContainerBehaviour
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.shelves import BOX, box, counters, fill, held, notified, subscribe
from tests.rig import Rig, only, settle
from tests.slow_store import SlowStore
from tests.storage.gated import GatedStore


@pytest.mark.parametrize("name", ["mni", "mbs", "mia"])
@pytest.mark.parametrize("value", [-1, 1.5, "3", True, None, [1]])
async def test_cnt_1_limits_are_numbers_from_0_on(rig: Rig, name: str, value: Any) -> None:
    assert (await rig.create("cse/cae1", 3, {"rn": "box", name: value}, "Cae1")).status == Status.BAD_REQUEST
    assert (await rig.retrieve(BOX)).status == Status.NOT_FOUND
    await box(rig)
    if value is not None:
        assert (await rig.update(BOX, {"m2m:cnt": {name: value}}, "Cae1")).status == Status.BAD_REQUEST
    assert name not in only(await rig.retrieve(BOX))


async def test_cnt_1_the_host_lowers_and_sets_limits() -> None:
    rig = await Rig.open(max_instances=5, max_bytes=100)
    await rig.register()
    made = await box(rig, mni=50)
    assert (made["mni"], made["mbs"]) == (5, 100)
    changed = only(await rig.update(BOX, {"m2m:cnt": {"mni": 3, "mbs": 4000}}, "Cae1"))
    assert (changed["mni"], changed["mbs"]) == (3, 100)
    assert only(await rig.update(BOX, {"m2m:cnt": {"mni": None}}, "Cae1"))["mni"] == 5
    await rig.close()


async def test_cnt_2_counters_and_state(rig: Rig) -> None:
    made = await box(rig)
    assert (made["cni"], made["cbs"], made["st"]) == (0, 0, 0)
    await fill(rig, "ab", "c")
    assert await counters(rig) == (2, 3, 2)
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert await counters(rig) == (2, 3, 3)
    await rig.delete(f"{BOX}/la", "Cae1")
    assert (await counters(rig))[:2] == (1, 2)


@pytest.mark.parametrize("name", ["cni", "cbs", "st"])
async def test_cnt_2_counters_are_the_host_s(rig: Rig, name: str) -> None:
    assert (await rig.create("cse/cae1", 3, {name: 0}, "Cae1")).status == Status.BAD_REQUEST
    await box(rig)
    assert (await rig.update(BOX, {"m2m:cnt": {name: 9}}, "Cae1")).status == Status.BAD_REQUEST
    assert await counters(rig) == (0, 0, 0)


@pytest.mark.parametrize(("content", "size"), [
    pytest.param("abc", 3, id="CNT-3 ascii"),
    pytest.param("", 0, id="CNT-3 empty"),
    pytest.param("äöü", 6, id="CNT-3 two bytes each"),
    pytest.param("電力", 6, id="CNT-3 three bytes each"),
    pytest.param("🔌", 4, id="CNT-3 four bytes each"),
    pytest.param("e\u0301", 3, id="CNT-3 combining, as it came"),
    pytest.param(12.5, 4, id="CNT-3 number"),
    pytest.param(True, 4, id="CNT-3 boolean"),
    pytest.param({"a": [1, 2]}, 11, id="CNT-3 object, compact"),
    pytest.param(["ä"], 6, id="CNT-3 array in UTF-8"),
])
async def test_cnt_3_size_of_content(rig: Rig, content: Any, size: int) -> None:
    await box(rig)
    (made,) = await fill(rig, content)
    assert made["cs"] == size
    assert made["con"] == content
    assert await counters(rig) == (1, size, 1)


async def test_cnt_3_too_large_for_the_container(rig: Rig) -> None:
    await box(rig, mbs=4)
    await fill(rig, "1234")
    assert (await rig.create(BOX, 4, {"con": "12345"}, "Cae1")).status == Status.NOT_ACCEPTABLE
    assert (await rig.create(BOX, 4, {"con": "ääx"}, "Cae1")).status == Status.NOT_ACCEPTABLE
    assert await counters(rig) == (1, 4, 1)
    assert await held(rig) == ["1234"]


async def test_cnt_3_oldest_leave_by_number(rig: Rig) -> None:
    await box(rig, mni=3)
    await fill(rig, *"abcde")
    assert await held(rig) == ["c", "d", "e"]
    assert await counters(rig) == (3, 3, 5)


async def test_cnt_3_oldest_leave_by_bytes(rig: Rig) -> None:
    await box(rig, mbs=10)
    await fill(rig, "aaa", "bbb", "ccc", "dddddd")
    assert await held(rig) == ["ccc", "dddddd"]
    assert await counters(rig) == (2, 9, 4)
    await fill(rig, "e" * 10)
    assert await held(rig) == ["e" * 10]


async def test_cnt_3_more_than_a_page_leaves_at_once(rig: Rig) -> None:
    await box(rig, mbs=200)
    await fill(rig, *("x" for _ in range(150)))
    await fill(rig, "y" * 200)
    assert await counters(rig) == (1, 200, 151)
    assert only(await rig.retrieve(f"{BOX}/ol", "Cae1"))["con"] == "y" * 200


async def test_cnt_3_room_for_none(rig: Rig) -> None:
    await box(rig, mni=0)
    await fill(rig, "a", "b")
    assert await counters(rig) == (0, 0, 2)
    assert await held(rig) == []
    assert (await rig.retrieve(f"{BOX}/la", "Cae1")).status == Status.NOT_FOUND


async def test_cnt_3_room_for_no_byte(rig: Rig) -> None:
    await box(rig, mbs=0)
    assert (await rig.create(BOX, 4, {"con": "a"}, "Cae1")).status == Status.NOT_ACCEPTABLE
    await fill(rig, "")
    assert await counters(rig) == (1, 0, 1)


@pytest.mark.parametrize(("limits", "left"), [
    ({"mni": 2}, ["cc", "dd"]), ({"mni": 0}, []), ({"mbs": 5}, ["cc", "dd"]), ({"mbs": 0}, []),
    ({"mni": 3, "mbs": 2}, ["dd"]), ({"mni": 4}, ["aa", "bb", "cc", "dd"]), ({"mni": None}, ["aa", "bb", "cc", "dd"]),
])
async def test_cnt_3_lowered_limits_apply_at_once(rig: Rig, limits: dict[str, Any], left: list[str]) -> None:
    await box(rig, mni=10)
    await fill(rig, "aa", "bb", "cc", "dd")
    changed = only(await rig.update(BOX, {"m2m:cnt": limits}, "Cae1"))
    assert (changed["cni"], changed["cbs"], changed["st"]) == (len(left), 2 * len(left), 5)
    assert await held(rig) == left
    latest = await rig.retrieve(f"{BOX}/la", "Cae1")
    assert only(latest)["con"] == left[-1] if left else latest.status == Status.NOT_FOUND


async def test_cnt_4_eviction_is_no_deletion_event(rig: Rig) -> None:
    await box(rig, mni=2)
    await subscribe(rig, 4)
    await fill(rig, *"abc")
    await rig.update(BOX, {"m2m:cnt": {"mni": 1}}, "Cae1")
    assert await held(rig) == ["c"]
    assert notified(rig) == []


async def test_cnt_4_deletion_is_an_event(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 4)
    made = await fill(rig, *"abc")
    await rig.delete(f"{BOX}/{made[1]['rn']}", "Cae1")
    await rig.delete(f"{BOX}/la", "Cae1")
    await rig.delete(f"{BOX}/ol", "Cae1")
    assert notified(rig) == ["b", "c", "a"]


async def test_cnt_4_expiry_is_a_deletion_event(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 4)
    await fill(rig, "short", et=rig.at(3))
    await fill(rig, "long")
    await rig.clock.advance(10)
    assert notified(rig) == ["short"]
    assert (await counters(rig))[:2] == (1, 4)
    assert await held(rig) == ["long"]


async def test_cnt_5_age_limits_expiration(rig: Rig) -> None:
    container = await box(rig, mia=60)
    at_most = rig.at(60.001)
    plain, early, late = [(await rig.made(BOX, 4, {"con": "x", **more}, "Cae1"))["et"]
                          for more in ({}, {"et": rig.at(30)}, {"et": rig.at(600)})]
    assert rig.at(59.9) < plain <= at_most
    assert early < rig.at(31)
    assert late <= at_most < container["et"]


async def test_cnt_5_many_expire_with_few_writes() -> None:
    store = GatedStore()
    rig = await Rig.open(store=store, expiry_check_s=1e6)
    await rig.register()
    await box(rig, mia=10)
    await subscribe(rig, 4)
    await fill(rig, *range(1200))
    await rig.clock.advance(11)
    writes = len(store.written)
    assert await expiration.sweep(rig.cse.core) == 1200
    assert len(store.written) - writes <= 10
    await settle(2000)
    assert notified(rig) == list(range(1200))
    assert await counters(rig) == (0, 0, 1200)
    await rig.close()


async def test_cnt_5_never_later_than_the_container(rig: Rig) -> None:
    container = await box(rig, et=rig.at(100), mia=10**6)
    (made,) = await fill(rig, "x", et=rig.at(10**6))
    assert rig.at(99.9) < made["et"] <= container["et"]


async def test_cnt_5_expired_by_age(rig: Rig) -> None:
    await box(rig, mia=10)
    await fill(rig, "a")
    await rig.clock.advance(6)
    await fill(rig, "b")
    await rig.clock.advance(5)
    assert await held(rig) == ["b"]
    await rig.clock.advance(10)
    assert await held(rig) == []
    assert (await counters(rig))[:2] == (0, 0)


@pytest.mark.parametrize("slow", [False, True])
async def test_cnt_5_lower_age_holds_for_the_instances_that_are_there(slow: bool) -> None:
    rig = await Rig.open(store=SlowStore() if slow else None, expiry_check_s=1e6)
    await rig.register()
    await box(rig, mia=1000)
    await subscribe(rig, 4)
    await fill(rig, *range(450))
    await rig.clock.advance(50)
    (short,) = await fill(rig, "short", et=rig.at(20))
    await fill(rig, "long")
    await rig.update(BOX, {"m2m:cnt": {"mia": 40}}, "Cae1")
    await settle(500)
    assert await held(rig) == ["short", "long"]
    newest = only(await rig.retrieve(f"{BOX}/la", "Cae1"))
    assert rig.at(39) < newest["et"] <= rig.at(40)
    assert only(await rig.retrieve(short["ri"], "Cae1"))["et"] == short["et"]
    assert rig.cse.core.tree.find(BOX).state is None  # type: ignore[union-attr]
    await expiration.sweep(rig.cse.core)
    await settle(1000)
    assert notified(rig) == list(range(450))
    await rig.update(BOX, {"m2m:cnt": {"mia": 5000}}, "Cae1")
    await settle(200)
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["et"] == newest["et"]
    await rig.close()


async def test_cnt_5_lower_age_goes_on_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store, expiry_check_s=1e6)
    await rig.register()
    await box(rig)
    await fill(rig, *range(450))
    with monkeypatch.context() as killed:
        killed.setattr(ContainerBehaviour, "_begin", lambda self, parent: None)
        await rig.update(BOX, {"m2m:cnt": {"mia": 40}}, "Cae1")
    clock = rig.clock
    await rig.close()
    clock.now += 50
    rig = await Rig.open(store=store, clock=clock, expiry_check_s=1e6)
    await settle(500)
    assert await held(rig) == []
    await rig.close()


@pytest.mark.parametrize("age", [0, 1, 10**12, 2**63 - 1])
async def test_cnt_5_ages_without_measure(rig: Rig, age: int) -> None:
    container = await box(rig, mia=age)
    (made,) = await fill(rig, "x")
    found = await rig.retrieve(f"{BOX}/la", "Cae1")
    assert made["et"] <= container["et"]
    assert found.status == (Status.OK if age else Status.NOT_FOUND)
