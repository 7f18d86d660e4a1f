"""Which points are due: every point has its own period; a poll that comes late is not made up for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from ipe.points import Point

A = TypeVar("A")


class Schedule(Generic[A]):
    """Due times of points on a clock in seconds; at the start all are due."""

    def __init__(self, points: Sequence[Point[A]]) -> None:
        self._points = points
        self._due_s = dict.fromkeys((point.name for point in points), float("-inf"))
        self._every_s: dict[str, float] = {}
        self._relaxed_s: dict[str, float] = {}

    def every(self, name: str, period_s: float | None) -> None:
        """From now on a point has another period than in the list; None: that of the list."""
        if period_s is None:
            self._every_s.pop(name, None)
        else:
            self._every_s[name] = period_s

    def relax(self, names: Iterable[str], period_s: float) -> None:
        """These points, and no others, are read no more often than this."""
        self._relaxed_s = dict.fromkeys(names, period_s)

    def tighten(self, name: str) -> None:
        """A point has its own period again."""
        self._relaxed_s.pop(name, None)

    def period_s(self, point: Point[A]) -> float:
        """Return the period of a point."""
        return max(self._every_s.get(point.name, point.period_s), self._relaxed_s.get(point.name, 0.0))

    def take(self, now_s: float) -> list[Point[A]]:
        """Return the points due now and set when they are due next."""
        taken = [point for point in self._points if self._due_s[point.name] <= now_s]
        for point in taken:
            period_s = self.period_s(point)
            due_s = self._due_s[point.name] + period_s
            self._due_s[point.name] = due_s if due_s > now_s else now_s + period_s
        return taken

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing is due; a clock that was set back does not make it longer than a period."""
        for point in self._points:
            self._due_s[point.name] = min(self._due_s[point.name], now_s + self.period_s(point))
        return max(0.0, min(self._due_s.values(), default=60.0) - now_s)

    def change(self, points: Sequence[Point[A]], fresh: Sequence[Point[A]]) -> None:
        """Go on with other points; ``fresh`` ones are due at once, the others when they were."""
        due_s = {**self._due_s, **dict.fromkeys((point.name for point in fresh), float("-inf"))}
        self._points = points
        for point in fresh:
            self._every_s.pop(point.name, None)
        self._due_s = {point.name: due_s[point.name] for point in points}

    def all_due(self) -> None:
        """Make every point due at once, after a device came back."""
        self._due_s = dict.fromkeys(self._due_s, float("-inf"))
