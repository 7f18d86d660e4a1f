"""A fixed sample of mutated datagrams and streams; tests/long sends many more."""

from __future__ import annotations

import pytest

from tests.bindings.coap.storm import storm, storm_of_streams

COUNT, STREAMS = 1500, 150


@pytest.mark.parametrize("seed", [1, 2])
async def test_mutated_datagrams_raise_nothing_and_the_service_goes_on(seed: int) -> None:
    outcome = await storm(seed, COUNT)
    assert outcome.unhandled == []
    assert outcome.serves
    assert {0x45, 0x82, 0x80, 0} <= outcome.answers.keys()


async def test_mutated_streams_raise_nothing_and_the_service_goes_on() -> None:
    outcome = await storm_of_streams(1, STREAMS)
    assert outcome.unhandled == []
    assert outcome.serves
    assert outcome.serves_streams
    assert outcome.answers[True] > STREAMS // 2
