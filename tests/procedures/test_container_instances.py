"""Instances in their container (procedures section 10, CNT-6 … CNT-13)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse import expiration
from cse.primitive import FilterCriteria
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.shelves import BOX, box, counters, fill, held, notified, subscribe
from tests.rig import Rig, message, only
from tests.slow_store import SlowStore


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


async def test_cnt_7_a_descriptor_of_an_instance_is_a_named_gap(rig: Rig) -> None:
    await box(rig)
    (made,) = await fill(rig, "a")
    refused = await rig.create(made["ri"], 24, {"dcrp": 4, "dsp": "YQ=="}, "Cae1")
    assert refused.status == Status.NOT_IMPLEMENTED
    assert "below an instance" in message(refused)


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


@pytest.mark.parametrize("rcn", [None, 0, 1, 2, 4, 5, 6, 7, 8, 9])
async def test_cnt_8_result_content_as_for_the_instance(rig: Rig, rcn: int | None) -> None:
    await box(rig)
    (made,) = await fill(rig, "a")
    itself = await rig.retrieve(made["ri"], "Cae1", rcn=rcn)
    for name in ("la", "ol"):
        answer = await rig.retrieve(f"{BOX}/{name}", "Cae1", rcn=rcn)
        assert (answer.status, answer.status.succeeded) == (itself.status, rcn in (None, 1, 4, 5, 6, 8))
        if answer.status.succeeded:
            assert answer.content == itself.content


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


async def test_cnt_9_what_was_collected_meanwhile_goes(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 4)
    await fill(rig, "a", "bb")
    await rig.update(BOX, {"m2m:cnt": {"disr": True}}, "Cae1")
    await fill(rig, *(f"hidden {number}" for number in range(450)))
    shown = only(await rig.update(BOX, {"m2m:cnt": {"disr": False}}, "Cae1"))
    assert (shown["cni"], shown["cbs"]) == (2, 3)
    assert await held(rig) == ["a", "bb"]
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"] == "bb"
    assert notified(rig) == []
    await fill(rig, "c")
    await rig.update(BOX, {"m2m:cnt": {"disr": True}}, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"disr": None}}, "Cae1")
    assert await held(rig) == ["a", "bb", "c"]


async def test_cnt_9_what_was_collected_goes_after_a_restart_too() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await box(rig)
    await fill(rig, "a")
    await rig.update(BOX, {"m2m:cnt": {"disr": True}}, "Cae1")
    await fill(rig, "b")
    await rig.close()
    rig = await Rig.open(store=store)
    await rig.update(BOX, {"m2m:cnt": {"disr": False}}, "Cae1")
    assert await held(rig) == ["a"]
    assert await counters(rig) == (1, 1, 4)
    await rig.close()


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


@pytest.mark.parametrize(("info", "content", "fits"), [
    pytest.param("text/plain:1", "aGVsbG8=", True, id="CNT-11 base64"),
    pytest.param("image/png:2", "", True, id="CNT-11 empty"),
    pytest.param("text/plain:1", "hello", False, id="CNT-11 length"),
    pytest.param("text/plain:2:3", "aGVs bG8=", False, id="CNT-11 blank"),
    pytest.param("text/plain:1", "h\u00e9llo===", False, id="CNT-11 no ASCII"),
    pytest.param("text/plain:1", {"a": 1}, False, id="CNT-11 no text"),
    pytest.param("text/plain:1", 5, False, id="CNT-11 number"),
    pytest.param("text/plain:0", "hello", True, id="CNT-11 plain"),
    pytest.param("text/plain", "hello", True, id="CNT-11 encoding left out"),
])
async def test_cnt_11_encoding_is_checked_where_the_settings_say_so(info: str, content: Any, fits: bool) -> None:
    for checked in (True, False):
        rig = await Rig.open(check_encoding=checked)
        await rig.register()
        await box(rig)
        response = await rig.create(BOX, 4, {"con": content, "cnf": info}, "Cae1")
        assert response.status == (Status.CREATED if fits or not checked else Status.BAD_REQUEST)
        await rig.made("cse/cae1", 29, {"rn": "ts", "cnf": info}, "Cae1")
        if not isinstance(content, dict):
            response = await rig.create("cse/cae1/ts", 30, {"con": content, "dgt": rig.now}, "Cae1")
            assert response.status == (Status.CREATED if fits or not checked else Status.BAD_REQUEST)
        await rig.close()


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


async def test_cnt_13_each_retrieval_counts_until_the_instance_goes(rig: Rig) -> None:
    await box(rig)
    await subscribe(rig, 4)
    await fill(rig, "stays")
    (made,) = await fill(rig, "goes", dcnt=4)
    assert made["dcnt"] == 4
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["dcnt"] == 4
    assert only(await rig.retrieve(made["ri"], "Cae1"))["dcnt"] == 3
    assert only(await rig.retrieve(made["ri"], "Cae1", attribute_list=["dcnt"])) == {"dcnt": 2}
    assert notified(rig) == []
    assert only(await rig.retrieve(f"{BOX}/{made['rn']}", "Cae1"))["dcnt"] == 1
    assert notified(rig) == ["goes"]
    assert (await rig.retrieve(made["ri"], "Cae1")).status == Status.NOT_FOUND
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"] == "stays"
    assert (await counters(rig))[:2] == (1, 5)


async def test_cnt_13_what_is_no_retrieval_does_not_count(rig: Rig) -> None:
    await box(rig)
    (made,) = await fill(rig, "a", dcnt=1)
    assert await held(rig) == ["a"]
    assert f"{BOX}/{made['rn']}" in await rig.discover(BOX, ty=[4])
    assert (await rig.retrieve(made["ri"], "Cnobody")).status != Status.OK
    missed = FilterCriteria({"lbl": ["x"]})
    assert (await rig.retrieve(made["ri"], "Cae1", fc=missed)).status == Status.NOT_FOUND
    assert only(await rig.retrieve(made["ri"], "Cae1"))["con"] == "a"
    assert await held(rig) == []


@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True])
async def test_cnt_13_count_is_positive(rig: Rig, value: Any) -> None:
    await box(rig)
    assert (await rig.create(BOX, 4, {"con": "x", "dcnt": value}, "Cae1")).status == Status.BAD_REQUEST
    assert await counters(rig) == (0, 0, 0)


async def test_cnt_13_retrievals_at_once_get_it_as_often_as_it_counts() -> None:
    rig = await Rig.open(store=SlowStore())
    await rig.register()
    await box(rig)
    await fill(rig, "a", dcnt=3)
    answers = await asyncio.gather(*(rig.retrieve(f"{BOX}/la", "Cae1") for _ in range(6)))
    assert sorted(one.status for one in answers) == [Status.OK] * 3 + [Status.NOT_FOUND] * 3
    assert (await counters(rig))[:2] == (0, 0)
    await rig.close()


async def test_cnt_13_count_outlives_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await box(rig)
    await fill(rig, "a", dcnt=2)
    await rig.retrieve(f"{BOX}/la", "Cae1")
    await rig.close()
    rig = await Rig.open(store=store)
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["dcnt"] == 1
    assert (await rig.retrieve(f"{BOX}/la", "Cae1")).status == Status.NOT_FOUND
    await rig.close()


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
