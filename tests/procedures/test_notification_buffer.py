"""Bounds of what waits: batches, the buffer and its priorities; past events; notices to ``acrs`` (SUB-22, 25, 26)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, told, values, with_box
from tests.rig import Rig, settle

LOW, HIGH = "http://sink/low", "http://sink/high"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE that keeps ten notifications at most, four in a batch."""
    rig = await with_box(max_notifications=10, max_notification_batch=4)
    yield rig
    await rig.close()


async def subscribed(rig: Rig, name: str, url: str, **policies: Any) -> None:
    """Subscribe to new instances under another name."""
    given = {"rn": name, "nu": [url], "enc": {"net": [3], "chty": [4]}, **policies}
    await rig.made(BOX, 23, given, "Cae1")


@pytest.mark.parametrize("batch", [{}, {"dur": "PT1H"}, {"num": 1000, "dur": "PT1H"}])
async def test_sub_22_a_batch_is_bounded(rig: Rig, batch: dict[str, Any]) -> None:
    await subscribe(rig, bn=batch)
    await put(rig, 1, 2, 3, 4, 5)
    assert values(rig) == [[1, 2, 3, 4]]


@pytest.mark.parametrize(("low", "high"), [
    pytest.param({}, {"nsp": 1}, id="SUB-25 none and some"),
    pytest.param({"nsp": 1}, {"nsp": 9}, id="SUB-25 less and more"),
    pytest.param({"nec": 3, "nsp": 9}, {"nsp": 1}, id="SUB-25 best effort goes first"),
])
async def test_sub_25_the_more_important_is_kept_longer(rig: Rig, low: dict[str, Any], high: dict[str, Any]) -> None:
    await subscribed(rig, "high", HIGH, pn=2, **high)
    await subscribed(rig, "low", LOW, pn=2, **low)
    rig.sink.answer = silent(LOW, HIGH)
    await put(rig, *range(8))
    assert len(await outbox(rig)) <= 10
    rig.sink.answer = silent()
    await rig.clock.advance(600)
    assert values(rig, HIGH) == list(range(8))
    kept = values(rig, LOW)
    assert kept == list(range(8 - len(kept), 8))
    assert kept


async def test_sub_25_the_oldest_goes_first_and_the_memory_is_bounded(rig: Rig) -> None:
    await subscribe(rig, pn=2)
    rig.sink.answer = silent(SINK)
    for number in range(100):
        await put(rig, number)
        assert rig.cse.core.notifier.delivery.pending == len(await outbox(rig)) <= 10
    rig.sink.answer = silent()
    await rig.clock.advance(600)
    assert values(rig) == list(range(100 - len(values(rig)), 100))
    assert len(values(rig)) >= 9
    assert rig.cse.core.notifier.delivery.pending == 0


@pytest.mark.parametrize("policy", [{}, {"bn": {"num": 3}}, {"rl": {"mnn": 1, "tww": "PT1H"}}], ids=str)
async def test_sub_25_whatever_it_waits_for(rig: Rig, policy: dict[str, Any]) -> None:
    await subscribe(rig, **policy)
    gate = Gate(rig.sink)
    await put(rig, *range(50))
    assert len(await outbox(rig)) <= 10
    gate.open.set()
    await settle(200)
    await rig.clock.advance(40)
    assert rig.cse.core.notifier.delivery.pending == len(await outbox(rig))


async def test_sub_25_notices_of_deletion_are_never_given_up(rig: Rig) -> None:
    for number in range(12):
        await subscribed(rig, f"s{number}", SINK, su=f"http://sink/su{number}")
    gate = Gate(rig.sink)
    await rig.delete(BOX, "Cae1")
    gate.open.set()
    await settle(200)
    assert all(len(told(rig, f"http://sink/su{number}")) == 1 for number in range(12))


async def test_sub_25_past_events_are_not_kept(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    await put(rig, 1, 2)
    subscription = await subscribe(rig, psn=2)
    assert subscription["psn"] == 2
    assert "past events are not kept" in caplog.text
    await put(rig, 3)
    assert values(rig) == [3]


@pytest.mark.parametrize("policy", [
    {"bn": {"dur": "P99999999999Y"}}, {"bn": {"num": 10**15, "dur": "PT0S"}},
    {"rl": {"mnn": 10**15, "tww": "P99999999Y"}}, {"rl": {"mnn": 1, "tww": "PT0.000001S"}},
    {"nsp": 10**15}, {"exc": 10**15}, {"ln": False, "pn": 1, "nec": 100},
], ids=str)
async def test_sub_22_extreme_values_do_no_harm(rig: Rig, policy: dict[str, Any]) -> None:
    await subscribe(rig, nse=True, **policy)
    await put(rig, *range(8))
    await rig.clock.advance(60)
    arrived = [one for part in values(rig) for one in (part if isinstance(part, list) else [part])]
    assert sorted(arrived) == [*range(8)] or len(await outbox(rig)) + len(arrived) == 8
    await rig.delete(f"{BOX}/s", "Cae1")
    assert await outbox(rig) == []


# SUB-26: associated crossResourceSubscriptions


async def test_sub_26_every_acrs_entry_is_told_of_the_deletion(rig: Rig) -> None:
    await subscribe(rig, acrs=["http://sink/crs1", "http://sink/crs2"], su="http://sink/su")
    await rig.delete(f"{BOX}/s", "Cae1")
    for url in ("http://sink/crs1", "http://sink/crs2", "http://sink/su"):
        assert told(rig, url) == [{"sud": True, "sur": f"/banyan/{BOX}/s"}]


@pytest.mark.parametrize("left", [["http://sink/crs2"], None])
async def test_sub_26_an_acrs_entry_that_is_taken_out_is_told(rig: Rig, left: list[str] | None) -> None:
    await subscribe(rig, acrs=["http://sink/crs1", "http://sink/crs2"])
    answer = await rig.update(f"{BOX}/s", {"m2m:sub": {"acrs": left}}, "Cae1")
    assert answer.status == Status.UPDATED
    assert len(told(rig, "http://sink/crs1")) == 1
    assert len(told(rig, "http://sink/crs2")) == (left is None)
    await put(rig, 1)
    assert values(rig) == [1]


async def test_sub_26_deletion_of_an_ae_with_a_cross_resource_subscription_as_target(rig: Rig) -> None:
    await subscribe(rig, acrs=["cse/cae1/nothing", "Cae1"], nu=[SINK], su="Cae1")
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    await rig.clock.advance(60)
    assert await outbox(rig) == []


# other attributes


async def test_group_id_is_kept_as_it_is_given(rig: Rig) -> None:
    assert (await subscribe(rig, gpi="cse/g"))["gpi"] == "cse/g"
    await put(rig, 1)
    assert values(rig) == [1]


async def test_sub_33_the_forwarding_address_is_in_the_notification(rig: Rig) -> None:
    await subscribe(rig, nfu="http://sink/forward")
    await put(rig, 1)
    (content,) = rig.sink.contents(SINK)
    assert content["m2m:sgn"]["nfu"] == "http://sink/forward"
