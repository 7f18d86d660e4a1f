"""The whole suite against our CSE: no case fails, and none is inconclusive."""

from __future__ import annotations

import pytest

from conformance_tests.verdict import Verdict
from tests.conformance.suite import catalogue, play, serving, verdicts, without_pass


@pytest.mark.timeout(600)
async def test_every_case_that_applies_passes() -> None:
    async with serving() as url:
        outcome = await play(url, catalogue().cases, seed=1)
    assert without_pass(outcome) == {}
    assert verdicts(outcome)[Verdict.PASS] >= 4000


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(20))
async def test_there_is_no_false_alarm_in_20_orders(seed: int) -> None:
    async with serving() as url:
        outcome = await play(url, catalogue().cases, seed=seed)
    print(f"seed {seed}: {dict(verdicts(outcome))} in {outcome.duration_s:.0f} s")
    assert without_pass(outcome) == {}
