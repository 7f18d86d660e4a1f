"""Notifications: categories, batches, only the latest, the expiration counter (SUB-22, SUB-24)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, told, values, with_box
from tests.rig import Rig, RigClock, only, settle


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


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


async def test_sub_22_a_batch_ends_after_a_restart_when_it_would_have() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock)
    await subscribe(rig, bn={"dur": "PT10S"})
    await put(rig, 1)
    await rig.clock.advance(6)
    await put(rig, 2)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock)
    await rig.clock.advance(3)
    assert values(rig) == []
    await rig.clock.advance(1.5)
    assert values(rig) == [[1, 2]]
    await put(rig, 3)
    await rig.close()
    await rig.clock.advance(60)
    rig = await Rig.open(store=store, clock=clock)
    await rig.clock.advance(0.1)
    assert values(rig) == [[3]]
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
