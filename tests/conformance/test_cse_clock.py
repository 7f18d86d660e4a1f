"""Times of a case are told by the clock of the CSE."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conformance_tests.cse_clock import CseClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def learnt(*answers: tuple[str, float, float]) -> float:
    clock = CseClock()
    for creation_time, sent_s, received_s in answers:
        clock.learn(f"20261123T1200{creation_time}", NOON + sent_s, NOON + received_s)
    return round(clock.ahead_s, 6)


@pytest.mark.parametrize(
    ("answers", "ahead_s"),
    [
        ([], 0.0),
        ([("05,2", 5.0, 5.3)], 0.0),
        ([("05", 5.9, 5.99)], 0.0),
        ([("07,2", 5.0, 5.3)], 1.9),
        ([("07,2", 5.0, 5.3), ("09,1", 7.0, 7.1)], 2.0),
        ([("03,2", 5.0, 5.3)], -1.8),
        ([("03", 5.0, 5.3)], -1.0),
        ([("03", 5.0, 5.3), ("03", 5.9, 5.95)], -1.9),
    ],
    ids=["nothing", "equal", "equal-whole", "ahead", "ahead-and-sure", "behind", "behind-whole", "behind-and-sure"],
)
def test_the_difference_is_as_small_as_the_creation_times_permit(
    answers: list[tuple[str, float, float]], ahead_s: float
) -> None:
    assert learnt(*answers) == ahead_s


def test_what_is_no_time_and_a_clock_that_was_set_teach_nothing() -> None:
    assert learnt(("05,2", 15.0, 15.3), ("05,2", 1.0, 1.3)) == 0.0
    clock = CseClock()
    for wrong in (None, 7, "yesterday", "20261123T120000,x"):
        clock.learn(wrong, NOON, NOON)
    assert clock.ahead_s == 0.0
