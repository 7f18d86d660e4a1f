"""A reading of a point, how far it is to be trusted, and what the CSE is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ipe.points import Point, Value
from ipe.sums import Counted


class Quality(StrEnum):
    """How far a value is to be trusted; sums and alarms should use good ones, and estimated ones as such."""

    GOOD = "good"
    #: Was good at its time; nothing newer is known.
    STALE = "stale"
    #: Was read, but cannot be: outside of what the point list says is plausible, or a counter that jumped.
    OUT_OF_RANGE = "out of range"
    #: Not all of it was measured, such as what a counter counted before it was reset.
    ESTIMATED = "estimated"
    #: The device says so itself.
    DEVICE_FAULT = "device fault"


#: Qualities of a last value that is shown in want of a new one.
LOST = frozenset({Quality.STALE, Quality.DEVICE_FAULT})


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a point. ``time`` is the ``m2m:timestamp`` of the measurement, also when it became stale.

    ``counted``: of a counter, the sum and what is to be known about it.
    """

    value: Value
    time: str
    quality: Quality = Quality.GOOD
    reason: str = ""
    counted: Counted | None = None


def judged(point: Point[Any], value: Value, time: str, counted: Counted | None = None) -> Reading:
    """Return a fresh reading with its quality."""
    doubt = _implausible(point, value) or (counted.doubt if counted else "")
    if doubt:
        return Reading(value, time, Quality.OUT_OF_RANGE, doubt, counted)
    if counted is not None and counted.estimated:
        return Reading(value, time, Quality.ESTIMATED, ", ".join(counted.flags), counted)
    return Reading(value, time, counted=counted)


def content_of(point: Point[Any], reading: Reading) -> dict[str, Any]:
    """Return the content of an instance of a point."""
    content: dict[str, Any] = {
        "value": reading.value, "unit": point.unit, "time": reading.time, "quality": str(reading.quality),
    }  # fmt: skip
    if reading.counted is not None:
        content["sum"] = reading.counted.sum
        if reading.counted.flags:
            content["flags"] = list(reading.counted.flags)
    if reading.reason:
        content["reason"] = reading.reason
    return content


def _implausible(point: Point[Any], value: Value) -> str:
    low, high = point.plausible
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = " to ".join("any" if each is None else f"{each:g}" for each in (low, high))
        return f"{value:g} is outside of the plausible {bounds}"
    return ""
