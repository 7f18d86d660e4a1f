"""Which points of a time series are expected, have come, or are missing (TS-5). Pure; all times in microseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

#: So many gaps may be open at a time; with more the oldest counts as missing before its time.
GAPS = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """When points are expected: every ``interval``, give or take ``delta``; missing when ``patience`` is over."""

    interval: int
    delta: int
    patience: int

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Grid | None:
        """The grid of a timeSeries; None unless it is monitored."""
        if not attributes.get("mdd"):
            return None
        interval, delta, patience = (attributes[name] * 1000 for name in ("pei", "peid", "mdt"))
        return cls(interval, delta, patience)


@dataclass(frozen=True, slots=True)
class Points:
    """What has come since the first point at ``first``: of the points from ``next`` on the ranges ``early``.

    Numbers count from 0, the first point; those before ``next`` are decided. Ranges are (first, one after the last),
    ascending, and do not touch ``next`` or each other.
    """

    first: int
    next: int = 1
    early: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Points:
        """The inverse of ``written``."""
        return cls(state["first"], state["next"], tuple((start, end) for start, end in state["early"]))

    def written(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"first": self.first, "next": self.next, "early": [list(one) for one in self.early]}

    def due(self, grid: Grid) -> int:
        """When the next open point is missing."""
        return self.first + self.next * grid.interval + grid.patience

    def with_point(self, grid: Grid, moment: int) -> Points:
        """A point with this time has come; nothing changes when it is not expected, or has been decided."""
        offset = moment - self.first
        number = (2 * offset + grid.interval - 1) // (2 * grid.interval)  # the nearest, of two the earlier
        if abs(offset - number * grid.interval) > grid.delta or number < self.next:
            return self
        return _closed(replace(self, early=_joined([*self.early, (number, number + 1)])), self.next)

    def decided(self, grid: Grid, now: int, most: int) -> tuple[Points, list[int]]:
        """Decide all that is due; returns what is left, and the times of the newest ``most`` missing points."""
        last = (now - grid.patience - self.first) // grid.interval
        if len(self.early) > GAPS:
            last = max(last, self.early[-GAPS][0] - 1)
        if last < self.next:
            return self, []
        gaps = list(self._gaps(last))
        numbers = list(islice((number for gap in reversed(gaps) for number in reversed(gap)), most))
        return _closed(self, last + 1), [self.first + number * grid.interval for number in reversed(numbers)]

    def _gaps(self, last: int) -> Iterator[range]:
        """Open numbers up to ``last`` that have not come."""
        begin = self.next
        for start, end in self.early:
            if start > last:
                break
            if begin < start:
                yield range(begin, start)
            begin = end
        if begin <= last:
            yield range(begin, last + 1)


def _closed(points: Points, next_: int) -> Points:
    """Everything before ``next_`` is decided, and what has come right behind it."""
    left = []
    for start, end in points.early:
        if start <= next_:
            next_ = max(next_, end)
        else:
            left.append((start, end))
    return replace(points, next=next_, early=tuple(left))


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
