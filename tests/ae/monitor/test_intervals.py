from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ae_samples.monitor.intervals import Interval, day_borders, day_of, hour_borders, total

ZURICH = ZoneInfo("Europe/Zurich")


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2015, 3, 29), 23), (date(2015, 10, 25), 25), (date(2015, 3, 12), 24)]
)
def test_a_day_at_a_change_of_the_clock_has_23_or_25_hours(day: date, hours: int) -> None:
    start, end = day_borders(day, ZURICH)
    assert end - start == hours * 3600
    assert day_of(start, ZURICH) == day
    assert day_of(end - 1, ZURICH) == day
    assert day_of(end, ZURICH) > day


def test_a_skipped_midnight_starts_the_day_after_the_gap() -> None:
    sao_paulo = ZoneInfo("America/Sao_Paulo")
    start, end = day_borders(date(2018, 11, 4), sao_paulo)
    assert start == at("2018-11-04T03:00")
    assert end - start == 23 * 3600


def test_the_hour_that_the_clock_shows_twice_is_two_hours() -> None:
    assert hour_borders(at("2015-10-25T00:30"), ZURICH) == (at("2015-10-25T00:00"), at("2015-10-25T01:00"))
    assert hour_borders(at("2015-10-25T01:30"), ZURICH) == (at("2015-10-25T01:00"), at("2015-10-25T02:00"))


def test_hours_follow_the_local_clock_where_the_offset_is_no_whole_hour() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    assert hour_borders(at("2015-03-12T10:10"), kolkata) == (at("2015-03-12T09:30"), at("2015-03-12T10:30"))


def quarters(start: float, *kwh: float) -> list[Interval]:
    return [Interval(start + 900 * n, start + 900 * (n + 1), value) for n, value in enumerate(kwh)]


def test_a_total_sums_the_intervals_within_and_finds_the_peak() -> None:
    hour = total(900.0, 4500.0, quarters(0.0, 9.0, 1.0, 2.0, 4.0, 3.0, 9.0))
    assert hour is not None
    assert (hour.kwh, hour.peak_kw, hour.peak_at, hour.complete) == (10.0, 16.0, 2700.0, True)


def test_a_total_with_a_hole_is_incomplete_and_none_without_any_interval() -> None:
    hour = total(0.0, 3600.0, quarters(0.0, 1.0, 1.0, 1.0))
    assert hour is not None
    assert not hour.complete
    assert total(7200.0, 10800.0, quarters(0.0, 1.0)) is None


@pytest.mark.parametrize("day", [date(2015, 3, 29), date(2015, 10, 25)])
def test_a_day_is_the_sum_of_its_hours_also_when_the_clock_changes(day: date) -> None:
    start, end = day_borders(day, ZURICH)
    intervals = quarters(start, *[1.0] * round((end - start) / 900))
    hours = {hour_borders(interval.start, ZURICH) for interval in intervals}
    sums = [total(*borders, intervals) for borders in hours]
    whole = total(start, end, intervals)
    assert whole is not None
    assert whole.complete
    assert whole.kwh == sum(each.kwh for each in sums if each) == round((end - start) / 900)
    assert len(hours) == round((end - start) / 3600)
