"""Notifications: ends of subscriptions, targets that fail, writes that fail, restarts (SUB-26, SUB-27, AE-7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, told, values, with_box
from tests.rig import Rig, only, settle
from tests.storage.gated import GatedStore


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


# SUB-26: the end of a subscription


async def test_sub_26_deletion_tells_the_subscriber_and_drops_what_waits(rig: Rig) -> None:
    await subscribe(rig, su="http://sink/su")
    gate = Gate(rig.sink)
    await put(rig, 1, 2, 3)
    await rig.delete(f"{BOX}/s", "Cae1")
    assert len(await outbox(rig)) == 2  # the one under way and the notice
    gate.open.set()
    await settle()
    assert values(rig) == [1]
    assert told(rig, "http://sink/su") == [{"sud": True, "sur": f"/banyan/{BOX}/s"}]
    assert await outbox(rig) == []


async def test_sub_26_deletion_drops_what_could_not_be_delivered(rig: Rig) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.delete(f"{BOX}/s", "Cae1")
    assert await outbox(rig) == []
    rig.sink.answer = silent()
    await rig.clock.advance(60)
    assert rig.sink.contents() == []


async def test_sub_26_deletion_drops_a_batch_and_its_timer(rig: Rig) -> None:
    await subscribe(rig, bn={"dur": "PT5S"})
    await put(rig, 1, 2)
    await rig.delete(f"{BOX}/s", "Cae1")
    assert await outbox(rig) == []
    await rig.clock.advance(60)
    assert rig.sink.contents() == []
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_sub_26_to_the_subscriber_by_resource(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    await subscribe(rig, su="/banyan/Cae2")
    await rig.delete(BOX, "Cae1")
    assert len(told(rig, "http://ae/2")) == 1


async def test_sub_26_expiry_is_a_deletion(rig: Rig) -> None:
    await subscribe(rig, su="http://sink/su", et=rig.at(3))
    await rig.clock.advance(20)
    assert len(told(rig, "http://sink/su")) == 1
    await put(rig, 1)
    assert values(rig) == []


async def test_sub_26_nothing_is_matched_after_the_parent_is_gone(rig: Rig) -> None:
    await subscribe(rig)
    await rig.delete(BOX, "Cae1")
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await put(rig, 1)
    assert rig.sink.contents() == []


# SUB-27: failed deliveries


async def test_sub_27_tried_again_while_it_cannot_be_reached(rig: Rig) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.clock.advance(3)
    assert values(rig) == []
    assert len(await outbox(rig)) == 2
    rig.sink.answer = silent()
    await rig.clock.advance(8)
    assert values(rig) == [1, 2]
    assert await outbox(rig) == []


@pytest.mark.parametrize("status", [Status.BAD_REQUEST, Status.NOT_FOUND, Status.INTERNAL_SERVER_ERROR])
async def test_sub_27_an_answer_is_final(rig: Rig, status: Status) -> None:
    await subscribe(rig)
    rig.sink.answer = lambda url, content: status
    await put(rig, 1)
    await rig.clock.advance(60)
    assert len(rig.sink.contents(SINK)) == 1
    assert await outbox(rig) == []
    assert (await rig.retrieve(f"{BOX}/s", "Cae1")).status == Status.OK


async def test_sub_27_given_up_in_the_end(rig: Rig) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    await put(rig, 1)
    await rig.clock.advance(30)
    assert await outbox(rig) == []
    assert rig.cse.core.notifier.delivery.pending == 0
    rig.sink.answer = silent()
    await put(rig, 2)
    assert values(rig) == [2]


async def test_sub_27_a_dead_target_keeps_a_bounded_queue(rig: Rig) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    longest = 0
    for number in range(300):
        await put(rig, number)
        await rig.clock.advance(1)
        longest = max(longest, rig.cse.core.notifier.delivery.pending, len(await outbox(rig)))
    assert longest <= 40
    await rig.clock.advance(40)
    assert await outbox(rig) == []


async def test_sub_27_a_slow_target_loses_nothing(rig: Rig) -> None:
    await subscribe(rig)
    gate = Gate(rig.sink)
    await put(rig, *range(20))
    await rig.clock.advance(600)
    gate.open.set()
    await settle(200)
    assert values(rig) == list(range(20))


@pytest.mark.parametrize("attributes", [{"rr": False, "poa": ["http://ae/2"]}, {"rr": True}, {"poa": ["coap://ae/2"]}])
async def test_ae_7_a_target_without_a_way_is_unreachable(rig: Rig, attributes: dict[str, Any]) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    await subscribe(rig, nu=["Cae2", SINK])
    await rig.update("cse/cae2", {"m2m:ae": {"poa": None, **attributes}}, "Cae2")
    await put(rig, 1)
    assert values(rig, "http://ae/2") == []
    assert values(rig) == [1]
    assert len(await outbox(rig)) == 1
    await rig.update("cse/cae2", {"m2m:ae": {"rr": True, "poa": ["http://ae/2"]}}, "Cae2")
    await rig.clock.advance(5)
    assert values(rig, "http://ae/2") == [1]


@pytest.mark.parametrize(("serializations", "understood"), [
    (["json"], True), (["xml", "json"], True), (["application/json"], True), (["xml"], False), (["cbor", "xml"], False),
])
async def test_ae_7_an_ae_is_sent_what_it_can_read(rig: Rig, serializations: list[str], understood: bool) -> None:
    await rig.register("Cae2", poa=["http://ae/2"], csz=serializations)
    notified = await rig.request(Operation.NOTIFY, "cse/cae2", content={"m2m:sgn": {"sur": "x"}})
    assert notified.status == (Status.OK if understood else Status.TARGET_NOT_REACHABLE)
    assert len(rig.sink.received) == understood


async def test_a_sender_that_breaks_does_not_end_the_delivery(rig: Rig) -> None:
    await subscribe(rig)

    def broken(url: str, content: dict[str, Any]) -> Status:
        raise RuntimeError("a bug in a binding")

    rig.sink.answer = broken
    await put(rig, 1)
    rig.sink.answer = silent()
    await put(rig, 2)
    assert values(rig) == [2]
    assert await outbox(rig) == []


async def test_an_ae_that_leaves_while_it_is_notified(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2", "http://ae/3"])
    await subscribe(rig, nu=["Cae2"])
    gate = Gate(rig.sink)
    gate.answer = silent("http://ae/2")
    await put(rig, 1, 2)
    await rig.delete("cse/cae2", "Cae2")
    gate.open.set()
    await settle()
    await rig.clock.advance(60)
    assert values(rig, "http://ae/3") == [1]
    assert await outbox(rig) == []
    await rig.register("Cae2", poa=["http://ae/2"])
    gate.answer = silent()
    await put(rig, 3)
    assert values(rig, "http://ae/2") == [3]


async def test_a_subscriber_that_deletes_its_container_when_notified(rig: Rig) -> None:
    await subscribe(rig, exc=1)
    deleted: list[ResponsePrimitive] = []

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        deleted.append(await rig.delete("cse/cae1", "Cae1"))
        return ResponsePrimitive(Status.OK, request.request_id)

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await settle()
    assert [one.status for one in deleted] == [Status.DELETED]
    assert await outbox(rig) == []


# nothing before it is durable, nothing lost


async def gated() -> tuple[Rig, GatedStore]:
    """A CSE over a store whose writes can be held up or fail, with a subscription."""
    store = GatedStore()
    rig = await with_box(store=store)
    await subscribe(rig)
    return rig, store


async def test_nothing_is_sent_before_it_is_durable() -> None:
    rig, store = await gated()
    store.gate.clear()
    request = asyncio.create_task(rig.create(BOX, 4, {"con": 1}, "Cae1"))
    await settle()
    assert not request.done()
    assert rig.sink.contents() == []
    store.gate.set()
    assert (await request).status == Status.CREATED
    assert values(rig) == [1]
    await rig.close()


async def test_nothing_is_sent_of_what_could_not_be_written() -> None:
    rig, store = await gated()
    before = only(await rig.retrieve(BOX, "Cae1"))
    store.failure = StoreError("disk full")
    for answer in (await rig.create(BOX, 4, {"con": 1}, "Cae1"), await rig.update(BOX, {"m2m:cnt": {"mni": 1}}, "Cae1"),
                   await rig.delete(BOX, "Cae1"), await rig.create(BOX, 3, {}, "Cae1")):
        assert answer.status == Status.INTERNAL_SERVER_ERROR
    await rig.clock.advance(60)
    assert rig.sink.contents() == []
    assert only(await rig.retrieve(BOX, "Cae1")) == before
    await rig.close()


async def test_a_failed_write_leaves_the_instances_as_they_were() -> None:
    rig, store = await gated()
    await rig.update(BOX, {"m2m:cnt": {"mni": 1}}, "Cae1")
    await put(rig, "kept")
    store.failure = StoreError("disk full")
    await rig.create(BOX, 4, {"con": "lost"}, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"mni": 0}}, "Cae1")
    await rig.delete(f"{BOX}/la", "Cae1")
    assert only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"] == "kept"
    assert only(await rig.retrieve(f"{BOX}/ol", "Cae1"))["con"] == "kept"
    assert only(await rig.retrieve(BOX, "Cae1"))["cni"] == 1
    await rig.close()


async def test_a_requester_that_has_gone_away_stops_no_notification() -> None:
    rig, store = await gated()
    store.gate.clear()
    request = asyncio.create_task(rig.create(BOX, 4, {"con": 1}, "Cae1"))
    await settle()
    request.cancel()
    await settle()
    store.gate.set()
    await settle()
    assert values(rig) == [1]
    assert await outbox(rig) == []
    await rig.close()


async def test_what_becomes_durable_while_the_cse_stops_is_sent_after_the_next_start() -> None:
    rig, store = await gated()
    store.gate.clear()
    request = asyncio.create_task(rig.create(BOX, 4, {"con": 1}, "Cae1"))
    await settle()
    closing = asyncio.create_task(rig.close())
    await settle()
    store.gate.set()
    await closing
    assert (await request).status == Status.CREATED
    await settle()
    assert rig.sink.contents() == []
    again = await Rig.open(store=store)
    await settle()
    assert values(again) == [1]
    assert await outbox(again) == []
    await again.close()


async def test_undelivered_notifications_survive_a_restart_in_order() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    await subscribe(rig, nu=[SINK, "http://sink/2"])
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    assert values(rig, "http://sink/2") == [1, 2, 3]
    await rig.close()
    rig = await Rig.open(store=store)
    await put(rig, 4)
    assert values(rig) == [1, 2, 3, 4]
    assert values(rig, "http://sink/2") == [4]
    assert await outbox(rig) == []
    await rig.close()


async def test_each_try_has_the_same_request_identifier_over_a_restart_too() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    await subscribe(rig)
    tried: list[str] = []

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        tried.append(request.request_id)
        raise Unreachable(f"{url} within {timeout_s} s")

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await rig.clock.advance(1.0)
    await rig.close()
    rig = await Rig.open(store=store)
    await put(rig, 2)
    again, other = (request.request_id for _, request, _ in rig.sink.received)
    assert len(tried) > 1
    assert {*tried, again} == {again}
    assert other != again
    await rig.close()


async def test_each_batch_has_a_request_identifier_of_its_own() -> None:
    rig = await with_box()
    await subscribe(rig, bn={"num": 2, "dur": "PT1H"})
    await put(rig, 1, 2, 3, 4)
    batches = [request.request_id for _, request, content in rig.sink.received if "m2m:agn" in content]
    assert len(batches) == len(set(batches)) == 2
    await rig.close()


async def test_only_the_latest_survives_a_restart() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    gate = Gate(rig.sink)
    rig.cse.core.settings.verify_subscriptions = False
    await subscribe(rig, ln=True)
    await put(rig, 1, 2)
    assert gate.waiting == 1
    await rig.close()
    rig = await Rig.open(store=store)
    await settle()
    assert values(rig) == [2]
    await rig.close()


async def test_a_sender_may_say_that_a_target_is_unreachable_at_any_time(rig: Rig) -> None:
    await subscribe(rig)
    tries = 0

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        if tries < 3:
            raise Unreachable(url)
        return ResponsePrimitive(Status.OK, request.request_id)

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await rig.clock.advance(10)
    assert tries == 3
    assert await outbox(rig) == []


async def test_secrets_in_the_url_of_a_target_are_not_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    await subscribe(rig, nu=["http://me:hidden@h/p?token=hidden"])
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST
    await put(rig, 1)
    assert "notification to h/p was not accepted" in caplog.text
    assert "hidden" not in caplog.text
