"""Everything that goes on by itself, killed and restarted under load: actions, processes, windows, queues, results."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from bindings.http.receiver import NotificationServer
from tests.robustness.world import World


@pytest.mark.parametrize(("seed", "rounds"), [
    pytest.param(1, 10, marks=pytest.mark.timeout(300)),
    pytest.param(2, 100, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
])
async def test_all_promises_hold_whenever_the_process_ends(tmp_path: Path, seed: int, rounds: int) -> None:
    """Of four ends three are kill -9, one is a clean stop."""
    chance, world = random.Random(seed), World(tmp_path)
    sink = NotificationServer("127.0.0.1", 0, world.take)
    world.sink = await sink.start()
    try:
        for number in range(rounds):
            async with world.process():
                if number == 0:
                    await world.prepare()
                how = signal.SIGTERM if number % 4 == 3 else signal.SIGKILL
                await world.load(chance.uniform(0.05, 0.6), how)
        async with world.process():
            assert await world.violations() == []
    finally:
        await sink.stop()
    print(f"\n{rounds} ends, " + ", ".join(f"{type(one).__name__} {one.sent}" for one in world.strands))
    assert all(one.sent > rounds for one in world.strands)
