"""When a schedule is active, and when that changes (SCH-1)."""

from __future__ import annotations

import calendar
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cse.schedules import DAY_S, PARTS, Schedule

ALWAYS = "* * * * * * *"
NIGHT = ["* * 22-23 * * * *", "* * 0-5 * * * *"]


def at(text: str) -> float:
    """Seconds since the epoch of ``YYYY-MM-DD hh:mm:ss`` UTC."""
    date, clock = text.split(" ")
    return float(calendar.timegm((*map(int, date.split("-")), *map(int, clock.split(":")))))


def shown(moment: float | None) -> str | None:
    """The inverse of ``at``."""
    return None if moment is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


# 2026-03-01 is a Sunday.
@pytest.mark.parametrize(("entries", "moment", "expected"), [
    pytest.param([ALWAYS], "2026-03-01 10:00:00", "2026-03-01 10:00:00", id="SCH-1 always"),
    pytest.param(NIGHT, "2026-03-01 21:59:59", "2026-03-01 22:00:00", id="SCH-1 second before"),
    pytest.param(NIGHT, "2026-02-28 23:59:59", "2026-02-28 23:59:59", id="SCH-1 in it"),
    pytest.param(["0 0 12 * * * *"], "2026-03-01 12:00:01", "2026-03-02 12:00:00", id="SCH-1 once a day, tomorrow"),
    pytest.param(["30 * * * * * *"], "2026-03-01 12:00:31", "2026-03-01 12:01:30", id="SCH-1 across a full minute"),
    pytest.param(["0 * * * * * *"], "2026-03-01 23:59:01", "2026-03-02 00:00:00", id="SCH-1 across midnight"),
    pytest.param(["* * * * * 1 *"], "2026-03-01 23:59:59", "2026-03-02 00:00:00", id="SCH-1 weekday begins"),
    pytest.param(["* * * * * 0 *"], "2026-03-02 00:00:00", "2026-03-08 00:00:00", id="SCH-1 next Sunday"),
    pytest.param(["* * * 31 * * *"], "2026-04-01 00:00:00", "2026-05-31 00:00:00", id="SCH-1 month without a 31st"),
    pytest.param(["* * * 29 2 * *"], "2026-03-01 00:00:00", "2028-02-29 00:00:00", id="SCH-1 leap day"),
    pytest.param(["* * * 29 2 1 *"], "2026-03-01 00:00:00", "2044-02-29 00:00:00", id="SCH-1 leap day on a Monday"),
    pytest.param(["5 6 7 * 3 * *"], "2026-04-01 00:00:00", "2027-03-01 07:06:05", id="SCH-1 month of the next year"),
    pytest.param(["* * * * * * 2030-2040/5"], "2031-01-01 00:00:00", "2035-01-01 00:00:00", id="SCH-1 stepped years"),
    pytest.param(["* * * * * * 2031,2029"], "2026-03-01 00:00:00", "2029-01-01 00:00:00", id="SCH-1 list of years"),
    pytest.param(["0 0 6 * * * *", "0 0 5 2 * * *"], "2026-03-01 07:00:00", "2026-03-02 05:00:00", id="SCH-1 earliest"),
    pytest.param(["* * * * * * 2025"], "2026-01-01 00:00:00", None, id="SCH-1 over for good"),
    pytest.param(["* * * 31 2 * *"], "2026-01-01 00:00:00", None, id="SCH-1 a day that never comes"),
    pytest.param(["* * * 29 2 * 2001-9999/2"], "2026-01-01 00:00:00", None, id="SCH-1 no leap year"),
    pytest.param(["* * * * * * 9999"], "9999-12-31 23:59:59", "9999-12-31 23:59:59", id="SCH-1 last second"),
    pytest.param(["0 * * * * * *"], "9999-12-31 23:59:59", None, id="SCH-1 after the last second"),
])
def test_sch_1_next_active(entries: list[str], moment: str, expected: str | None) -> None:
    schedule = Schedule.compile(entries)
    assert shown(schedule.next_active(at(moment))) == expected
    if expected not in (None, moment):
        assert not schedule.active(at(moment) + 0.9)
        assert shown(schedule.next_active(at(moment) + 0.9)) == expected


