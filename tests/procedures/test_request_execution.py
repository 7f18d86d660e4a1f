"""Requests that are done later: when, instead of which, not at all, and what a restart makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.primitive import Operation, RequestPrimitive
from resources.status import Status
from tests.procedures.modes import (
    COMPLETED,
    FAILED,
    FORWARDED,
    PENDING,
    DyingStore,
    asked,
    created,
    exists,
    fetched,
    killed,
)
from tests.rig import ADMIN, Rig, only, settle

SINK = "http://sink.example/results"
ACKNOWLEDGED = Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    store = DyingStore()
    rig = await Rig.open(store=store)
    await rig.register("Cae1", rr=True, poa=["http://ae1.example"])
    yield rig
    if not store.dead:
        await rig.close()


async def test_ord_2_an_operation_waits_for_its_time(rig: Rig) -> None:
    address = await created(rig, operation_execution=rig.at(60))
    await rig.clock.advance(59)
    assert not await exists(rig, "cse/c")
    assert (await fetched(rig, address))["rs"] == PENDING
    await rig.clock.advance(2)
    assert await exists(rig, "cse/c")
    assert (await fetched(rig, address))["rs"] == COMPLETED


async def test_ord_2_a_blocking_caller_keeps_waiting(rig: Rig) -> None:
    waiting = asyncio.ensure_future(rig.create("cse", 3, {"rn": "c"}, operation_execution="60000", request_id="r1"))
    await rig.clock.advance(59)
    assert not waiting.done()
    await rig.clock.advance(2)
    response = await waiting
    assert (response.status, response.request_id) == (Status.CREATED, "r1")
    assert await rig.discover("cse", ty=[17]) == []


async def test_ord_2_a_blocking_caller_does_not_wait_for_hours(rig: Rig) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, operation_execution="3700000")).status == Status.BAD_REQUEST


@pytest.mark.parametrize("oet", ["-5000", "20200101T000000", "0"])
@pytest.mark.parametrize("rt", [1, 3, 4])
async def test_ord_2_a_time_that_is_past_means_at_once(rig: Rig, oet: str, rt: int) -> None:
    response = await rig.create("cse", 3, {"rn": "c"}, operation_execution=oet, response_type=rt)
    assert response.status == (ACKNOWLEDGED if rt == 1 else Status.CREATED)
    assert await exists(rig, "cse/c")


async def test_ord_2_flex_does_not_keep_the_caller_waiting_for_a_time(rig: Rig) -> None:
    response = await rig.create("cse", 3, {"rn": "c"}, operation_execution="5000", response_type=4)
    assert response.status == ACKNOWLEDGED


async def test_ord_2_times_are_those_of_the_arrival(rig: Rig) -> None:
    address = await created(rig, operation_execution="60000", request_expiration="120000")
    meta = (await fetched(rig, address))["mi"]
    assert rig.at(59) < meta["oet"] < rig.at(61)
    assert rig.at(119) < meta["rqet"] < rig.at(121)


@pytest.mark.parametrize("rt", [1, 2, 3, 4])
@pytest.mark.parametrize("times", [{"request_expiration": "1000"}, {"result_expiration": "1000"}])
async def test_v5_oet_is_not_later_than_rqet_and_rset(rig: Rig, rt: int, times: dict[str, str]) -> None:
    refused = await rig.create("cse", 3, {"rn": "c"}, operation_execution="2000", response_type=rt, **times)
    assert refused.status == Status.BAD_REQUEST


@pytest.mark.parametrize("oet", ["soon", "", "99999999999999999999", "9" * 400, "20991301T000000", "99990101T000000"])
async def test_v5_oet_that_is_no_time_or_too_late(rig: Rig, oet: str) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, operation_execution=oet, response_type=1)).status \
        == Status.BAD_REQUEST


@pytest.mark.parametrize(("name", "value"), [
    ("result_persistence", "99990101T000000"), ("result_persistence", "9" * 18), ("result_persistence", "-5"),
    ("result_expiration", "9" * 18), ("request_expiration", "9" * 18),
])
async def test_rtp_5_extreme_times_do_no_harm(rig: Rig, name: str, value: str) -> None:
    response = await rig.create("cse", 3, {"rn": "c"}, response_type=1, **{name: value})
    assert response.status in (ACKNOWLEDGED, Status.BAD_REQUEST)
    assert (await exists(rig, "cse/c")) == (response.status == ACKNOWLEDGED)


async def test_fwd_4_a_request_that_expires_before_it_is_done_is_not_done(rig: Rig) -> None:
    address = await created(rig, operation_execution=rig.at(60), request_expiration=rig.at(61))
    rig.clock.now += 70  # nobody was awake at that time
    await rig.clock.advance(1)
    request = await fetched(rig, address)
    assert (request["rs"], request["ors"]["rsc"]) == (FAILED, Status.REQUEST_TIMEOUT)
    assert not await exists(rig, "cse/c")


async def test_fwd_4_what_has_expired_on_arrival_is_4008(rig: Rig) -> None:
    for name in ("request_expiration", "result_expiration"):
        refused = await rig.create("cse", 3, {"rn": "c"}, response_type=1, **{name: "-1"})
        assert refused.status == Status.REQUEST_TIMEOUT


async def test_rtp_9_best_effort_and_latest_wait_a_while(rig: Rig) -> None:
    for category, name in ((3, "a"), (4, "b")):
        await created(rig, name, event_category=category)
        assert not await exists(rig, f"cse/{name}")
    await rig.clock.advance(1.1)
    assert await exists(rig, "cse/a")
    assert await exists(rig, "cse/b")


@pytest.mark.parametrize("category", [None, 2, 100])
async def test_rtp_9_immediate_and_all_others_do_not_wait(rig: Rig, category: int | None) -> None:
    await created(rig, event_category=category)
    assert await exists(rig, "cse/c")


async def test_rtp_9_a_blocking_caller_does_not_wait(rig: Rig) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, event_category=3)).status == Status.CREATED


async def test_rtp_9_the_latest_replaces_the_one_that_waits(rig: Rig) -> None:
    async def change(value: str, **more: Any) -> str:
        return await asked(rig, Operation.UPDATE, "cse/cae1", "Cae1", content={"m2m:ae": {"apn": value}}, **more)

    first = await change("first", event_category=4, rt=2, notification_targets=[SINK])
    other = await change("other", event_category=3)
    second = await change("second", event_category=4)
    replaced = await fetched(rig, first, "Cae1")
    assert (replaced["rs"], replaced["ors"]["rsc"]) == (FAILED, Status.CONFLICT)
    assert "taken the place" in replaced["ors"]["pc"]["m2m:dbg"]
    assert rig.sink.contents(SINK)[0]["m2m:rsp"]["rsc"] == Status.CONFLICT
    await rig.clock.advance(1.1)
    for address in (other, second):
        assert (await fetched(rig, address, "Cae1"))["rs"] == COMPLETED
    assert only(await rig.retrieve("cse/cae1"))["apn"] == "second"


async def test_rtp_9_the_latest_replaces_no_other_target_and_no_other_originator(rig: Rig) -> None:
    await rig.register("Cae2")
    addresses = [await asked(rig, Operation.RETRIEVE, to, fr, event_category=4)
                 for to, fr in (("cse", "Cae1"), ("cse", "Cae2"), ("cse/cae1", "Cae1"), ("cse/cae2", "Cae2"))]
    await rig.clock.advance(1.1)
    for address in addresses:
        assert (await fetched(rig, address))["rs"] == COMPLETED


async def test_rtp_9_the_buffer_can_be_switched_off() -> None:
    rig = await Rig.open(buffer_s=0.0)
    await created(rig, event_category=3)
    assert await exists(rig, "cse/c")
    await rig.close()


async def test_rtp_7_delete_cancels_what_waits(rig: Rig) -> None:
    address = await created(rig, fr="Cae1", operation_execution="60000")
    assert (await rig.delete(address, "Cae1")).status == Status.DELETED
    await rig.clock.advance(70)
    assert not await exists(rig, "cse/c")
    assert not await exists(rig, address)


async def test_rtp_7_what_is_being_done_cannot_be_cancelled(rig: Rig) -> None:
    await rig.made("cse/cae1", 15, {"rn": "pch"}, "Cae1")
    address = await asked(rig, Operation.NOTIFY, "cse/cae1", content={"m2m:sgn": {"sur": "s"}})
    refused = await rig.delete(address)
    assert refused.status == Status.UNABLE_TO_RECALL_REQUEST
    assert (await fetched(rig, address))["rs"] == PENDING


async def test_rtp_7_what_is_done_can_be_deleted(rig: Rig) -> None:
    address = await created(rig)
    await fetched(rig, address)
    assert (await rig.delete(address)).status == Status.DELETED


async def test_rtp_4_and_7_a_request_at_another_cse_is_forwarded_and_cannot_be_cancelled(rig: Rig) -> None:
    gate = asyncio.Event()

    async def far(cse: str, request: RequestPrimitive) -> Any:
        await gate.wait()
        return await rig.cse.handle(RequestPrimitive(Operation.RETRIEVE, "cse", ADMIN, "x", "3"))

    rig.cse.core.ask_remote = far
    address = await asked(rig, Operation.RETRIEVE, "/far/base")
    assert (await fetched(rig, address))["rs"] == FORWARDED
    assert (await rig.delete(address)).status == Status.UNABLE_TO_RECALL_REQUEST
    again = await killed(rig)
    request = await fetched(again, address)
    assert (request["rs"], request["ors"]["rsc"]) == (FAILED, Status.REQUEST_TIMEOUT)
    await again.close()


async def test_ord_2_the_wait_goes_on_after_a_restart(rig: Rig) -> None:
    address = await created(rig, operation_execution=rig.at(60))
    again = await killed(rig)
    assert not await exists(again, "cse/c")
    await again.clock.advance(61)
    assert await exists(again, "cse/c")
    assert (await fetched(again, address))["rs"] == COMPLETED
    await again.close()


async def test_rtp_9_what_was_buffered_is_done_after_a_restart(rig: Rig) -> None:
    address = await created(rig, event_category=4, vendor_information="v")
    again = await killed(rig)
    assert (await fetched(again, address))["rs"] == COMPLETED
    await again.close()


async def test_rtp_5_results_and_cancellations_are_kept_over_a_clean_restart(rig: Rig) -> None:
    done, cancelled = await created(rig), await created(rig, "d", operation_execution="60000")
    before = await fetched(rig, done)
    await rig.delete(cancelled)
    store = rig.cse.core.committer.store
    await rig.close()
    again = await Rig.open(store=store, clock=rig.clock)
    assert await fetched(again, done) == before
    await again.clock.advance(61)
    assert not await exists(again, "cse/d")
    policy = (await fetched(again, await created(again, "e")))["acpi"]
    assert policy == before["acpi"]
    await again.close()


async def test_rtp_8_who_was_not_told_is_told_after_a_restart(rig: Rig) -> None:
    rig.sink.answer = lambda url, content: None
    address = await created(rig, rt=2, notification_targets=[SINK])
    again = await killed(rig)
    await settle()
    assert [one["m2m:rsp"]["rsc"] for one in again.sink.contents(SINK)] == [Status.CREATED]
    store = again.cse.core.committer.store
    await again.close()
    third = await Rig.open(store=store, clock=again.clock)
    await settle()
    assert third.sink.received == []
    assert (await fetched(third, address))["rs"] == COMPLETED
    await third.close()


async def prepared(rig: Rig) -> None:
    for name in ("a", "b", "x"):
        await rig.made("cse", 3, {"rn": name})
    await rig.made("cse/x", 4, {"con": "0"})
    await rig.made("cse", 9, {"rn": "g", "mnm": 5, "mid": ["cse/a", "cse/b"], "mt": 3})


OPERATIONS: dict[str, tuple[Operation, str, dict[str, Any], int, tuple[str, ...]]] = {
    "an instance": (Operation.CREATE, "cse/x", {"resource_type": 4, "content": {"m2m:cin": {"con": "1"}}},
                    Status.CREATED, ("st", "cni")),
    "a resource": (Operation.CREATE, "cse", {"resource_type": 3, "content": {"m2m:cnt": {"rn": "new"}}},
                   Status.CREATED, ()),
    "an update": (Operation.UPDATE, "cse/x", {"content": {"m2m:cnt": {"lbl": ["l"]}}}, Status.UPDATED, ("st",)),
    "a deletion": (Operation.DELETE, "cse/x/la", {}, Status.DELETED, ("cni",)),
    "a branch": (Operation.DELETE, "cse/b", {"result_content": 1}, Status.DELETED, ()),
    "a retrieval": (Operation.RETRIEVE, "cse/x", {}, Status.OK, ()),
    "a failure": (Operation.UPDATE, "cse/x", {"content": {"m2m:cnt": {"wrong": 1}}}, Status.BAD_REQUEST, ()),
    "a fan-out": (Operation.CREATE, "cse/g/fopt", {"resource_type": 4, "content": {"m2m:cin": {"con": "1"}}},
                  Status.OK, ()),
    "a deleting fan-out": (Operation.DELETE, "cse/g/fopt", {}, Status.OK, ()),
}


async def traces(rig: Rig, attributes: tuple[str, ...]) -> list[Any]:
    """What tells whether an operation was done once: the counters of the containers and who is there."""
    found: list[Any] = []
    for name in ("a", "b", "x", "new", "g"):
        response = await rig.retrieve(f"cse/{name}")
        if response.status == Status.OK:
            one = only(response)
            found.append((name, one.get("cni"), one.get("mid"), [one.get(each) for each in attributes]))
    return found


@pytest.mark.parametrize("kill_after", range(6))
@pytest.mark.parametrize("what", OPERATIONS)
async def test_rtp_3_a_kill_at_any_write_neither_loses_nor_repeats(rig: Rig, what: str, kill_after: int) -> None:
    operation, to, more, status, attributes = OPERATIONS[what]
    await prepared(rig)
    store = rig.cse.core.committer.store
    assert isinstance(store, DyingStore)
    reference = await Rig.open(store=store.survivor(), clock=rig.clock)
    await fetched(reference, await asked(reference, operation, to, **more))
    await settle(200)
    expected, untouched = await traces(reference, attributes), await traces(rig, attributes)
    await reference.close()
    store.left = kill_after
    rig.cse.core.committer._max_batch = 1  # each unit of work is a write
    asking = asyncio.ensure_future(rig.request(operation, to, response_type=1, **more))
    await settle(400)
    promised = asking.done()
    asking.cancel()
    again = await killed(rig)
    await settle(400)
    [*addresses] = await again.discover("cse", ty=[17])
    if promised:
        response = asking.result()
        assert response.status == ACKNOWLEDGED
        assert len(addresses) == 1
    for address in addresses:
        request = await fetched(again, address)
        assert (request["rs"] in (COMPLETED, FAILED), request["ors"]["rsc"]) == (True, status)
        if what in ("a fan-out", "a deleting fan-out"):
            done = Status.CREATED if operation is Operation.CREATE else Status.DELETED
            assert [one["rsc"] for one in request["ors"]["pc"]["m2m:agr"]["m2m:rsp"]] == [done, done]
    assert await traces(again, attributes) == (expected if addresses else untouched)
    await again.close()


async def test_rtp_1_flex_that_was_acknowledged_is_done_once_after_a_kill(rig: Rig) -> None:
    await prepared(rig)
    store = rig.cse.core.committer.store
    assert isinstance(store, DyingStore)
    asking = asyncio.ensure_future(rig.create("cse/g/fopt", 4, {"con": "1"}, response_type=4))
    # the first member's write hangs, so the answer does not come in time and the request is kept
    assert not asking.done()
    store.left = 0
    await rig.clock.advance(1.1)
    again = await killed(rig)
    await settle(200)
    counts = [only(await again.retrieve(f"cse/{name}"))["cni"] for name in ("a", "b")]
    assert counts in ([0, 0], [1, 1])
    await again.close()
    asking.cancel()
