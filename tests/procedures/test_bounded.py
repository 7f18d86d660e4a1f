"""Work with an end: what it returns, what it raises, and that none outlives its time."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cse.bounded import Bounded, Overdue


def forever() -> None:
    """Work that does not end by itself, and does not want to be ended."""
    while True:
        try:
            while True:
                sum(range(100))
        except Exception:  # noqa: BLE001 - a library may do that
            pass


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "bounded"]


async def test_what_work_returns_and_raises() -> None:
    bounded = Bounded(5)
    assert await bounded.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await bounded.run(lambda: 1 // 0)
    with pytest.raises(RecursionError):
        await bounded.run(endless)
    assert threads() == []


def endless() -> int:
    return endless()


async def test_work_that_takes_too_long_ends() -> None:
    bounded, began = Bounded(0.1), time.monotonic()
    with pytest.raises(Overdue):
        await bounded.run(forever)
    assert threads() == []
    assert time.monotonic() - began < 5
    assert await bounded.run(lambda: "next") == "next"


async def test_who_no_longer_waits_leaves_no_thread() -> None:
    task = asyncio.create_task(Bounded(60).run(forever))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads() == []


async def test_one_after_the_other() -> None:
    bounded, running, most = Bounded(5), [0], [0]

    def work() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.01)
        running[0] -= 1

    await asyncio.gather(*(bounded.run(work) for _ in range(5)))
    assert most == [1]
