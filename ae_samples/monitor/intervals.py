"""Interval borders and sums of intervals, in the time zone of the building. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Interval:
    """Energy of one interval. ``register`` is the interpolated register at its end, from which counting can resume.

    ``estimated`` when a gap between readings was bridged linearly; ``complete`` when the whole interval was counted.
    """

    start: float
    end: float
    kwh: float
    register: float | None = None
    estimated: bool = False
    complete: bool = True

    @property
    def demand_kw(self) -> float:
        """Mean power over the interval."""
        return self.kwh * 3600 / (self.end - self.start)


def floor_to(at: float, length_s: float) -> float:
    """Return the grid border at or before ``at`` (in UTC, which suits every zone for 15 minutes)."""
    return at - at % length_s


def local(at: float, zone: ZoneInfo) -> datetime:
    """Read seconds since the epoch as local time."""
    return datetime.fromtimestamp(at, zone)


def day_of(at: float, zone: ZoneInfo) -> date:
    """Return the local calendar day."""
    return local(at, zone).date()


def day_borders(day: date, zone: ZoneInfo) -> tuple[float, float]:
    """Return the first second of a local day and of the next; 23, 24 or 25 hours apart."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def hour_borders(at: float, zone: ZoneInfo) -> tuple[float, float]:
    """Return the borders of the local clock hour that holds ``at``; an hour that the clock shows twice is two hours."""
    offset = local(at, zone).utcoffset()
    shift = offset.total_seconds() if offset is not None else 0.0
    start = floor_to(at + shift, 3600) - shift
    return start, start + 3600


def _midnight(day: date, zone: ZoneInfo) -> float:
    moment = datetime.combine(day, time(), zone)
    # A midnight that the zone skips is read with the offset before it and so lands on the first second after it.
    return moment.astimezone(UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Total:
    """Energy of an hour or a day, summed from 15-minute intervals; ``complete`` when none of them is missing."""

    start: float
    end: float
    kwh: float
    peak_kw: float
    peak_at: float
    estimated: bool
    complete: bool


def total(start: float, end: float, intervals: Iterable[Interval]) -> Total | None:
    """Sum the intervals within the borders, or None when there is none."""
    inside = [interval for interval in intervals if start <= interval.start and interval.end <= end]
    if not inside:
        return None
    peak = max(inside, key=lambda interval: interval.demand_kw)
    covered = sum(interval.end - interval.start for interval in inside if interval.complete)
    return Total(start, end, sum(interval.kwh for interval in inside), peak.demand_kw, peak.start,
                 any(interval.estimated for interval in inside), covered == end - start)


Borders = Callable[[float], tuple[float, float]]


@dataclass(slots=True)
class Rollup:
    """Sums 15-minute intervals into longer ones; ``borders`` gives the longer interval that holds a time."""

    borders: Borders
    _parts: list[Interval] = field(default_factory=list)
    _open: tuple[float, float] | None = None

    def add(self, interval: Interval) -> list[Total]:
        """Return the totals that this interval closes: the one it ends, and one before it that a hole left open."""
        borders = self.borders(interval.start)
        closed = []
        if borders != self._open:
            closed += self._close() if self._open is not None and self._open < borders else []
            self._open, self._parts = borders, []
        self._parts.append(interval)
        if interval.end >= borders[1]:
            closed += self._close()
        return closed

    def _close(self) -> list[Total]:
        assert self._open is not None
        whole = total(*self._open, self._parts)
        self._open, self._parts = None, []
        return [] if whole is None else [whole]
