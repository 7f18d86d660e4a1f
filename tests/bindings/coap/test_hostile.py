"""A fixed sample of mutated datagrams; tests/long sends many more."""

from __future__ import annotations

import pytest

from tests.bindings.coap.storm import storm

COUNT = 1500


@pytest.mark.parametrize("seed", [1, 2])
async def test_mutated_datagrams_raise_nothing_and_the_service_goes_on(seed: int) -> None:
    outcome = await storm(seed, COUNT)
    assert outcome.unhandled == []
    assert outcome.serves
    assert {0x45, 0x82, 0x80, 0} <= outcome.answers.keys()
