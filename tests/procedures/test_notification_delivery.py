"""Points of access in their order, targets in trouble beside others, bounds of what waits (AE-7, SUB-25, SUB-27)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.client.transport import Unreachable
from cse.notifications.points import LATE_S, LONGEST_AVOIDED_S, MOST_DOUBTFUL, MOST_FAILED, MOST_SOUND, PointsOfAccess
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, values, with_box
from tests.rig import Rig, RigClock, settle

NEW = {"net": [3], "chty": [4]}
FIRST, SECOND, THIRD = WAYS = ["http://ae/1", "http://ae/2", "http://ae/3"]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


class Tries:
    """A sink that notes what is tried, also where nobody answers."""

    def __init__(self, rig: Rig) -> None:
        self.urls: list[str] = []
        self.dead: set[str] = set()
        rig.sink.answer = self.answer

    def answer(self, url: str, content: dict[str, Any]) -> Status | None:
        self.urls.append(url)
        return None if url in self.dead else Status.OK

    def taken(self) -> list[str]:
        """What was tried since this was asked last."""
        urls, self.urls = self.urls, []
        return urls


async def with_ways(rig: Rig) -> Tries:
    """An AE with three points of access that is notified."""
    await rig.register("Cae2", poa=WAYS)
    await subscribe(rig, nu=["Cae2"])
    return Tries(rig)


# points of access


async def test_ae_7_points_of_access_are_tried_in_their_order(rig: Rig) -> None:
    tries = await with_ways(rig)
    await put(rig, 1)
    assert tries.taken() == [FIRST]
    tries.dead = {FIRST, SECOND}
    await put(rig, 2)
    assert tries.taken() == [FIRST, SECOND, THIRD]


async def test_ae_7_the_one_that_answers_is_taken_for_a_while_and_then_the_first_again(rig: Rig) -> None:
    tries = await with_ways(rig)
    tries.dead = {FIRST}
    await put(rig, 1, 2, 3)
    assert tries.taken() == [FIRST, SECOND, SECOND, SECOND]
    await rig.clock.advance(6)
    await put(rig, 4)
    assert tries.taken() == [FIRST, SECOND]
    await rig.clock.advance(6)  # the pause grows
    await put(rig, 5)
    assert tries.taken() == [SECOND]
    tries.dead.clear()
    await rig.clock.advance(6)
    await put(rig, 6, 7)
    assert tries.taken() == [FIRST, FIRST]
    assert values(rig, SECOND) == [1, 2, 3, 4, 5]
    assert values(rig, FIRST) == [6, 7]


async def test_ae_7_one_that_failed_is_still_tried_when_no_other_answers(rig: Rig) -> None:
    tries = await with_ways(rig)
    tries.dead = {FIRST}
    await put(rig, 1)
    tries.dead = {SECOND, THIRD}
    tries.taken()
    await put(rig, 2)
    assert tries.taken() == [SECOND, THIRD, FIRST]


async def test_ae_7_the_order_of_events_is_kept_over_all_points_of_access(rig: Rig) -> None:
    tries = await with_ways(rig)
    expected = list(range(60))
    for number in expected:
        tries.dead = set(WAYS[: number % 4])  # none to all of them
        await put(rig, number)
        await rig.clock.advance(0.3)
    tries.dead.clear()
    await rig.clock.advance(20)
    arrived = [content["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for content in rig.sink.contents()]
    assert arrived == expected


async def test_ae_7_what_is_known_of_a_url_is_shared(rig: Rig) -> None:
    tries = await with_ways(rig)
    await rig.register("Cae3", poa=[FIRST, THIRD])
    await rig.made(BOX, 23, {"rn": "s3", "nu": ["Cae3"], "enc": NEW}, "Cae1")
    tries.dead = {FIRST}
    await put(rig, 1)
    tries.taken()
    await put(rig, 2)
    assert sorted(tries.taken()) == [SECOND, THIRD]


# what is remembered of URLs, and the places for requests


def test_the_memory_of_urls_is_bounded() -> None:
    points = PointsOfAccess(RigClock())
    for number in range(MOST_FAILED + 100):
        points.failed(f"http://h/{number}")
    assert points.failing == MOST_FAILED
    assert points.in_order(["http://h/0", "http://h/500", "x"]) == ["http://h/0", "x", "http://h/500"]


async def test_one_that_always_fails_is_asked_once_a_minute_in_the_end() -> None:
    clock = RigClock()
    points = PointsOfAccess(clock)
    asked = 0
    for _ in range(3600):
        if points.in_order(["a", "b"])[0] == "a":
            asked += 1
            points.failed("a")
        await clock.advance(1)
    assert 3600 / LONGEST_AVOIDED_S <= asked <= 3600 / LONGEST_AVOIDED_S + 10


async def test_requests_without_an_answer_leave_their_places_to_others() -> None:
    points = PointsOfAccess(RigClock())

    async def hang(url: str) -> None:
        async with points.place(url, 60):
            await asyncio.sleep(60)

    slow = [asyncio.create_task(hang(f"slow{number}")) for number in range(MOST_SOUND)]
    await settle()
    async with asyncio.timeout(10 * LATE_S), points.place("sound", 60):
        assert points.late >= 1
    async with asyncio.timeout(10 * LATE_S):
        while points.late < MOST_SOUND:  # noqa: ASYNC110 - a number has no event
            await asyncio.sleep(0.01)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert points.late == 0


async def test_those_that_failed_take_no_place_of_those_that_answer() -> None:
    points = PointsOfAccess(RigClock())

    async def hang(url: str) -> None:
        points.failed(url)
        async with points.place(url, math.inf):
            await asyncio.sleep(60)

    slow = [asyncio.create_task(hang(f"slow{number}")) for number in range(MOST_DOUBTFUL)]
    await settle()
    async with asyncio.timeout(5), points.place("sound", 60):
        assert points.late == 0
    points.failed("another")
    with pytest.raises(Unreachable, match="too many"):
        async with points.place("another", 0.01):
            pass
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    async with points.place("another", 0.01):
        pass


# targets in trouble


async def test_sub_27_a_target_without_an_answer_holds_up_nobody_else(rig: Rig) -> None:
    slow = [f"http://slow/{number}" for number in range(MOST_SOUND + 50)]
    for number in range(0, len(slow), 50):
        await rig.made(BOX, 23, {"rn": f"s{number}", "nu": slow[number : number + 50], "enc": NEW}, "Cae1")
    await subscribe(rig)
    send, released = rig.sink.send, asyncio.Event()

    async def hang(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        if url != SINK:
            await released.wait()
        return await send(url, request, timeout_s=timeout_s)

    rig.sink.send = hang  # type: ignore[method-assign]
    await put(rig, 1)
    async with asyncio.timeout(20 * LATE_S):
        while values(rig) != [1]:  # noqa: ASYNC110 - a list has no event
            await asyncio.sleep(0.01)
    released.set()
    await settle(400)
    assert [values(rig, url) for url in slow] == [[1]] * len(slow)


async def test_sub_27_a_dead_target_is_tried_less_and_less_however_much_there_is_for_it(rig: Rig) -> None:
    await subscribe(rig)
    tries = Tries(rig)
    tries.dead = {SINK}
    for number in range(120):
        await put(rig, number)
        await rig.clock.advance(1)
    assert len(tries.taken()) <= 25
    tries.dead.clear()
    await rig.clock.advance(8)
    assert values(rig)[-1] == 119
    assert values(rig) == sorted(values(rig))


async def test_sub_27_what_a_dead_target_loses_is_in_the_log_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    await put(rig, *range(50))
    await rig.clock.advance(60)
    lines = [record.getMessage() for record in caplog.records if record.name == "banyan.notifications"]
    assert lines == ["notification to http://sink/a was not accepted: 5103 TARGET_NOT_REACHABLE",
                     "notifications to http://sink/a: 50 were given up because it could not be reached"]
    assert rig.cse.core.notifier.delivery.given_up["unreachable"] == 50


# bounds


async def subscribed(rig: Rig, name: str, url: str, **policies: Any) -> None:
    """Subscribe to new instances under another name."""
    await rig.made(BOX, 23, {"rn": name, "nu": [url], "enc": NEW, "pn": 2, **policies}, "Cae1")


@pytest.mark.parametrize("policies", [{}, {"pn": 2}, {"bn": {"num": 1000, "dur": "PT1H"}}], ids=str)
async def test_sub_25_each_target_has_a_bound(policies: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    rig = await with_box(max_notifications_per_target=20)
    delivery = rig.cse.core.notifier.delivery
    await subscribe(rig, **policies)
    gate = Gate(rig.sink)
    for number in range(100):
        await put(rig, number)
        assert delivery.waiting[SINK] == delivery.pending == len(await outbox(rig)) <= 20
    assert delivery.given_up["target_full"] == 100 - delivery.pending
    assert "more than 20 notifications wait for one target" in caplog.text
    gate.open.set()
    await rig.clock.advance(3700)
    await settle(400)
    arrived = [one for part in values(rig) for one in (part if isinstance(part, list) else [part])]
    assert arrived[-18:] == list(range(82, 100))
    assert (delivery.waiting, delivery.pending) == ({}, 0)
    await rig.close()


async def test_sub_25_the_bound_is_that_of_the_target_over_all_its_subscriptions() -> None:
    rig = await with_box(max_notifications_per_target=20)
    for number in range(5):
        await subscribed(rig, f"s{number}", SINK)
    rig.sink.answer = silent(SINK)
    await put(rig, *range(10))
    assert rig.cse.core.notifier.delivery.waiting == {SINK: len(await outbox(rig))}
    assert len(await outbox(rig)) <= 20
    await rig.close()


async def test_sub_25_a_dead_target_pushes_nobody_out() -> None:
    rig = await with_box(max_notifications=100)
    dead, brief = "http://sink/dead", [f"http://sink/{number}" for number in range(8)]
    for number, url in enumerate(brief):
        await subscribed(rig, f"s{number}", url)
    await subscribed(rig, "dead", dead)
    rig.sink.answer = silent(dead, *brief)
    await put(rig, "first")
    for number in range(8):
        await rig.update(f"{BOX}/s{number}", {"m2m:sub": {"enc": {"net": [4]}}}, "Cae1")
    await put(rig, *range(300))
    delivery = rig.cse.core.notifier.delivery
    assert delivery.pending <= 100
    assert all(delivery.waiting[url] == 1 for url in brief)
    rig.sink.answer = silent(dead)
    await rig.clock.advance(600)
    assert [values(rig, url) for url in brief] == [["first"]] * 8
    assert delivery.given_up["full"] == 301 - delivery.waiting[dead]
    await rig.close()


async def test_sub_25_counts_agree_whatever_happens_to_what_waits() -> None:
    rig = await with_box(max_notifications=60, max_notifications_per_target=30)
    delivery = rig.cse.core.notifier.delivery
    policies: list[dict[str, Any]] = [{"pn": 1}, {"pn": 2}, {"bn": {"num": 3}}, {"ln": True}, {"pn": 2, "nsp": 4},
                                      {"rl": {"mnn": 1, "tww": "PT10S"}, "pn": 2}]
    urls = [f"http://sink/{number}" for number in range(len(policies))]
    for number, (url, policy) in enumerate(zip(urls, policies, strict=True)):
        given = {"rn": f"s{number}", "nu": [url, SINK], "enc": NEW, **policy}
        await rig.made(BOX, 23, given, "Cae1")
    for number in range(120):
        rig.sink.answer = silent(*[url for at, url in enumerate([*urls, SINK]) if (number >> at % 5) & 1])
        await put(rig, number)
        await rig.clock.advance(number % 7)
        if number == 60:
            await rig.delete(f"{BOX}/s1", "Cae1")
            await rig.update(f"{BOX}/s4", {"m2m:sub": {"nu": [urls[4]]}}, "Cae1")
        records = await outbox(rig)
        by_target: dict[str, int] = {}
        for record in records:
            by_target[record.target] = by_target.get(record.target, 0) + 1
        assert delivery.waiting == by_target
        assert delivery.pending == len(records)
    rig.sink.answer = silent()
    await rig.clock.advance(4000)
    assert (delivery.waiting, delivery.pending, await outbox(rig)) == ({}, 0, [])
    await rig.close()
