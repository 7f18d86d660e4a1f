"""Many mutated handshakes against one CSE: nothing is raised, the service goes on, memory stays."""

from __future__ import annotations

import pytest

from tests.bindings.coap.storm_dtls import storm_of_handshakes

COUNT, WARM_UP = 20_000, 4_000


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_many_mutated_handshakes() -> None:
    outcome = await storm_of_handshakes(2026, COUNT, WARM_UP)
    print(f"answers {outcome.answers}, RSS growth {outcome.growth_bytes / 2**20:.1f} MiB after {WARM_UP} datagrams")
    assert outcome.unhandled == []
    assert outcome.serves
    assert outcome.serves_streams
    assert outcome.growth_bytes <= 32 * 2**20
