"""Counters among the points: each reading of a cumulative register with what was counted since the first one.

The rules of a register are those of ``ipe.counters``; here they are kept over a restart. What was told last
(``sum``, ``value`` and ``time`` of a content) is enough to go on: a roll-over or an exchange of the meter while the IPE
was away is found as at any other time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cse.client import seconds_of
from ipe.counters import Counter, Flag, Reading, Rejected, Step
from ipe.points import Point, Value


@dataclass(frozen=True, slots=True)
class Counted:
    """What a reading of a counter came to: ``sum`` in the point's unit, flags of its steps, why it is in doubt."""

    sum: float
    flags: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def estimated(self) -> bool:
        """True when the sum is the least that it can have been."""
        return Flag.INCOMPLETE in self.flags


class Sums:
    """The counters of an IPE by the name of their point."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}
        self._before: dict[str, int] = {}

    def knows(self, name: str) -> bool:
        """True when a counter was restored or read."""
        return name in self._counters

    def restore(self, point: Point[Any], content: Mapping[str, Any] | None) -> None:
        """Go on from what was told last; nothing, or nothing that makes sense, begins at 0."""
        if point.counter is None or point.name in self._counters:
            return
        counter = self._counters[point.name] = Counter(point.counter)
        try:
            told = content or {}
            total = round(told["sum"] / point.resolution)
            last = Reading(seconds_of(told["time"]), round(told["value"] / point.resolution))
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        counter.take(last)
        self._before[point.name] = total

    def forget(self, name: str) -> None:
        """A point that is gone, or means something else from now on."""
        self._counters.pop(name, None)
        self._before.pop(name, None)

    def take(self, point: Point[Any], value: Value, time: str) -> Counted | None:
        """Take a reading; None for a point that is no counter."""
        if point.counter is None:
            return None
        counter = self._counters.setdefault(point.name, Counter(point.counter))
        found = counter.take(Reading(seconds_of(time), round(value / point.resolution)))
        total = (self._before.get(point.name, 0) + counter.total) * point.resolution
        flags = sorted({str(flag) for one in found if isinstance(one, Step) for flag in one.flags})
        return Counted(round(total, 9), tuple(flags), self._doubt(counter, found))

    def _doubt(self, counter: Counter, found: list[Step | Rejected]) -> str:
        if counter.held is not None:
            return "the register is not where it can be; the next reading tells what it is"
        return next((one.reason for one in found[-1:] if isinstance(one, Rejected)), "")
