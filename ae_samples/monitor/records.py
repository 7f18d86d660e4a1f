"""What the content of an instance says: the meter's samples as they come, the monitor's own records as it writes them.

Times are ``m2m:timestamp`` in UTC on the wire and seconds since the epoch inside.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ae_samples.monitor.alarms import AlarmEvent
from ae_samples.monitor.energy import Reading
from ae_samples.monitor.intervals import Interval, Total
from cse.clock import seconds_of, timestamp

TO_KW = {"W": 1e-3, "kW": 1.0, "MW": 1e3}
TO_KWH = {"Wh": 1e-3, "kWh": 1.0, "MWh": 1e3}


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of the meter in kW or kWh; ``good`` is False when the meter could not be read and it is an old one."""

    time: float
    value: float
    good: bool = True

    @property
    def reading(self) -> Reading:
        """The sample as a register reading."""
        return Reading(self.time, self.value)


def content_of(instance: Mapping[str, Any]) -> Any:
    """Return ``con``, decoded when it is JSON in a string."""
    con = instance.get("con")
    if isinstance(con, str) and con[:1] in {"{", "["}:
        try:
            return json.loads(con)
        except ValueError:
            return con
    return con


def sample_of(instance: Mapping[str, Any], factors: Mapping[str, float]) -> Sample | None:
    """Read a sample, or None when it is not one: no finite number, no time, a unit that is not in ``factors``."""
    con = content_of(instance)
    if not isinstance(con, Mapping):
        return None
    value, factor = con.get("value"), factors.get(str(con.get("unit")))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or factor is None:
        return None
    try:
        time = seconds_of(str(con.get("time") or instance.get("ct")))
    except ValueError:
        return None
    return Sample(time, value * factor, con.get("quality", "good") == "good")


def interval_record(interval: Interval) -> dict[str, Any]:
    """Write a 15-minute interval; ``register`` lets counting go on after a restart."""
    record = {
        "start": timestamp(interval.start), "end": timestamp(interval.end), "value": _rounded(interval.kwh),
        "unit": "kWh", "demand": _rounded(interval.demand_kw), "complete": interval.complete,
        "estimated": interval.estimated,
    }  # fmt: skip
    return record if interval.register is None else {**record, "register": round(interval.register, 9)}


def total_record(total: Total) -> dict[str, Any]:
    """Write the energy of an hour or a day with its peak demand."""
    return {
        "start": timestamp(total.start), "end": timestamp(total.end), "value": _rounded(total.kwh), "unit": "kWh",
        "peak": _rounded(total.peak_kw), "peakTime": timestamp(total.peak_at), "complete": total.complete,
        "estimated": total.estimated,
    }  # fmt: skip


def alarm_record(event: AlarmEvent) -> dict[str, Any]:
    """Write an alarm event."""
    return {
        "state": event.state, "time": timestamp(event.time), "value": _rounded(event.value_kw), "unit": "kW",
        "threshold": _rounded(event.threshold_kw), "since": timestamp(event.since), "peak": _rounded(event.peak_kw),
    }  # fmt: skip


def interval_of(instance: Mapping[str, Any]) -> Interval | None:
    """Read what ``interval_record`` wrote, or None."""
    con = content_of(instance)
    try:
        return Interval(seconds_of(con["start"]), seconds_of(con["end"]), float(con["value"]), con.get("register"),
                        bool(con["estimated"]), bool(con["complete"]))  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def total_of(instance: Mapping[str, Any]) -> Total | None:
    """Read what ``total_record`` wrote, or None."""
    con = content_of(instance)
    try:
        return Total(seconds_of(con["start"]), seconds_of(con["end"]), float(con["value"]), float(con["peak"]),
                     seconds_of(con["peakTime"]), bool(con["estimated"]), bool(con["complete"]))  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def alarm_of(instance: Mapping[str, Any]) -> AlarmEvent | None:
    """Read what ``alarm_record`` wrote, or None."""
    con = content_of(instance)
    try:
        return AlarmEvent(str(con["state"]), seconds_of(con["time"]), float(con["value"]), float(con["threshold"]),
                          seconds_of(con["since"]), float(con["peak"]))  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def device_of(instance: Mapping[str, Any]) -> tuple[str, str]:
    """Read the device's state and the reason for it from its status container."""
    con = content_of(instance)
    if isinstance(con, Mapping):
        return str(con.get("state", "unknown")), str(con.get("reason") or "")
    return str(con), ""


def _rounded(value: float) -> float:
    return round(value, 6)
