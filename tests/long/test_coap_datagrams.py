"""Many mutated datagrams and streams against one CSE: nothing is raised, the service goes on, memory stays."""

from __future__ import annotations

import pytest

from tests.bindings.coap.storm import storm, storm_of_streams

COUNT, WARM_UP = 100_000, 10_000
STREAMS, STREAMS_WARM_UP = 10_000, 1_000


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_many_mutated_datagrams() -> None:
    outcome = await storm(2026, COUNT, WARM_UP)
    answers = {f"{code >> 5}.{code & 31:02}": count for code, count in sorted(outcome.answers.items())}
    print(f"answers {answers}, RSS growth {outcome.growth_bytes / 2**20:.1f} MiB after {WARM_UP} datagrams")
    assert outcome.unhandled == []
    assert outcome.serves
    assert outcome.growth_bytes <= 32 * 2**20


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_many_mutated_streams() -> None:
    outcome = await storm_of_streams(2026, STREAMS, STREAMS_WARM_UP)
    print(f"answers {outcome.answers}, RSS growth {outcome.growth_bytes / 2**20:.1f} MiB after {STREAMS_WARM_UP}")
    assert outcome.unhandled == []
    assert outcome.serves
    assert outcome.serves_streams
    assert outcome.growth_bytes <= 32 * 2**20
