"""Cumulative registers: golden vectors worked by hand, and that energy is conserved whatever is read."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipe.counters import Counter, Flag, Reading, Rejected, Rules, Step, align, settle

VECTORS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("counter_vectors.toml").read_text(encoding="utf-8"))["vector"]


def play(counter: Counter, readings: list[list[Any]]) -> tuple[list[Step], list[Rejected]]:
    """Give a counter its readings; what is held at the end counts for nothing."""
    found: list[Step | Rejected] = []
    for one in readings:
        found += counter.exchange(*one[1:]) if one[0] == "exchange" else counter.take(Reading(*one))
    found += counter.give_up()
    return [one for one in found if isinstance(one, Step)], [one for one in found if isinstance(one, Rejected)]


def test_there_are_at_least_forty_vectors() -> None:
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS) >= 40


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden(vector: dict[str, Any]) -> None:
    """The steps, what is rejected, and the sum in steps and in quarter hours."""
    counter = Counter(Rules(**vector.get("rules", {})))
    steps, rejected = play(counter, vector["readings"])
    held = settle(steps)
    assert [[one.start_s, one.end_s, one.count, " ".join(sorted(one.flags))] for one in held] == vector["steps"]
    assert [[one.reading.time_s, one.reading.count] for one in rejected] == vector.get("rejected", [])
    assert sum(one.count for one in held) == vector["counted"] == counter.total
    for width_s in (60, 900, 3600):
        intervals = align(steps, width_s)
        assert sum(one.count for one in intervals) == vector["counted"]
        assert all(one.count >= 0 and 0 < one.covered_s <= width_s for one in intervals)


MODULUS = 10_000
TRUTH = st.lists(st.tuples(st.integers(1, 3600), st.integers(0, 500)), min_size=1, max_size=60)


@given(TRUTH, st.randoms(use_true_random=False))
def test_whatever_the_order_the_sum_is_that_of_the_register(truth: list[tuple[int, int]], chance: Any) -> None:
    """A register that rolls over, read late and twice: steps add up to what went through it and leave no hole."""
    readings, time_s, count = [Reading(0, 0)], 0, 0
    for duration_s, counted in truth:
        time_s, count = time_s + duration_s, count + counted
        readings.append(Reading(time_s, count % MODULUS))
    counter = Counter(Rules(modulus=MODULUS, max_per_s=500.0 * 61))
    found = counter.take(readings[0])
    rest = readings[1:]
    if count < MODULUS:  # else a late reading may stand for a roll-over of its own
        chance.shuffle(rest)
    for one in (*rest, *rest):
        found += counter.take(one)
    steps = settle([one for one in found if isinstance(one, Step)])
    assert not [one for one in found if isinstance(one, Rejected)]
    assert sum(one.count for one in steps) == counter.total == count
    assert steps[0].start_s == 0
    assert steps[-1].end_s == time_s
    assert all(before.end_s == after.start_s for before, after in pairwise(steps))


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(-10, 2 * MODULUS)), max_size=60),
       st.sampled_from([Rules(), Rules(MODULUS, 1.0), Rules(None, 2.0, 5, 900.0), Rules(MODULUS, None, 3)]))
def test_no_garbage_makes_a_spike(readings: list[tuple[int, int]], rules: Rules) -> None:
    """Whatever is read, a step is never negative nor more than the rate allows, and the sum is kept."""
    steps, _ = play(Counter(rules), [list(one) for one in readings])
    held = settle(steps)
    assert all(rules.possible(one.count, one.end_s - one.start_s) for one in held if Flag.LATE not in one.flags)
    assert all(one.count >= 0 and one.end_s > one.start_s for one in held)
    assert sum(one.count for one in align(steps)) == sum(one.count for one in held)


def test_an_exchange_in_the_past_is_refused() -> None:
    counter = Counter()
    counter.take(Reading(100, 5))
    with pytest.raises(ValueError, match="read at 100, after that"):
        counter.exchange(50, 4, 0)


@pytest.mark.parametrize("wrong", [{"modulus": 0}, {"max_per_s": 0.0}, {"dip": -1}, {"gap_s": 0.0}])
def test_impossible_rules_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Rules(**wrong)


def test_intervals_are_those_of_the_clock() -> None:
    """A step from 10:07:30 on covers half of its first quarter hour; nothing is lost by rounding."""
    first, second, third = align([Step(450, 2250, 100)])
    assert (first.start_s, first.count, first.covered_s) == (0, 25, 450)
    assert (second.start_s, second.count, second.covered_s) == (900, 50, 900)
    assert (third.start_s, third.count, third.covered_s) == (1800, 25, 450)
    assert [one.count for one in align([Step(0, 2700, 10)])] == [3, 3, 4]
