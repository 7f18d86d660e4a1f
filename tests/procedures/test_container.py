"""Containers and their instances (procedures section 10)."""

from __future__ import annotations

from typing import Any

import pytest

from cse import expiration
from cse.primitive import FilterCriteria
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import Rig, only, settle
from tests.storage.gated import GatedStore

BOX = "cse/cae1/box"


async def box(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Make a container ``cse/cae1/box``."""
    return await rig.made("cse/cae1", 3, {"rn": "box", **attributes}, "Cae1")


async def fill(rig: Rig, *contents: Any, **attributes: Any) -> list[dict[str, Any]]:
    """Put instances into the box; returns their attributes."""
    return [await rig.made(BOX, 4, {"con": content, **attributes}, "Cae1") for content in contents]


async def held(rig: Rig) -> list[Any]:
    """``con`` of the instances that there are, oldest first."""
    return [one["con"] for one in only(await rig.retrieve(BOX, rcn=4)).get("m2m:cin", [])]


async def counters(rig: Rig) -> tuple[int, int, int]:
    """``cni``, ``cbs``, ``st`` of the box."""
    attributes = only(await rig.retrieve(BOX))
    return attributes["cni"], attributes["cbs"], attributes["st"]


async def subscribe(rig: Rig, *events: int, **attributes: Any) -> None:
    """Subscribe a sink to events of the box."""
    await rig.made(BOX, 23, {"nu": ["http://sink/box"], "enc": {"net": list(events)}, **attributes}, "Cae1")


def notified(rig: Rig) -> list[Any]:
    """``con`` of the instances that notifications were about."""
    return [one["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in rig.sink.contents("http://sink/box")]


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


@pytest.mark.parametrize("age", [0, 1, 10**12, 2**63 - 1])
async def test_cnt_5_ages_without_measure(rig: Rig, age: int) -> None:
    container = await box(rig, mia=age)
    (made,) = await fill(rig, "x")
    found = await rig.retrieve(f"{BOX}/la", "Cae1")
    assert made["et"] <= container["et"]
    assert found.status == (Status.OK if age else Status.NOT_FOUND)


async def test_cnt_6_state_of_an_instance(rig: Rig) -> None:
    await box(rig)
    states = [one["st"] for one in await fill(rig, "a", "b")]
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    states += [one["st"] for one in await fill(rig, "c")]
    assert states == [1, 2, 4]


async def test_cnt_7_an_instance_never_changes(rig: Rig) -> None:
    await box(rig)
    (made,) = await fill(rig, "a")
    for to in (made["ri"], f"{BOX}/{made['rn']}"):
        assert (await rig.update(to, {"m2m:cin": {"lbl": ["x"]}}, "Cae1")).status == Status.OPERATION_NOT_ALLOWED
    assert only(await rig.retrieve(made["ri"], "Cae1")) == made


async def test_cnt_7_no_subscription_and_no_container_under_an_instance(rig: Rig) -> None:
    await box(rig)
    (made,) = await fill(rig, "a")
    refused = await rig.create(made["ri"], 23, {"nu": ["http://sink/x"]}, "Cae1")
    assert refused.status == Status.TARGET_NOT_SUBSCRIBABLE
    assert (await rig.create(made["ri"], 3, {}, "Cae1")).status == Status.INVALID_CHILD_RESOURCE_TYPE
    assert rig.sink.received == []


@pytest.mark.parametrize("name", ["la", "ol"])
async def test_cnt_8_nothing_to_stand_for(rig: Rig, name: str) -> None:
    await box(rig)
    assert (await rig.retrieve(f"{BOX}/{name}", "Cae1")).status == Status.NOT_FOUND
    assert (await rig.delete(f"{BOX}/{name}", "Cae1")).status == Status.NOT_FOUND


@pytest.mark.parametrize("name", ["la", "ol"])
async def test_cnt_8_only_retrieve_and_delete(rig: Rig, name: str) -> None:
    await box(rig)
    await fill(rig, "a")
    created = await rig.create(f"{BOX}/{name}", 4, {"con": "b"}, "Cae1")
    changed = await rig.update(f"{BOX}/{name}", {"m2m:cin": {"lbl": ["x"]}}, "Cae1")
    assert {created.status, changed.status} == {Status.OPERATION_NOT_ALLOWED}
    assert await held(rig) == ["a"]


async def test_cnt_8_latest_and_oldest_follow_deletions_and_expiry(rig: Rig) -> None:
    container = await box(rig)

    async def ends() -> tuple[Any, Any]:
        by_id = only(await rig.retrieve(f"{container['ri']}/ol", "Cae1"))
        return by_id["con"], only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"]

    await fill(rig, "a", "b")
    await fill(rig, "c", et=rig.at(20))
    await fill(rig, "d", "e")
    assert await ends() == ("a", "e")
    await rig.delete(f"{BOX}/la", "Cae1")
    assert await ends() == ("a", "d")
    await rig.delete(f"{BOX}/ol", "Cae1")
    assert await ends() == ("b", "d")
    await rig.delete(f"{BOX}/la", "Cae1")
    assert await ends() == ("b", "c")
    await rig.clock.advance(21)
    assert await ends() == ("b", "b")
    await fill(rig, "f")
    assert await ends() == ("b", "f")


async def test_cnt_8_expired_before_it_was_removed() -> None:
    rig = await Rig.open(expiry_check_s=1e6)
    await rig.register()
    await box(rig)
    await fill(rig, "a", "b")
    old = await fill(rig, "old", et=rig.at(5))
    await rig.clock.advance(6)
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"] == "b"
    assert await held(rig) == ["a", "b"]
    for to in (old[0]["ri"], f"{BOX}/{old[0]['rn']}"):
        assert (await rig.retrieve(to, "Cae1")).status == Status.NOT_FOUND
        assert (await rig.delete(to, "Cae1")).status == Status.NOT_FOUND
    await expiration.sweep(rig.cse.core)
    assert (await counters(rig))[:2] == (2, 2)
    await rig.close()


async def test_cnt_8_access_as_for_the_instance(rig: Rig) -> None:
    await rig.register("Cae2")
    await box(rig)
    await fill(rig, "a")
    for to in (f"{BOX}/la", f"{BOX}/ol"):
        assert (await rig.retrieve(to, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
        assert (await rig.delete(to, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await held(rig) == ["a"]


@pytest.mark.parametrize("rcn", [1, 4, 5])
async def test_cnt_8_result_content_as_for_the_instance(rig: Rig, rcn: int) -> None:
    await box(rig)
    (made,) = await fill(rig, "a")
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1", rcn=rcn))["con"] == made["con"]


async def test_cnt_9_retrieval_disabled(rig: Rig) -> None:
    await box(rig, disr=True)
    (made,) = await fill(rig, "a")
    for to in (f"{BOX}/la", f"{BOX}/ol", made["ri"], f"{BOX}/{made['rn']}"):
        assert (await rig.retrieve(to, "Cae1")).status == Status.OPERATION_NOT_ALLOWED
        assert (await rig.delete(to, "Cae1")).status == Status.OPERATION_NOT_ALLOWED
    assert (await counters(rig))[0] == 1
    assert await held(rig) == []


async def test_cnt_9_retrieval_enabled_again(rig: Rig) -> None:
    await box(rig, disr=True)
    await fill(rig, "a")
    await rig.update(BOX, {"m2m:cnt": {"disr": False}}, "Cae1")
    await fill(rig, "b")
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"] == "b"


async def test_cnt_10_order_of_creation_with_equal_times(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await box(rig)
    monkeypatch.setattr(rig.clock, "time", lambda: rig.clock.now)
    made = await fill(rig, *range(30))
    assert len({one["ct"] for one in made}) == 1
    assert await held(rig) == list(range(30))
    assert only(await rig.retrieve(f"{BOX}/ol", "Cae1"))["con"] == 0


@pytest.mark.parametrize("info", ["text/plain:0", "application/json:1", "application/octet-stream:2", "text/plain:0:3"])
async def test_cnt_11_content_info(rig: Rig, info: str) -> None:
    await box(rig)
    (made,) = await fill(rig, "x", cnf=info)
    assert made["cnf"] == info


@pytest.mark.parametrize("info", ["", "text", "text/plain:", "text/plain:9", "text/plain:x", "text/plain:0:1:2", 5])
async def test_cnt_11_malformed_content_info(rig: Rig, info: Any) -> None:
    await box(rig)
    assert (await rig.create(BOX, 4, {"con": "x", "cnf": info}, "Cae1")).status == Status.BAD_REQUEST
    assert await counters(rig) == (0, 0, 0)


@pytest.mark.parametrize("rcn", [4, 8])
async def test_cnt_12_retrieval_without_instances(rig: Rig, rcn: int) -> None:
    await box(rig)
    await subscribe(rig, 5)
    await rig.retrieve(BOX, "Cae1")
    await rig.retrieve(BOX, "Cae1", rcn=5)
    assert rig.sink.contents() == []
    await rig.retrieve(BOX, "Cae1", rcn=rcn)
    (content,) = rig.sink.contents()
    assert content["m2m:sgn"]["nev"]["net"] == 5
    assert content["m2m:sgn"]["nev"]["rep"]["m2m:cnt"]["rn"] == "box"


async def test_cnt_12_only_live_instances_count(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 5)
    await fill(rig, "a", et=rig.at(2))
    await rig.retrieve(BOX, "Cae1", rcn=4)
    assert rig.sink.contents() == []
    await rig.clock.advance(3)
    await rig.retrieve(BOX, "Cae1", rcn=4)
    assert len(rig.sink.contents()) == 1


async def test_cnt_12_instances_that_are_not_shown_are_there(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 5)
    await fill(rig, "a")
    for criteria in (FilterCriteria({"lbl": ["none"]}, operation=1), FilterCriteria(limit=0), FilterCriteria(offset=9)):
        await rig.retrieve(BOX, "Cae1", fc=criteria, rcn=4)
    await rig.update(BOX, {"m2m:cnt": {"disr": True}}, "Cae1")
    await rig.retrieve(BOX, "Cae1", rcn=4)
    assert rig.sink.contents() == []


async def test_cnt_13_deletion_count_is_refused(rig: Rig) -> None:
    await box(rig)
    assert (await rig.create(BOX, 4, {"con": "x", "dcnt": 2}, "Cae1")).status == Status.NOT_IMPLEMENTED
    assert await counters(rig) == (0, 0, 0)


async def test_instances_have_names_of_their_own(rig: Rig) -> None:
    await box(rig)
    await fill(rig, "a", rn="first")
    assert only(await rig.retrieve(f"{BOX}/first", "Cae1"))["con"] == "a"
    assert (await rig.create(BOX, 4, {"con": "b", "rn": "first"}, "Cae1")).status == Status.CONFLICT
    assert (await rig.create(BOX, 4, {"con": "b", "rn": "la"}, "Cae1")).status == Status.CONFLICT
    assert (await rig.create(BOX, 3, {"rn": "first"}, "Cae1")).status == Status.CONFLICT
    assert await counters(rig) == (1, 1, 1)
    await rig.delete(f"{BOX}/first", "Cae1")
    await fill(rig, "c", rn="first")
    assert only(await rig.retrieve(f"{BOX}/first", "Cae1"))["con"] == "c"


async def test_an_instance_of_a_container_that_has_expired_is_gone_too() -> None:
    rig = await Rig.open(expiry_check_s=1e6)
    await rig.register()
    await box(rig)
    (made,) = await fill(rig, "a")
    await rig.update(BOX, {"m2m:cnt": {"et": rig.at(5)}}, "Cae1")
    await rig.clock.advance(6)
    for to in (BOX, f"{BOX}/la", f"{BOX}/{made['rn']}", made["ri"]):
        assert (await rig.retrieve(to, "Cae1")).status == Status.NOT_FOUND
    await rig.close()


async def test_all_is_found_again_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await box(rig, mni=4)
    await fill(rig, *"abcdef")
    await rig.delete(f"{BOX}/la", "Cae1")
    await rig.close()
    rig = await Rig.open(store=store)
    assert await held(rig) == ["c", "d", "e"]
    assert (await counters(rig))[:2] == (3, 3)
    await fill(rig, "g", "h")
    assert await held(rig) == ["d", "e", "g", "h"]
    await rig.close()
