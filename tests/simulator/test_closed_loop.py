"""A command of an AE through CSE, proxy and BACnet lowers the power of the building, and lets go of it."""

from __future__ import annotations

from bench.closed_loop import RAISE, RAISED, RELEASE, play, plot


async def test_a_raised_set_point_lowers_the_power() -> None:
    outcome = await play("light", 3600)
    assert outcome.results == 15 * ["done"] + 15 * ["released"]
    assert outcome.saved > 0.1
    before = outcome.mean(outcome.reference, RAISE - 2, RAISE)
    assert abs(outcome.mean(outcome.power, RAISE - 2, RAISE) / before - 1) < 0.02
    warmest = max(value for hour, value in outcome.temperature if hour < RELEASE)
    assert RAISED - 2 < warmest < RAISED + 2
    assert "polyline" in plot(outcome, "title")
