"""Rate limit (``rl``): never more in a window than it says, nothing lost, also over restarts (SUB-22)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, values, with_box
from tests.rig import Rig, RigClock, settle
from tests.storage.gated import GatedStore

TWO_IN_TEN = {"mnn": 2, "tww": "PT10S"}


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


async def test_sub_22_the_rest_goes_in_the_next_windows(rig: Rig) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    await put(rig, 1, 2, 3, 4, 5)
    assert values(rig) == [1, 2]
    assert len(await outbox(rig)) == 3
    await rig.clock.advance(9)
    assert values(rig) == [1, 2]
    await rig.clock.advance(2)
    assert values(rig) == [1, 2, 3, 4]
    await rig.clock.advance(10)
    assert values(rig) == [1, 2, 3, 4, 5]
    assert await outbox(rig) == []


async def test_sub_22_a_window_begins_with_the_first_notification(rig: Rig) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    await rig.clock.advance(7)
    await put(rig, 1)
    await rig.clock.advance(6)
    await put(rig, 2, 3)
    assert values(rig) == [1, 2]
    await rig.clock.advance(5)
    assert values(rig) == [1, 2, 3]


async def test_sub_22_a_window_is_for_each_target(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2"], rl={"mnn": 1, "tww": "PT10S"})
    await put(rig, 1, 2)
    assert values(rig, "http://sink/1") == values(rig, "http://sink/2") == [1]


async def test_sub_22_never_more_in_any_window(rig: Rig) -> None:
    await subscribe(rig, rl={"mnn": 3, "tww": "PT4S"})
    arrived: list[float] = []

    def answer(url: str, content: dict[str, Any]) -> Status:
        arrived.append(rig.clock.now)
        return Status.OK

    rig.sink.answer = answer
    for number in range(60):
        await put(rig, number)
        await rig.clock.advance(0.5)
    await rig.clock.advance(200)
    assert values(rig) == list(range(60))
    begin, count = arrived[0], 0
    for moment in arrived:
        if moment >= begin + 4:
            begin, count = moment, 0
        count += 1
        assert count <= 3


async def test_sub_22_a_failed_delivery_takes_its_place_in_the_window(rig: Rig) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST
    await put(rig, 1, 2, 3)
    assert len(rig.sink.contents(SINK)) == 2
    await rig.clock.advance(11)
    assert len(rig.sink.contents(SINK)) == 3


async def test_sub_22_rate_and_a_target_that_is_away_for_a_moment(rig: Rig) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    await rig.clock.advance(5)
    rig.sink.answer = silent()
    await rig.clock.advance(4)
    assert values(rig) == [1, 2]
    await rig.clock.advance(60)
    assert values(rig) == [1, 2, 3]


@pytest.mark.parametrize("policy", [None, {"mnn": 100, "tww": "PT10S"}, {"mnn": 2, "tww": "PT0.1S"}])
async def test_sub_22_another_limit_holds_at_once(rig: Rig, policy: object) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    await put(rig, 1, 2, 3, 4)
    await rig.clock.advance(1)
    assert (await rig.update(f"{BOX}/s", {"m2m:sub": {"rl": policy}}, "Cae1")).status == Status.UPDATED
    await rig.clock.advance(0.5)
    assert values(rig) == [1, 2, 3, 4]


async def test_sub_22_deletion_drops_what_the_limit_holds_back(rig: Rig) -> None:
    await subscribe(rig, rl=TWO_IN_TEN)
    await put(rig, 1, 2, 3)
    await rig.delete(f"{BOX}/s", "Cae1")
    assert await outbox(rig) == []
    await rig.clock.advance(60)
    assert values(rig) == [1, 2]
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_sub_22_a_limited_subscription_holds_up_no_other(rig: Rig) -> None:
    await rig.made(BOX, 23, {"rn": "t", "nu": [SINK], "enc": {"net": [3], "chty": [4]}}, "Cae1")
    await subscribe(rig, rl={"mnn": 1, "tww": "PT1H"})
    await put(rig, 1, 2)
    assert sorted(values(rig)) == [1, 1, 2]


async def test_sub_22_the_window_survives_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock)
    await subscribe(rig, rl=TWO_IN_TEN)
    await put(rig, 1, 2, 3, 4, 5)
    await rig.clock.advance(4)
    await rig.close()
    assert values(rig) == [1, 2]
    rig = await Rig.open(store=store, clock=clock)
    await settle()
    assert values(rig) == []
    await rig.clock.advance(7)
    assert values(rig) == [3, 4]
    await rig.close()
    rig = await Rig.open(store=store, clock=clock)
    await rig.clock.advance(5)
    assert values(rig) == []
    await rig.clock.advance(6)
    assert values(rig) == [5]
    assert await outbox(rig) == []
    await rig.close()


async def test_sub_22_the_window_is_counted_before_anything_is_sent() -> None:
    store, clock = GatedStore(), RigClock()
    rig = await with_box(store=store, clock=clock)
    await subscribe(rig, rl={"mnn": 1, "tww": "PT1H"})
    gate = Gate(rig.sink)
    await put(rig, 1)
    assert gate.waiting == 1
    (record,) = [one for one in await store.load() if one.ty == 23]
    assert b'"rl"' in record.state
    await rig.close()  # killed before the answer came
    rig = await Rig.open(store=store, clock=clock)
    await settle()
    assert values(rig) == []
    await rig.clock.advance(3700)
    assert values(rig) == [1]
    await rig.close()


async def test_sub_22_nothing_is_sent_when_the_window_cannot_be_written() -> None:
    store = GatedStore()
    rig = await with_box(store=store)
    await subscribe(rig, rl={"mnn": 1, "tww": "PT5S"})
    await put(rig, 1, 2)
    store.failure = StoreError("disk full")
    await rig.clock.advance(60)
    assert values(rig) == [1]
    await rig.close()
