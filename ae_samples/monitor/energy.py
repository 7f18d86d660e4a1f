"""From a cumulative register to energy per interval. Pure: no clock, no I/O.

A reading *follows* an earlier one when the register can have moved from the one to the other: the increment, taken
modulo the size of the register, is not negative and not more than ``max_power_kw`` allows in that time. From this
one question come all rules (docs/monitor.md):

- a reading that follows is accepted, and its increment is energy, also across a rollover;
- a reading that does not follow is held until the next one is there: if that follows the last accepted reading, the
  held one was a glitch and is dropped; if it follows the held one, the register was changed (reset, meter replaced,
  clock set back) and counting starts anew at the held reading, with no energy invented for the time between;
- a reading of the same time is a duplicate, one that is a little older came late; neither adds energy, because the
  later reading has already counted it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ae_samples.monitor.intervals import Interval, floor_to


@dataclass(frozen=True, slots=True)
class Reading:
    """A register value in kWh at a time in seconds since the epoch."""

    time: float
    kwh: float


@dataclass(frozen=True, slots=True)
class Register:
    """What is known of a meter's register.

    ``size_kwh`` is the count at which it starts again at 0 (a uint32 of watt-hours: 2**32 / 1000); None when it never
    rolls over. ``step_kwh`` is its resolution. ``max_late_s`` tells a late reading from a clock that was set back.
    """

    size_kwh: float | None = None
    max_power_kw: float = 5000.0
    step_kwh: float = 1.0
    max_late_s: float = 3600.0

    def increment(self, earlier: Reading, later: Reading) -> float | None:
        """Energy in kWh between two readings, or None when ``later`` does not follow ``earlier``."""
        elapsed_s = later.time - earlier.time
        if elapsed_s <= 0:
            return None
        limit = self.max_power_kw * elapsed_s / 3600 + self.step_kwh
        delta = later.kwh - earlier.kwh
        if delta < 0 and self.size_kwh is not None and earlier.kwh < self.size_kwh:
            delta += self.size_kwh
        return delta if 0 <= delta <= limit else None


class Verdict(Enum):
    """What became of a reading."""

    FIRST = "first"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    LATE = "late"
    HELD = "held"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Increment:
    """Energy that flowed between two accepted readings."""

    start: Reading
    end: Reading
    kwh: float


@dataclass(slots=True)
class Counter:
    """Follows one register. ``last`` is the last accepted reading, ``held`` one that may be a glitch or a reset."""

    register: Register = field(default_factory=Register)
    last: Reading | None = None
    held: Reading | None = None

    def read(self, reading: Reading) -> tuple[Verdict, Increment | None]:
        """Judge one reading; ACCEPTED and RESET may carry the energy up to it."""
        last = self.last
        if last is None:
            self.last = reading
            return Verdict.FIRST, None
        if reading.time == last.time and reading.kwh == last.kwh:
            return Verdict.DUPLICATE, None
        kwh = self.register.increment(last, reading)
        if kwh is not None:
            self.last, self.held = reading, None
            return Verdict.ACCEPTED, Increment(last, reading, kwh)
        return self._doubt(reading, last)

    def _doubt(self, reading: Reading, last: Reading) -> tuple[Verdict, Increment | None]:
        held = self.held
        if held is not None:
            kwh = self.register.increment(held, reading)
            if kwh is not None:
                self.last, self.held = reading, None
                return Verdict.RESET, Increment(held, reading, kwh)
        if last.time - self.register.max_late_s <= reading.time <= last.time:
            return (Verdict.DUPLICATE if reading.time == last.time else Verdict.LATE), None
        if held is None or reading.time != held.time:
            self.held = reading
        return Verdict.HELD, None


@dataclass(slots=True)
class Splitter:
    """Splits increments over intervals of ``length_s``, linear in time; the parts sum up to the increments.

    A gap longer than ``max_gap_s`` marks the intervals that it touches as estimated.
    """

    length_s: float = 900.0
    max_gap_s: float = 1800.0
    size_kwh: float | None = None
    open: Interval | None = None
    _through: float | None = None

    def add(self, increment: Increment) -> list[Interval]:
        """Return the intervals that this increment closes, oldest first.

        An increment that does not go on where the last one ended leaves a hole: the intervals at its edges are
        incomplete. When time went back, the open interval is forgotten.
        """
        at, end = increment.start.time, increment.end.time
        closed = self._begin(at)
        estimated = end - at > self.max_gap_s
        counted = 0.0
        while at < end:
            current = self.open or self._empty(at)
            border = min(current.end, end)
            upto = increment.kwh if border == end else _part(increment, border)
            current = replace(current, kwh=current.kwh + (upto - counted), estimated=current.estimated or estimated)
            counted, at = upto, border
            if at == current.end:
                closed.append(replace(current, register=self._wrap(increment.start.kwh + upto)))
                self.open = None
            else:
                self.open = current
        self._through = end
        return closed

    def _begin(self, at: float) -> list[Interval]:
        """Make ``open`` the interval that holds ``at``. After a break it is incomplete, and so is the one before."""
        if self._through == at:
            return []
        before, start = self.open, floor_to(at, self.length_s)
        if before is not None and before.start == start:
            self.open = replace(before, complete=False)
            return []
        self.open = replace(self._empty(start), complete=start == at)
        return [replace(before, complete=False)] if before is not None and before.start < start else []

    def _empty(self, start: float) -> Interval:
        return Interval(start, start + self.length_s, 0.0)

    def _wrap(self, kwh: float) -> float:
        return kwh % self.size_kwh if self.size_kwh is not None else kwh


def _part(increment: Increment, border: float) -> float:
    start, end = increment.start.time, increment.end.time
    return increment.kwh * ((border - start) / (end - start))


def resume(stored: Reading | None, history: Sequence[Reading], max_late_s: float = 3600.0) -> list[Reading]:
    """Choose the readings to count after a start, from the last stored border and the meter's history as created.

    Counting goes on at the stored border, so the history need not reach back to it. When the newest readings are
    clearly older than the border (the source's clock was set back), counting starts anew with their run.
    """
    run = _newest_run(history, max_late_s)
    if stored is None or (run and run[-1].time < stored.time - max_late_s):
        return run
    return [stored, *(reading for reading in run if reading.time > stored.time)]


def _newest_run(history: Iterable[Reading], max_late_s: float) -> list[Reading]:
    run: list[Reading] = []
    newest = float("-inf")
    for reading in history:
        if reading.time < newest - max_late_s:
            run, newest = [], float("-inf")
        run.append(reading)
        newest = max(newest, reading.time)
    return sorted(run, key=lambda reading: reading.time)
