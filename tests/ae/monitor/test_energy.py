import math
import random

import pytest

from ae_samples.monitor.energy import Counter, Increment, Reading, Register, Splitter, Verdict, resume
from ae_samples.monitor.intervals import Interval

QUARTER = 900.0
START = 1_425_250_800.0  # a full hour


def register(**changes: float) -> Register:
    return Register(**{"size_kwh": 2.0**32 / 1000, "max_power_kw": 1000.0, "step_kwh": 0.001} | changes)


def feed(counter: Counter, *readings: tuple[float, float]) -> list[tuple[Verdict, float | None]]:
    result = []
    for minutes, kwh in readings:
        verdict, increment = counter.read(Reading(START + minutes * 60, kwh))
        result.append((verdict, None if increment is None else round(increment.kwh, 6)))
    return result


def test_a_growing_register_is_counted() -> None:
    assert feed(Counter(register()), (0, 100.0), (15, 140.0), (30, 140.0)) == [
        (Verdict.FIRST, None), (Verdict.ACCEPTED, 40.0), (Verdict.ACCEPTED, 0.0),
    ]  # fmt: skip


def test_a_rollover_is_counted_across_the_end_of_the_register() -> None:
    size = 2.0**32 / 1000
    assert feed(Counter(register()), (0, size - 10), (15, 25.0), (30, 60.0)) == [
        (Verdict.FIRST, None), (Verdict.ACCEPTED, 35.0), (Verdict.ACCEPTED, 35.0),
    ]  # fmt: skip


def test_a_reset_far_from_the_end_is_no_rollover_and_adds_no_energy_for_the_unknown_time() -> None:
    assert feed(Counter(register()), (0, 5000.0), (15, 5040.0), (30, 12.0), (45, 50.0), (60, 90.0)) == [
        (Verdict.FIRST, None), (Verdict.ACCEPTED, 40.0), (Verdict.HELD, None), (Verdict.RESET, 38.0),
        (Verdict.ACCEPTED, 40.0),
    ]  # fmt: skip


def test_a_replaced_meter_with_a_higher_count_is_a_reset() -> None:
    assert feed(Counter(register()), (0, 5000.0), (15, 700_000.0), (30, 700_030.0)) == [
        (Verdict.FIRST, None), (Verdict.HELD, None), (Verdict.RESET, 30.0),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [0.0, 3.2, 4_000_000.0, -1.0])
def test_a_glitch_is_dropped_and_no_energy_is_lost(wrong: float) -> None:
    assert feed(Counter(register()), (0, 5000.0), (15, wrong), (30, 5080.0)) == [
        (Verdict.FIRST, None), (Verdict.HELD, None), (Verdict.ACCEPTED, 80.0),
    ]  # fmt: skip


def test_a_fall_without_a_known_size_is_never_a_rollover() -> None:
    counter = Counter(Register(size_kwh=None, max_power_kw=1000.0))
    assert feed(counter, (0, 4_294_960.0), (15, 5.0))[-1] == (Verdict.HELD, None)


def test_duplicates_and_late_readings_add_nothing() -> None:
    readings = (0, 100.0), (15, 140.0), (15, 140.0), (10, 130.0), (15, 141.0), (30, 180.0)
    assert feed(Counter(register()), *readings) == [
        (Verdict.FIRST, None), (Verdict.ACCEPTED, 40.0), (Verdict.DUPLICATE, None), (Verdict.LATE, None),
        (Verdict.DUPLICATE, None), (Verdict.ACCEPTED, 40.0),
    ]  # fmt: skip


def test_a_clock_set_back_starts_anew_after_two_readings() -> None:
    counter = Counter(register())
    feed(counter, (0, 100.0), (15, 140.0))
    assert feed(counter, (-5000, 10.0), (-4985, 20.0)) == [(Verdict.HELD, None), (Verdict.RESET, 10.0)]


def test_a_held_reading_that_comes_twice_stays_held() -> None:
    counter = Counter(register())
    feed(counter, (0, 5000.0))
    assert feed(counter, (15, 1.0), (15, 1.0), (30, 2.0))[1:] == [(Verdict.HELD, None), (Verdict.RESET, 1.0)]


def increment(from_min: float, to_min: float, kwh: float, base: float = 0.0) -> Increment:
    return Increment(Reading(START + from_min * 60, base), Reading(START + to_min * 60, base + kwh), kwh)


def test_energy_is_split_at_the_border_linear_in_time() -> None:
    splitter = Splitter()
    assert splitter.add(increment(0, 10, 10.0)) == []
    closed = splitter.add(increment(10, 20, 30.0, base=10.0))
    assert closed == [Interval(START, START + QUARTER, 25.0, register=25.0)]
    assert splitter.open is not None
    assert splitter.open.kwh == 15.0


def test_a_reading_on_the_border_closes_the_interval() -> None:
    splitter = Splitter()
    assert [i.kwh for i in splitter.add(increment(0, 15, 40.0))] == [40.0]
    assert splitter.open is None