@pytest.mark.parametrize(("entries", "moment", "expected"), [
    pytest.param(NIGHT, "2026-03-01 22:30:00", "2026-03-02 06:00:00", id="SCH-1 a schedule across midnight"),
    pytest.param(NIGHT, "2026-12-31 23:59:59", "2027-01-01 06:00:00", id="SCH-1 across midnight and the year"),
    pytest.param(NIGHT, "2026-03-01 12:00:00", "2026-03-01 12:00:00", id="SCH-1 not in it"),
    pytest.param(["50-59 * * * * * *", "0-9 * * * * * *"], "2026-03-01 10:00:55", "2026-03-01 10:01:10",
                 id="SCH-1 a schedule across a full minute"),
    pytest.param(["50-59 59 23 * * * *", "0-9 0 0 * * * *"], "2026-03-01 23:59:50", "2026-03-02 00:00:10",
                 id="SCH-1 across midnight by seconds"),
    pytest.param(["* 0-9 * * * * *"], "2026-03-01 10:09:59", "2026-03-01 10:10:00", id="SCH-1 minute is full"),
    pytest.param(["* * * * * 1-5 *"], "2026-03-02 00:00:00", "2026-03-07 00:00:00", id="SCH-1 working days"),
    pytest.param(["* * * * 3 * *"], "2026-03-05 00:00:00", "2026-04-01 00:00:00", id="SCH-1 month ends"),
    pytest.param(["*/2 * * * * * *", "1-59/2 * * * * * *"], "2026-03-05 00:00:00", None, id="SCH-1 together always"),
    pytest.param([ALWAYS], "2026-03-05 00:00:00", None, id="SCH-1 never ends"),
    pytest.param([ALWAYS], "9999-12-31 23:59:59", None, id="SCH-1 ends with the calendar"),
    pytest.param(["*/2 * * * * * *"], "2026-03-05 00:00:00", "2026-03-05 00:00:01", id="SCH-1 every other second"),
])
def test_sch_1_next_inactive(entries: list[str], moment: str, expected: str | None) -> None:
    assert shown(Schedule.compile(entries).next_inactive(at(moment))) == expected


field = st.sampled_from(["*", "*", "*/7", "0-9", "50-59", "3,4,5", "10-20/5"])
hours = st.sampled_from(["*", "*", "*/5", "0", "22-23", "23", "0-6,12"])
entries = st.lists(st.builds(lambda *parts: " ".join(parts), field, field, hours, st.sampled_from(["*", "1-2", "*/3"]),
                             st.sampled_from(["*", "3"]), st.sampled_from(["*", "0,1"]), st.just("*")),
                   min_size=1, max_size=3)


@given(entries, st.integers(0, 3 * DAY_S))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_sch_1_next_moments_are_the_first(texts: list[str], offset: int) -> None:
    schedule, begin = Schedule.compile(texts), at("2026-02-27 12:00:00") + offset
    for wanted, next_ in ((True, schedule.next_active(begin)), (False, schedule.next_inactive(begin))):
        for moment in range(int(begin), int(begin) + 4000):
            if schedule.active(moment) is wanted:
                assert next_ == moment
                break
            assert next_ is None or next_ > moment


def test_sch_1_no_entry_is_never_active() -> None:
    schedule = Schedule.compile([])
    assert not schedule.active(0.0)
    assert schedule.next_active(0.0) is None
    assert schedule.next_inactive(5.0) == 5.0


def test_sch_1_hostile_entries_take_no_time() -> None:
    years = ",".join(f"{2000 + n}-9999/{n + 1}" for n in range(PARTS))
    schedule = Schedule.compile([f"{second} * * 31 2 * {years}" for second in range(60)])
    began = time.thread_time()
    assert schedule.next_active(at("2026-03-01 00:00:00")) is None
    assert time.thread_time() - began < 5
    with pytest.raises(ValueError, match="at most 100"):
        Schedule.compile(["* * * * * * " + ",".join(["2000"] * (PARTS + 1))])
