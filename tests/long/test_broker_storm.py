"""Many malformed MQTT packets against the broker inside: nothing is raised, nothing hangs, memory stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bindings.broker.storm import storm

COUNT, WARM_UP = 22_000, 2_000


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_many_malformed_packets(tmp_path: Path) -> None:
    outcome = await storm(tmp_path, 2026, COUNT, WARM_UP)
    grown = outcome.growth_bytes / 2**20
    print(f"{outcome.connections} connections, RSS growth {grown:.1f} MiB after {WARM_UP} packets")
    assert outcome.unhandled == []
    assert (outcome.hung, outcome.left, outcome.serves) == (0, 0, True)
    assert outcome.growth_bytes <= 32 * 2**20