def test_a_start_within_an_interval_makes_it_incomplete() -> None:
    first, second = Splitter().add(increment(5, 30, 25.0))
    assert (first.kwh, first.complete) == (10.0, False)
    assert (second.kwh, second.complete) == (15.0, True)


def test_a_long_gap_is_spread_and_marked_as_estimated() -> None:
    closed = Splitter(max_gap_s=1800).add(increment(0, 60, 60.0))
    assert [(i.kwh, i.estimated) for i in closed] == [(15.0, True)] * 4
    assert Splitter(max_gap_s=3600).add(increment(0, 60, 60.0))[0].estimated is False


def test_the_register_at_the_border_wraps_with_the_register() -> None:
    closed = Splitter(size_kwh=1000.0).add(increment(0, 30, 40.0, base=990.0))
    assert [i.register for i in closed] == [10.0, 30.0]


def test_a_break_leaves_incomplete_intervals_at_its_edges() -> None:
    splitter = Splitter()
    splitter.add(increment(0, 20, 20.0))
    closed = splitter.add(increment(35, 50, 15.0, base=500.0))
    assert [(i.start - START, i.kwh, i.complete) for i in closed] == [(900, 5.0, False), (1800, 10.0, False)]


def test_a_break_within_one_interval_keeps_what_was_counted() -> None:
    splitter = Splitter()
    splitter.add(increment(0, 5, 5.0))
    (closed,) = splitter.add(increment(10, 15, 5.0, base=500.0))
    assert (closed.kwh, closed.complete) == (10.0, False)


def test_time_set_back_forgets_the_open_interval() -> None:
    splitter = Splitter()
    splitter.add(increment(0, 20, 20.0))
    assert [i.start - START for i in splitter.add(increment(-60, -45, 15.0))] == [-3600]


@pytest.mark.parametrize("seed", range(30))
def test_the_sum_of_all_intervals_is_the_difference_of_the_register(seed: int) -> None:
    rng = random.Random(seed)
    size = rng.choice([65.536, 655.36, 2.0**32 / 1000])
    counter, splitter = Counter(register(size_kwh=size, max_power_kw=200.0)), Splitter(size_kwh=size)
    at, total, closed = START + rng.uniform(0, 900), rng.uniform(0, size), []
    start, first = at, total
    for _ in range(400):
        reading = Reading(at, total % size)
        verdict, part = counter.read(reading)
        assert verdict in {Verdict.FIRST, Verdict.ACCEPTED}
        closed += splitter.add(part) if part else []
        if rng.random() < 0.2:
            assert counter.read(reading)[1] is None
        step_s = rng.choice([1.0, 17.3, 60.0, 900.0, rng.uniform(1, 1100)])
        at, total = at + step_s, total + rng.uniform(0, 195) * step_s / 3600
    counted = math.fsum(i.kwh for i in closed) + (splitter.open.kwh if splitter.open else 0.0)
    last = counter.last
    assert last is not None
    expected = math.fsum([total, -first, -((total - last.kwh) % size)])
    assert counted == pytest.approx(expected, rel=1e-9)
    assert [i.start for i in closed] == [math.floor(start / 900) * 900 + 900 * n for n in range(len(closed))]
    assert [i.complete for i in closed] == [False] + [True] * (len(closed) - 1)


@pytest.mark.parametrize("seed", range(10))
def test_stopping_at_any_time_and_resuming_gives_the_same_intervals(seed: int) -> None:
    rng = random.Random(seed)
    readings, at, kwh = [], START, 10.0
    for _ in range(120):
        readings.append(Reading(at, kwh))
        at, kwh = at + rng.uniform(30, 700), kwh + rng.uniform(0, 20)
    whole = _count(readings)
    cut = rng.randrange(20, 110)
    before = _count(readings[:cut])
    border = Reading(before[-1].end, before[-1].register or 0.0)
    reach = rng.randrange(cut)  # how far the history reaches back; the border makes up for the rest
    after = _count(resume(border, [r for r in readings[reach:] if r.time > border.time]))
    assert [(i.start, round(i.kwh, 9), i.complete) for i in before + after] == [
        (i.start, round(i.kwh, 9), i.complete) for i in whole
    ]


def _count(readings: list[Reading]) -> list[Interval]:
    counter, splitter, closed = Counter(register()), Splitter(size_kwh=2.0**32 / 1000), []
    for reading in readings:
        _, part = counter.read(reading)
        closed += splitter.add(part) if part else []
    return closed


def test_resume_sorts_the_history_and_leaves_out_what_was_counted() -> None:
    history = [Reading(START + s, float(s)) for s in (0, 120, 60, 180)]
    assert [r.time - START for r in resume(None, history)] == [0, 60, 120, 180]
    assert [r.time - START for r in resume(Reading(START + 100, 5.0), history)] == [100, 120, 180]


def test_resume_follows_a_clock_that_was_set_back() -> None:
    old, new = [Reading(START + 9e6 + s, 9.0) for s in (0, 60)], [Reading(START + s, 1.0) for s in (0, 60)]
    assert resume(Reading(START + 9e6, 9.0), old + new) == new
    assert resume(Reading(START + 9e6, 9.0), []) == [Reading(START + 9e6, 9.0)]
