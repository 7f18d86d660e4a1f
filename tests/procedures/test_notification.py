"""Notifications: what is sent, to whom, in which order, and when (SUB-20 … SUB-27, NOT-1, AE-7, AE-8)."""

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
from tests.rig import ADMIN, Rig, RigClock, Sink, only, settle
from tests.storage.gated import GatedStore

BOX = "cse/cae1/box"
SINK = "http://sink/a"


async def with_box(**settings: Any) -> Rig:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await Rig.open(**settings)
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    return rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


async def subscribe(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Subscribe to new instances."""
    return await rig.made(BOX, 23, {"rn": "s", "nu": [SINK], "enc": {"net": [3]}, **attributes}, "Cae1")


async def put(rig: Rig, *contents: Any) -> None:
    """New instances."""
    for content in contents:
        await rig.made(BOX, 4, {"con": content}, "Cae1")


def values(rig: Rig, url: str = SINK) -> list[Any]:
    """``con`` of the instances notified to a URL; a batch is a list."""
    return [con(one["m2m:sgn"]) if "m2m:sgn" in one else [con(part) for part in one["m2m:agn"]["m2m:sgn"]]
            for one in rig.sink.contents(url) if "sud" not in one.get("m2m:sgn", {})]


def con(notification: dict[str, Any]) -> Any:
    """``con`` of the instance in a notification."""
    return notification["nev"]["rep"]["m2m:cin"]["con"]


def told(rig: Rig, url: str) -> list[dict[str, Any]]:
    """Notices of deletion that came to a URL."""
    return [one["m2m:sgn"] for one in rig.sink.contents(url) if "sud" in one["m2m:sgn"]]


async def outbox(rig: Rig) -> list[Any]:
    """What the store holds for delivery."""
    await settle()
    return list(await rig.cse.core.committer.store.outbox())


class Gate(Sink):
    """A sink whose answers wait until it is open."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink.received, sink.answer)
        self.open = asyncio.Event()
        self.waiting = 0
        sink.send = self.send  # type: ignore[method-assign]

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Wait, then answer."""
        self.waiting += 1
        await self.open.wait()
        return await super().send(url, request, timeout_s=timeout_s)


def silent(*urls: str) -> Any:
    """An ``answer`` of a sink where some URLs cannot be reached."""
    return lambda url, content: None if url in urls else Status.OK


# SUB-20: content


@pytest.mark.parametrize(("nct", "expected"), [(1, {"mni", "lbl", "ri", "ct"}), (2, {"mni", "lbl"}), (3, None)])
async def test_sub_20_content_of_an_update(rig: Rig, nct: int, expected: set[str] | None) -> None:
    await rig.update(BOX, {"m2m:cnt": {"mbs": 9, "lbl": ["old"]}}, "Cae1")
    await subscribe(rig, enc={"net": [1]}, nct=nct)
    whole = only(await rig.update(BOX, {"m2m:cnt": {"mni": 3, "lbl": None}}, "Cae1"))
    _, request, content = rig.sink.received[-1]
    notification = content["m2m:sgn"]
    assert notification["sur"] == f"/banyan/{BOX}/s"
    assert notification["cr"] == "/banyan/Cae1"
    assert notification["nev"]["net"] == 1
    assert (request.operation, request.originator) == (Operation.NOTIFY, "/banyan")
    rep = notification["nev"]["rep"]
    if nct == 3:
        assert rep == {"m2m:uri": f"/banyan/{whole['ri']}"}
    elif nct == 1:
        assert rep == {"m2m:cnt": whole}
    else:
        changed = rep["m2m:cnt"]
        assert (changed["mni"], changed["lbl"]) == (3, None)
        assert changed.keys() <= {"mni", "lbl", "lt", "st"}


@pytest.mark.parametrize("net", [3, 4])
@pytest.mark.parametrize("ty", [3, 4])
async def test_sub_20_content_is_the_child(rig: Rig, net: int, ty: int) -> None:
    await subscribe(rig, enc={"net": [net]})
    await rig.made(BOX, 23, {"nu": [f"{SINK}/id"], "enc": {"net": [net]}, "nct": 3}, "Cae1")
    given = {"rn": "child", "con": "x"} if ty == 4 else {"rn": "child"}
    child = await rig.made(BOX, ty, given, "Cae1")
    await rig.delete(f"{BOX}/child", "Cae1")
    events = [one["m2m:sgn"]["nev"] for one in rig.sink.contents(SINK)]
    assert events[-1] == {"net": net, "rep": {"m2m:cin" if ty == 4 else "m2m:cnt": child}}
    assert [one["m2m:sgn"]["nev"] for one in rig.sink.contents(f"{SINK}/id")][-1] == {
        "net": net, "rep": {"m2m:uri": f"/banyan/{child['ri']}"}}


async def test_sub_20_content_is_the_deleted_resource(rig: Rig) -> None:
    subscription = await subscribe(rig, enc={"net": [2]}, su="http://sink/su")
    whole = only(await rig.retrieve(BOX, "Cae1"))
    await rig.delete("cse/cae1", "Cae1")
    ((content,), (notice,)) = rig.sink.contents(SINK), told(rig, "http://sink/su")
    assert content["m2m:sgn"]["nev"] == {"net": 2, "rep": {"m2m:cnt": whole}}
    assert notice == {"sud": True, "sur": f"/banyan/{BOX}/s"}
    assert (await rig.retrieve(subscription["ri"])).status == Status.NOT_FOUND
    assert await outbox(rig) == []


async def test_sub_20_no_creator_in_own_notifications(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    await put(rig, 1)
    (content,) = rig.sink.contents("http://ae/1")
    assert "cr" not in content["m2m:sgn"]


# SUB-21: targets


async def test_sub_21_one_for_each_target(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2", "http://sink/1?ct=json"])
    await put(rig, "a", "b")
    assert values(rig, "http://sink/2") == ["a", "b"]
    assert sorted(values(rig, "http://sink/1")) in (["a", "b"], ["a", "a", "b", "b"])


@pytest.mark.parametrize(("dead", "reached"), [
    pytest.param([], "http://ae/1", id="SUB-21 the first"),
    pytest.param(["http://ae/1"], "http://ae/2", id="SUB-21 the second"),
    pytest.param(["http://ae/1", "http://ae/2"], "http://ae/3", id="SUB-21 the third, after another scheme"),
])
async def test_sub_21_points_of_access_in_order(rig: Rig, dead: list[str], reached: str) -> None:
    points = ["http://ae/1", "http://ae/2", "coap://ae/x", "http://ae/3"]
    await rig.update("cse/cae1", {"m2m:ae": {"poa": points}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    rig.sink.answer = silent(*dead)
    await put(rig, "a")
    ((url, request, _),) = rig.sink.received
    assert (url, request.to) == (reached, "/banyan/Cae1")
    assert await outbox(rig) == []


async def test_sub_21_points_of_access_as_they_are_now(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/old"]}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    rig.sink.answer = silent("http://ae/old")
    await put(rig, "a")
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/new"]}}, "Cae1")
    await rig.clock.advance(2)
    assert values(rig, "http://ae/new") == ["a"]


async def test_sub_21_order_of_events_while_many_write(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2"])
    gate = Gate(rig.sink)
    await asyncio.gather(*(rig.create(BOX, 4, {"con": number}, "Cae1") for number in range(100)))
    assert gate.waiting == 2  # one at a time to each target
    gate.open.set()
    await settle(1000)
    stored = [one["con"] for one in only(await rig.retrieve(BOX, rcn=4))["m2m:cin"]]
    assert values(rig, "http://sink/1") == values(rig, "http://sink/2") == stored
    assert await outbox(rig) == []


async def test_sub_21_a_slow_target_holds_up_nobody_else(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/dead", SINK])
    rig.sink.answer = silent("http://sink/dead")
    await put(rig, 1, 2, 3)
    assert values(rig) == [1, 2, 3]


# SUB-22: policies


@pytest.mark.parametrize(("policy", "category"), [({"nec": 2}, 2), ({"nec": 100}, 100), ({}, None), ({"ln": True}, 4)])
async def test_sub_22_event_category(rig: Rig, policy: dict[str, Any], category: int | None) -> None:
    await subscribe(rig, **policy)
    await put(rig, 1)
    assert rig.sink.received[-1][1].event_category == category


async def test_sub_22_only_the_latest(rig: Rig) -> None:
    await rig.made(BOX, 23, {"nu": [SINK], "enc": {"net": [4]}}, "Cae1")
    await subscribe(rig, ln=True)
    gate = Gate(rig.sink)
    await put(rig, 1)
    await settle()
    await put(rig, 2, 3)
    await rig.delete(f"{BOX}/ol", "Cae1")
    await put(rig, 4)
    assert len(await outbox(rig)) == 3  # under way, the other subscription's, the latest
    gate.open.set()
    await settle()
    assert values(rig) == [1, 1, 4]
    assert await outbox(rig) == []


async def test_sub_22_the_latest_replaces_what_could_not_be_delivered(rig: Rig) -> None:
    await subscribe(rig, ln=True)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    assert len(await outbox(rig)) == 1
    rig.sink.answer = silent()
    await rig.clock.advance(1)
    assert values(rig) == [3]


async def test_sub_22_the_latest_of_a_burst(rig: Rig) -> None:
    await subscribe(rig, ln=True)
    await asyncio.gather(*(rig.create(BOX, 4, {"con": number}, "Cae1") for number in range(50)))
    await settle()
    assert values(rig)[-1] == only(await rig.retrieve(f"{BOX}/la", "Cae1"))["con"]
    assert len(values(rig)) < 50
    assert await outbox(rig) == []


async def test_sub_22_batch_by_number(rig: Rig) -> None:
    await subscribe(rig, bn={"num": 3})
    await put(rig, 1, 2)
    assert values(rig) == []
    assert len(await outbox(rig)) == 2
    await put(rig, 3, 4)
    assert values(rig) == [[1, 2, 3]]
    assert len(await outbox(rig)) == 1


async def test_sub_22_batch_by_duration(rig: Rig) -> None:
    await subscribe(rig, bn={"num": 100, "dur": "PT10S"})
    await rig.clock.advance(60)
    await put(rig, 1)
    await rig.clock.advance(6)
    await put(rig, 2)
    assert values(rig) == []
    await rig.clock.advance(5)
    assert values(rig) == [[1, 2]]
    await put(rig, 3)
    await rig.clock.advance(9)
    assert values(rig) == [[1, 2]]
    await rig.clock.advance(2)
    assert values(rig) == [[1, 2], [3]]
    assert await outbox(rig) == []


async def test_sub_22_a_full_batch_stops_its_timer(rig: Rig) -> None:
    await subscribe(rig, bn={"num": 2, "dur": "PT10S"})
    await put(rig, 1)
    await rig.clock.advance(9)
    await put(rig, 2, 3)
    await rig.clock.advance(2)
    assert values(rig) == [[1, 2]]
    await rig.clock.advance(9)
    assert values(rig) == [[1, 2], [3]]


async def test_sub_22_default_duration_of_a_batch() -> None:
    rig = await with_box(batch_duration_s=7.0)
    await subscribe(rig, bn={"num": 50})
    await put(rig, 1)
    await rig.clock.advance(6.5)
    assert values(rig) == []
    await rig.clock.advance(1)
    assert values(rig) == [[1]]
    await rig.close()


async def test_sub_22_batch_of_the_latest(rig: Rig) -> None:
    await subscribe(rig, bn={"num": 3}, ln=True)
    await put(rig, 1, 2, 3)
    assert values(rig) == [[3]]
    assert rig.sink.received[-1][1].event_category == 4
    assert await outbox(rig) == []


async def test_sub_22_batches_are_collected_for_each_target(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2"], bn={"num": 2})
    await put(rig, 1, 2)
    assert values(rig, "http://sink/1") == values(rig, "http://sink/2") == [[1, 2]]


@pytest.mark.parametrize("policy", [None, {"num": 2}, {"dur": "PT1S"}])
async def test_sub_22_a_changed_batch_policy_lets_go_what_was_collected(rig: Rig, policy: Any) -> None:
    await subscribe(rig, bn={"num": 9, "dur": "PT1H"})
    await put(rig, 1, 2)
    assert (await rig.update(f"{BOX}/s", {"m2m:sub": {"bn": policy}}, "Cae1")).status == Status.UPDATED
    await settle()
    assert values(rig) == [[1, 2]]
    await put(rig, 3)
    assert values(rig)[1:] == ([3] if policy is None else [])


async def test_sub_22_a_batch_survives_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock)
    await subscribe(rig, bn={"num": 3, "dur": "PT10S"})
    await put(rig, 1, 2)
    await rig.close()
    assert values(rig) == []
    rig = await Rig.open(store=store, clock=clock)
    await put(rig, 3)
    assert values(rig) == [[1, 2, 3]]
    await put(rig, 4)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock)
    await rig.clock.advance(11)
    assert values(rig) == [[4]]
    assert await outbox(rig) == []
    await rig.close()


# SUB-24: expiration counter


async def test_sub_24_the_counter_ends_the_subscription(rig: Rig) -> None:
    await rig.made(BOX, 23, {"nu": ["http://sink/parent"], "enc": {"net": [4], "chty": [23]}}, "Cae1")
    subscription = await subscribe(rig, exc=3, su="http://sink/su")
    await put(rig, 1, 2)
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 1
    await put(rig, 3, 4)
    assert values(rig) == [1, 2, 3]
    assert (await rig.retrieve(f"{BOX}/s", "Cae1")).status == Status.NOT_FOUND
    assert told(rig, "http://sink/su") == [{"sud": True, "sur": f"/banyan/{BOX}/s"}]
    (event,) = rig.sink.contents("http://sink/parent")
    assert event["m2m:sgn"]["nev"]["rep"]["m2m:sub"]["ri"] == subscription["ri"]
    assert await outbox(rig) == []


async def test_sub_24_what_waits_behind_the_last_one_is_dropped(rig: Rig) -> None:
    await subscribe(rig, exc=2)
    gate = Gate(rig.sink)
    await put(rig, 1, 2, 3, 4)
    gate.open.set()
    await settle()
    assert values(rig) == [1, 2]
    assert await outbox(rig) == []


@pytest.mark.parametrize("answer", [Status.BAD_REQUEST, Status.INTERNAL_SERVER_ERROR, None], ids=str)
async def test_sub_24_failures_are_not_counted(rig: Rig, answer: Status | None) -> None:
    await subscribe(rig, exc=2)
    rig.sink.answer = lambda url, content: answer
    await put(rig, 1, 2, 3)
    await rig.clock.advance(120)
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 2
    rig.sink.answer = silent()
    await put(rig, 4)
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 1


async def test_sub_24_a_batch_counts_once(rig: Rig) -> None:
    await subscribe(rig, exc=2, bn={"num": 2})
    await put(rig, 1, 2, 3)
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 1
    await put(rig, 4)
    assert values(rig) == [[1, 2], [3, 4]]
    assert (await rig.retrieve(f"{BOX}/s", "Cae1")).status == Status.NOT_FOUND


async def test_sub_24_verification_is_not_counted(rig: Rig) -> None:
    assert (await subscribe(rig, exc=1))["exc"] == 1
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 1


async def test_sub_24_the_counter_survives_a_restart() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    await subscribe(rig, exc=2)
    await put(rig, 1)
    await rig.close()
    rig = await Rig.open(store=store)
    assert only(await rig.retrieve(f"{BOX}/s", "Cae1"))["exc"] == 1
    await put(rig, 2, 3)
    assert values(rig) == [2]
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


# NOT-1


async def notify(rig: Rig, to: str, fr: str = ADMIN) -> ResponsePrimitive:
    """A NOTIFY of an originator."""
    return await rig.request(Operation.NOTIFY, to, fr, content={"m2m:sgn": {"nev": {"rep": {}, "net": 1}, "sur": "x"}})


async def test_not_1_to_the_cse(rig: Rig) -> None:
    for to in ("cse", "/banyan", "-"):
        assert (await notify(rig, to)).status == Status.OK
    assert (await notify(rig, "cse", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_not_1_to_an_ae_is_passed_on(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/dead", "http://ae/2"])
    rig.sink.answer = silent("http://ae/dead")
    assert (await notify(rig, "cse/cae2")).status == Status.OK
    ((url, request, content),) = rig.sink.received
    assert (url, request.to, request.originator) == ("http://ae/2", "/banyan/Cae2", f"/banyan/{ADMIN}")
    assert content["m2m:sgn"]["sur"] == "x"
    assert (await notify(rig, "Cae2", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert len(rig.sink.received) == 1


@pytest.mark.parametrize("status", [Status.BAD_REQUEST, Status.NOT_FOUND])
async def test_ae_8_the_answer_of_the_ae_is_passed_back(rig: Rig, status: Status) -> None:
    await rig.register("Cae2", poa=["http://ae/2", "http://ae/3"])
    rig.sink.answer = lambda url, content: status
    assert (await notify(rig, "Cae2")).status == status
    assert len(rig.sink.received) == 1


@pytest.mark.parametrize("attributes", [{"rr": False, "poa": ["http://ae/2"]}, {}, {"poa": ["http://ae/dead"]}])
async def test_ae_8_no_way_to_the_ae(rig: Rig, attributes: dict[str, Any]) -> None:
    await rig.register("Cae2", **attributes)
    rig.sink.answer = silent("http://ae/dead")
    assert (await notify(rig, "Cae2")).status == Status.TARGET_NOT_REACHABLE
    assert rig.sink.received == []


@pytest.mark.parametrize("to", [BOX, f"{BOX}/la", f"{BOX}/s", "cse/base-access"])
async def test_not_1_other_targets(rig: Rig, to: str) -> None:
    await subscribe(rig)
    await put(rig, 1)
    assert (await notify(rig, to)).status in (Status.OPERATION_NOT_ALLOWED, Status.BAD_REQUEST)


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
