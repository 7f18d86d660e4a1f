"""Schedules: which seconds a list of ``m2m:scheduleEntry`` names, and when that changes (SCH-1, ACP-6). All UTC.

A moment belongs to an entry when its second, minute, hour, day of month, month, day of week and year are all in their
fields; to a schedule when it belongs to one of its entries. Times are seconds since the epoch.
"""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from resources.simple_types import SCHEDULE_FIELDS as FIELDS

RANGE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4})(?:/([0-9]{1,4}))?)?")
EVERY = re.compile(r"\*(?:/([0-9]{1,4}))?")

DAY_S = 86400
#: An entry names no day at all if it names none in so many of its years: 29 February on a Monday takes up to 40.
YEARS = 40
#: How far ``next_inactive`` looks.
HORIZON_DAYS = 400

#: A list in a field has no more parts than this.
PARTS = 100
SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR = range(7)


class Entry:
    """One compiled ``m2m:scheduleEntry``. Raises ValueError when it is malformed or a value is outside of its field."""

    __slots__ = ("_checked", "_fields", "_years")

    def __init__(self, text: str) -> None:
        texts = text.split(" ")
        if len(texts) != len(FIELDS):
            raise ValueError(f"schedule entry: expected {len(FIELDS)} fields separated by one blank, got {len(texts)}")
        ranges = [_ranges(part, *field) for part, field in zip(texts, FIELDS, strict=True)]
        self._years = ranges[YEAR]
        self._fields = [frozenset().union(*field) for field in ranges[:YEAR]]
        self._checked = [(place, field) for place, field in enumerate(self._fields) if texts[place] != "*"]

    def matches(self, at_s: float) -> bool:
        """True when the second that holds this moment is named."""
        moment = time.gmtime(at_s)
        weekday = (moment.tm_wday + 1) % 7  # the standard counts from Sunday
        values = (moment.tm_sec, moment.tm_min, moment.tm_hour, moment.tm_mday, moment.tm_mon, weekday)
        return all(values[place] in allowed for place, allowed in self._checked) \
            and any(moment.tm_year in years for years in self._years)

    def seconds(self) -> int:
        """The named seconds of a day that it names, as bits: bit 0 is midnight."""
        return _seconds(*self._fields[:DAY])

    def names(self, day: date) -> bool:
        """True when seconds of this day are named."""
        fields = self._fields
        return (day.day in fields[DAY] and day.isoweekday() % 7 in fields[WEEKDAY] and day.month in fields[MONTH]
                and any(day.year in years for years in self._years))

    def next_day(self, day: date) -> date | None:
        """The first named day from this one on; None when there is none."""
        year = self._year_from(day.year)
        for _ in range(YEARS):
            if year is None:
                break
            for month in sorted(self._fields[MONTH]):
                for number in range(1, monthrange(year, month)[1] + 1):
                    found = date(year, month, number)
                    if found >= day and self.names(found):
                        return found
            year = self._year_from(year + 1)
        return None

    def _year_from(self, year: int) -> int | None:
        """The first year in its field from this one on."""
        return min((years[max(0, -((years.start - year) // years.step))] for years in self._years
                    if year <= years[-1]), default=None)


class Schedule:
    """The moments that at least one entry names; ``compile`` makes one."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    @staticmethod
    def compile(entries: Iterable[str]) -> Schedule:
        """Compile a list of ``m2m:scheduleEntry``, the same list only once. Raises ValueError."""
        return _compile(tuple(entries))

    def active(self, at_s: float) -> bool:
        """True when this moment is named."""
        return any(entry.matches(at_s) for entry in self._entries)

    def next_active(self, at_s: float) -> float | None:
        """The first named moment from this one on; None when there is none any more."""
        if self.active(at_s):
            return at_s
        day, second = _split(at_s)
        found = self._seconds_of(day) >> second + 1
        if found:
            return _join(day, second + 1 + _first(found))
        if day == date.max:
            return None
        days = [next_ for entry in self._entries if (next_ := entry.next_day(day + timedelta(1))) is not None]
        return _join(min(days), _first(self._seconds_of(min(days)))) if days else None

    def next_inactive(self, at_s: float) -> float | None:
        """The first moment from this one on that is not named; None when it is further than ``HORIZON_DAYS``."""
        if not self.active(at_s):
            return at_s
        day, second = _split(at_s)
        for _ in range(HORIZON_DAYS):
            free = ~self._seconds_of(day) >> second
            second += _first(free)
            if second < DAY_S:
                return _join(day, second)
            if day == date.max:
                break
            day, second = day + timedelta(1), 0
        return None

    def _seconds_of(self, day: date) -> int:
        bits = 0
        for entry in self._entries:
            if entry.names(day):
                bits |= entry.seconds()
        return bits


def compile_schedule(entry: str) -> Callable[[float], bool]:
    """Compile a ``m2m:scheduleEntry`` into a predicate over seconds since the epoch. Raises ValueError."""
    return Entry(entry).matches


@lru_cache(maxsize=256)
def _compile(entries: tuple[str, ...]) -> Schedule:
    return Schedule([Entry(text) for text in dict.fromkeys(entries)])


@lru_cache(maxsize=64)
def _seconds(seconds: frozenset[int], minutes: frozenset[int], hours: frozenset[int]) -> int:
    minute = sum(1 << value for value in seconds)
    hour = sum(minute << 60 * value for value in minutes)
    return sum(hour << 3600 * value for value in hours)


def _first(bits: int) -> int:
    """Position of the lowest bit that is set; ``bits`` has one."""
    return (bits & -bits).bit_length() - 1


def _split(at_s: float) -> tuple[date, int]:
    moment = datetime.fromtimestamp(int(at_s), UTC)
    return moment.date(), moment.hour * 3600 + moment.minute * 60 + moment.second


def _join(day: date, second: int) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + second


def _ranges(text: str, name: str, low: int, high: int) -> list[range]:
    if every := EVERY.fullmatch(text):
        return [_range(name, low, high, int(every[1] or 1), low, high)]
    parts = text.split(",")
    if len(parts) > PARTS:
        raise ValueError(f"schedule entry: {name} lists {len(parts)} values and ranges; at most {PARTS} are possible")
    ranges = []
    for part in parts:
        bounds = RANGE.fullmatch(part)
        if bounds is None:
            raise ValueError(f"schedule entry: {name} is {part!r}; expected *, */n, or a list of a, a-b, a-b/n")
        first = int(bounds[1])
        ranges.append(_range(name, first, int(bounds[2] or first), int(bounds[3] or 1), low, high))
    return ranges


def _range(name: str, first: int, last: int, step: int, low: int, high: int) -> range:
    if not low <= first <= last <= high or step < 1:
        raise ValueError(f"schedule entry: {name} {first}-{last}/{step} is outside of {low}-{high} or runs backwards")
    return range(first, last + 1, step)
