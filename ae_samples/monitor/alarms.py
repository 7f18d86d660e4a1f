"""Peak alarm on the 15-minute demand, with hysteresis. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RAISED = "raised"
CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """An alarm was raised or cleared. ``since`` is the time it was raised; ``value_kw`` the demand at ``time``."""

    state: str
    time: float
    value_kw: float
    threshold_kw: float
    since: float
    peak_kw: float


@dataclass(slots=True)
class PeakAlarm:
    """Raised when the demand reaches ``threshold_kw``, cleared when it is under it by ``hysteresis`` (a fraction).

    While it is active it is not raised again, and demands that are not newer than the last one change nothing.
    ``threshold_kw`` None means: not known yet, no alarm. An active alarm keeps the threshold it was raised with.
    """

    threshold_kw: float | None
    hysteresis: float = 0.05
    active: AlarmEvent | None = None
    last_time: float = -math.inf

    def update(self, time: float, demand_kw: float) -> AlarmEvent | None:
        """Take the demand of an interval that ended at ``time``; return the change, if there is one."""
        if time <= self.last_time:
            return None
        self.last_time = time
        return self._maybe_raise(time, demand_kw) if self.active is None else self._maybe_clear(time, demand_kw)

    def restart(self) -> None:
        """Forget time and state: the source's clock was set back."""
        self.active, self.last_time = None, -math.inf

    def _maybe_raise(self, time: float, demand_kw: float) -> AlarmEvent | None:
        if self.threshold_kw is None or demand_kw < self.threshold_kw:
            return None
        self.active = AlarmEvent(RAISED, time, demand_kw, self.threshold_kw, time, demand_kw)
        return self.active

    def _maybe_clear(self, time: float, demand_kw: float) -> AlarmEvent | None:
        active = self.active
        assert active is not None
        peak = max(active.peak_kw, demand_kw)
        if demand_kw > active.threshold_kw * (1 - self.hysteresis):
            self.active = AlarmEvent(RAISED, active.time, active.value_kw, active.threshold_kw, active.since, peak)
            return None
        self.active = None
        return AlarmEvent(CLEARED, time, demand_kw, active.threshold_kw, active.since, peak)


def threshold_from(demands_kw: Sequence[float], quantile: float = 0.98) -> float | None:
    """Derive a threshold: the demand that only 2 % of the past intervals reach; None without a day of data."""
    if len(demands_kw) < 92:
        return None
    ordered = sorted(demands_kw)
    return ordered[min(len(ordered) - 1, math.ceil(quantile * len(ordered)))]
