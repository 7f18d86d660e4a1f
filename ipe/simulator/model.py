"""The port of a building model: it is stepped, read and set. And the times when an office is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

#: The hours when people come and go, and when the air handlers run, of working days.
OPEN, AIR = (7, 19), (6, 22)


class Model(Protocol):
    """A building that computes itself. All methods may block for as long as a step takes; none is for two threads."""

    @property
    def time_s(self) -> float:
        """The end of the last step, in seconds since 1970; the building's local time taken as UTC."""

    def step(self) -> None:
        """Go on by one step; ``time_s`` tells how far."""

    def values(self) -> Mapping[str, float]:
        """All signals by key, and the mean power of each meter (``meters/<name>``, kW) over the last step."""

    def set(self, key: str, value: float | None) -> None:
        """Override a setting from the next step on; None: what the building's own schedule says."""

    def close(self) -> None:
        """End; nothing else may be called afterwards."""


def is_workday(time_s: float) -> bool:
    """Tell whether a time lies on a Monday to Friday."""
    return datetime.fromtimestamp(time_s, UTC).weekday() < 5


def within(time_s: float, hours: tuple[int, int]) -> bool:
    """Tell whether a time lies within hours of a working day."""
    return is_workday(time_s) and hours[0] <= time_s % 86_400 / 3_600 < hours[1]
