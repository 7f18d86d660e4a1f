"""20,000 hostile WebSocket frames: nothing unhandled, nothing logged, the service goes on, the memory stays."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.bindings.websocket.hostile import frames
from tests.bindings.websocket.served import url_of, whole_cse
from tests.bindings.websocket.storm import serves, storm

FRAMES = 20_000
#: Memory may grow by this much, in MiB.
GROWTH_MIB = 32


def resident_mib() -> float:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_hostile_frames(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    async with whole_cse() as node:
        await storm(url_of(node), frames(1000, seed=1))
        before = resident_mib()
        connections = await storm(url_of(node), frames(FRAMES, seed=2))
        assert await serves(url_of(node))
        grown = resident_mib() - before
    print(f"{FRAMES:,} frames over {connections:,} connections, memory +{grown:.1f} MiB")
    assert failures == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert grown <= GROWTH_MIB
