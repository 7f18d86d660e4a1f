"""From a cumulative register to energy: roll-over, reset, exchange of the meter, dips, gaps and late readings.

A register only ever counts up, until it rolls over, the meter is exchanged, or a reading is wrong. ``Counter`` turns
readings into steps: how much was counted from one moment to the next, and what is to be known about that. All numbers
are whole counts of the register (a value of 12.3 kWh with a resolution of 0.1 kWh is 123), so nothing is rounded, and
the steps always add up to what the register says.

A reading that cannot be right by itself (further than ``max_per_s`` allows, or a fall) is held until the next one
tells what it was: a single wrong reading is rejected, a new level is a reset or another meter. So no spike gets
through, and a reset is known one reading later.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: Accepted readings that are remembered for late ones to be put between.
REMEMBERED = 1000


class Flag(StrEnum):
    """What is to be known about a step."""

    ROLLOVER = "rollover"
    #: The register began again at 0; what it had counted between the last reading and that is not known.
    RESET = "reset"
    #: Another meter, told by ``exchange``, or found: then what was counted in between is not known.
    EXCHANGE = "exchange"
    #: The register fell a little and is waited for to come back; nothing is counted meanwhile.
    DIP = "dip"
    #: So long that how it was spread is not known; the sum is.
    GAP = "gap"
    #: Comes of a reading that arrived late, and stands in place of a step that was longer.
    LATE = "late"
    #: Some of it is not known: it is the least that it can have been.
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A register at a moment: seconds since 1970 UTC, whole counts."""

    time_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """``count`` was counted from ``start_s`` to ``end_s``. It stands in place of earlier steps of that time."""

    start_s: float
    end_s: float
    count: int
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A reading that counts for nothing, and why."""

    reading: Reading
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of a register.

    ``modulus``: where it begins again at 0 (2**32, 1_000_000), None when it never does. ``max_per_s``: the most that
    can be counted in a second, None when that is not known; then a roll-over is believed from the last to the first
    quarter of the range only. ``dip``: a fall up to that much is noise. ``gap_s``: longer steps are flagged.
    """

    modulus: int | None = None
    max_per_s: float | None = None
    dip: int = 0
    gap_s: float = float("inf")

    def __post_init__(self) -> None:
        if self.modulus is not None and self.modulus < 1:
            raise ValueError(f"modulus: {self.modulus}; expected a whole number of at least 1, or none")
        if self.dip < 0 or (self.max_per_s is not None and self.max_per_s <= 0) or self.gap_s <= 0:
            raise ValueError(f"{self}: expected a dip of at least 0 and max_per_s and gap_s above 0")

    def possible(self, count: int, duration_s: float) -> bool:
        """True when so much can have been counted in that time (one count more: both ends are rounded down)."""
        return count >= 0 and (self.max_per_s is None or count <= self.max_per_s * duration_s + 1)

    def around(self, before: int, after: int, duration_s: float) -> int | None:
        """What was counted if the register rolled over; None when it cannot have."""
        if self.modulus is None or not before < self.modulus or not after < self.modulus:
            return None
        count = self.modulus - before + after
        if self.max_per_s is None:
            return count if before >= self.modulus * 3 // 4 and after < self.modulus // 4 else None
        return count if self.possible(count, duration_s) else None


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """An accepted reading; ``total`` is what was counted up to it, ``epoch`` changes when totals cannot be compared."""

    time_s: float
    count: int
    total: int
    epoch: int


