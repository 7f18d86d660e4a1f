"""Moments on the injected clock."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from cse.timers import Timers
from tests.rig import RigClock


@pytest.fixture
def clock() -> RigClock:
    return RigClock(1000.0)


@pytest.fixture
async def timers(clock: RigClock) -> AsyncIterator[Timers]:
    timers = Timers(clock)
    yield timers
    await timers.stop()


async def test_callbacks_come_in_the_order_of_their_moments(timers: Timers, clock: RigClock) -> None:
    seen: list[str] = []
    for name, when_s in (("late", 1030.0), ("early", 1010.0), ("middle", 1020.0)):
        timers.at(name, when_s, lambda name=name: seen.append(name))  # type: ignore[misc]
    await clock.advance(15)
    assert seen == ["early"]
    await clock.advance(100)
    assert seen == ["early", "middle", "late"]
    assert timers.pending("late") is None


async def test_a_key_has_one_moment(timers: Timers, clock: RigClock) -> None:
    seen: list[int] = []
    timers.at("key", 1010.0, lambda: seen.append(1))
    timers.at("key", 1050.0, lambda: seen.append(2))
    assert timers.pending("key") == 1050.0
    await clock.advance(20)
    assert seen == []
    await clock.advance(40)
    assert seen == [2]


async def test_a_cancelled_key_is_never_called(timers: Timers, clock: RigClock) -> None:
    seen: list[int] = []
    timers.at("key", 1010.0, lambda: seen.append(1))
    assert timers.cancel("key")
    assert not timers.cancel("key")
    await clock.advance(60)
    assert seen == []


async def test_a_past_moment_is_now(timers: Timers, clock: RigClock) -> None:
    seen: list[int] = []
    timers.at("key", 1.0, lambda: seen.append(1))
    await clock.advance(0.1)
    assert seen == [1]


async def test_a_callback_may_set_the_next_moment(timers: Timers, clock: RigClock) -> None:
    seen: list[float] = []

    def tick() -> None:
        seen.append(round(clock.now))
        timers.at("tick", clock.now + 10, tick)

    timers.at("tick", 1010.0, tick)
    await clock.advance(35)
    assert seen == [1010, 1020, 1030]


async def test_a_failing_callback_leaves_the_others(
    timers: Timers, clock: RigClock, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    timers.at("bad", 1010.0, lambda: seen.append(1 // 0))
    timers.at("good", 1010.0, lambda: seen.append(1))
    with caplog.at_level(logging.CRITICAL, logger="banyan.timers"):
        await clock.advance(20)
    assert seen == [1]


async def test_nobody_is_called_while_moments_are_held(timers: Timers, clock: RigClock) -> None:
    seen: list[str] = []
    timers.hold()
    timers.at("past", 900.0, lambda: seen.append("past"))
    timers.at("later", 1010.0, lambda: seen.append("later"))
    await clock.advance(5)
    assert seen == []
    for _ in range(2):
        timers.go()
    await clock.advance(1)
    assert seen == ["past"]
    await clock.advance(5)
    assert seen == ["past", "later"]
