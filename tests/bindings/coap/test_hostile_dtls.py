"""A fixed sample of mutated handshakes; tests/long sends many more."""

from __future__ import annotations

import pytest

from tests.bindings.coap.storm_dtls import storm_of_handshakes

COUNT = 4000


@pytest.mark.parametrize("seed", [1, 2])
async def test_mutated_handshakes_raise_nothing_and_the_service_goes_on(seed: int) -> None:
    outcome = await storm_of_handshakes(seed, COUNT)
    assert outcome.unhandled == []
    assert outcome.serves
    assert outcome.serves_streams
    assert outcome.growth_bytes <= 64 * 2**20
    # Alerts, handshakes, contents came back, and handshakes came to their end.
    assert {21, 22, 23, -1} <= outcome.answers.keys()