@dataclass(slots=True)
class Counter:
    """One register. ``total`` is the sum of all steps; ``held`` a reading that the next one has to explain."""

    rules: Rules = Rules()
    total: int = 0
    held: Reading | None = None
    _marks: list[_Mark] = field(default_factory=list)
    _epoch: int = 0

    @property
    def last(self) -> Reading | None:
        """The newest reading that counts."""
        return Reading(self._marks[-1].time_s, self._marks[-1].count) if self._marks else None

    def take(self, reading: Reading) -> list[Step | Rejected]:
        """Take a reading, in any order of time; returns the steps that follow from it."""
        if reading.count < 0 or (self.rules.modulus is not None and reading.count >= self.rules.modulus):
            return [Rejected(reading, f"{reading.count} is outside of the register's range")]
        if not self._marks:
            self._accept(reading, 0)
            return []
        if reading.time_s <= self._marks[-1].time_s:
            return self._insert(reading)
        if self.held is not None:
            return self._explain(self.held, reading)
        step = self._follow(self._marks[-1], reading)
        if step is None:
            self.held = reading
            return []
        return [step]

    def exchange(self, time_s: float, final: int, initial: int) -> list[Step | Rejected]:
        """Another meter since ``time_s``: the old one ended at ``final``, the new one began at ``initial``.

        Raises ValueError when there are newer readings: they cannot be told apart any more.
        """
        if self._marks and time_s < self._marks[-1].time_s:
            raise ValueError(f"exchange at {time_s}: the register was read at {self._marks[-1].time_s}, after that; "
                             "expected a moment since the last reading")
        found = self.take(Reading(time_s, final))
        found += self.give_up()
        self._epoch += 1
        self._accept(Reading(time_s, initial), self.total)
        return [_with(one, Flag.EXCHANGE) if isinstance(one, Step) else one for one in found]

    def give_up(self) -> list[Step | Rejected]:
        """Nothing will follow: what is held counts for nothing."""
        held, self.held = self.held, None
        return [] if held is None else [Rejected(held, "nothing followed that confirms it")]

    def _accept(self, reading: Reading, total: int) -> None:
        self.total = total
        self._marks.append(_Mark(reading.time_s, reading.count, total, self._epoch))
        del self._marks[:-REMEMBERED]

    def _follow(self, last: _Mark, reading: Reading) -> Step | None:
        """The step to a reading that can be right by itself."""
        duration_s = reading.time_s - last.time_s
        flags = {Flag.GAP} if duration_s > self.rules.gap_s else set()
        count = reading.count - last.count
        if count < 0 and -count <= self.rules.dip:
            return self._step(last, Reading(reading.time_s, last.count), 0, flags | {Flag.DIP})
        if not self.rules.possible(count, duration_s):
            around = self.rules.around(last.count, reading.count, duration_s) if count < 0 else None
            if around is None:
                return None
            count, flags = around, flags | {Flag.ROLLOVER}
        return self._step(last, reading, count, flags)

    def _step(self, last: _Mark, reading: Reading, count: int, flags: Iterable[Flag]) -> Step:
        self._accept(reading, last.total + count)
        return Step(last.time_s, reading.time_s, count, frozenset(flags))

    def _explain(self, held: Reading, reading: Reading) -> list[Step | Rejected]:
        """The reading after the one in doubt decides: it was wrong, or the register has a new level."""
        last, self.held = self._marks[-1], None
        if held.time_s == reading.time_s:
            return self._again(held, reading)
        if held.time_s > reading.time_s:
            self.held = held
            step = self._follow(last, reading)
            return [step] if step is not None else [Rejected(reading, "two readings that do not agree with the last")]
        step = self._follow(last, reading)
        if step is not None:
            return [Rejected(held, f"{held.count} fits neither before nor after it"), step]
        if not self._goes_on(held, reading):
            self.held = reading
            return [Rejected(held, f"{held.count} fits neither before nor after it")]
        return [self._new_level(last, held), *self.take(reading)]

    def _again(self, held: Reading, reading: Reading) -> list[Step | Rejected]:
        self.held = held
        if held == reading:
            return []
        return [Rejected(reading, f"{held.count} was read at the same time")]

    def _goes_on(self, held: Reading, reading: Reading) -> bool:
        return self.rules.possible(reading.count - held.count, reading.time_s - held.time_s)

    def _new_level(self, last: _Mark, held: Reading) -> Step:
        """A reset when the register can have got there from 0, else another meter."""
        self._epoch += 1
        if held.count < last.count and self.rules.possible(held.count, held.time_s - last.time_s):
            return self._step(last, held, held.count, {Flag.RESET, Flag.INCOMPLETE})
        return self._step(last, held, 0, {Flag.EXCHANGE, Flag.INCOMPLETE})

    def _insert(self, reading: Reading) -> list[Step | Rejected]:
        """A late reading parts the step that it falls in; the sum stays."""
        place = bisect_right(self._marks, reading.time_s, key=lambda mark: mark.time_s)
        if place == 0:
            return [Rejected(reading, "older than everything that is remembered")]
        before = self._marks[place - 1]
        if before.time_s == reading.time_s:
            same = any(mark.count == reading.count for mark in self._marks if mark.time_s == reading.time_s)
            return [] if same else [Rejected(reading, f"{before.count} was read at the same time")]
        after = self._marks[place]
        count = reading.count - before.count
        if count < 0 and self.rules.modulus is not None:
            count += self.rules.modulus
        if before.epoch != after.epoch or not 0 <= count <= after.total - before.total:
            return [Rejected(reading, f"late, and not between {before.count} and {after.count}")]
        insort(self._marks, _Mark(reading.time_s, reading.count, before.total + count, before.epoch))
        parts = ((before.time_s, reading.time_s, count),
                 (reading.time_s, after.time_s, after.total - before.total - count))
        return [Step(start, end, counted, self._late(end - start)) for start, end, counted in parts]

    def _late(self, duration_s: float) -> frozenset[Flag]:
        return frozenset({Flag.LATE, Flag.GAP} if duration_s > self.rules.gap_s else {Flag.LATE})


def _with(step: Step, flag: Flag) -> Step:
    return Step(step.start_s, step.end_s, step.count, step.flags | {flag})


@dataclass(frozen=True, slots=True)
class Interval:
    """What was counted in one interval of the clock, from ``start_s``; ``covered_s`` of it is known."""

    start_s: int
    count: int
    covered_s: float
    flags: frozenset[Flag] = frozenset()


def settle(steps: Sequence[Step]) -> list[Step]:
    """The steps that hold, in order of time: a later one stands in place of what it falls together with."""
    held: list[Step] = []
    for step in steps:
        held = [one for one in held if not (one.start_s <= step.start_s < one.end_s
                                            or step.start_s <= one.start_s < step.end_s)]
        held.append(step)
    return sorted(held, key=lambda one: one.start_s)


def align(steps: Sequence[Step], width_s: int = 900) -> list[Interval]:
    """Spread steps evenly over intervals of the clock (UTC); the sum of the intervals is that of the steps."""
    counts: dict[int, int] = {}
    covered: dict[int, float] = {}
    flags: dict[int, frozenset[Flag]] = {}
    for step in settle(steps):
        done, start = 0, step.start_s
        while start < step.end_s:
            interval = int(start // width_s) * width_s
            end = min(float(interval + width_s), step.end_s)
            until = step.count if end == step.end_s \
                else int(step.count * (end - step.start_s) // (step.end_s - step.start_s))
            counts[interval] = counts.get(interval, 0) + until - done
            covered[interval] = covered.get(interval, 0.0) + end - start
            flags[interval] = flags.get(interval, frozenset()) | step.flags
            done, start = until, end
    return [Interval(start, counts[start], covered[start], flags[start]) for start in sorted(counts)]
