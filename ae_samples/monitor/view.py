"""What the page shows, kept in memory and published as it changes.

'Now' is the time of the newest sample, so that replayed data has its own today.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ae_samples.monitor.alarms import RAISED, AlarmEvent
from ae_samples.monitor.hub import RELOAD, Hub
from ae_samples.monitor.intervals import Interval, Total, day_borders, day_of, hour_borders, local, total
from ae_samples.monitor.records import Sample

DAYS_SHOWN = 14
ALARMS_SHOWN = 50
POINT_S = 60.0  # of each minute the curve keeps the highest, the lowest and the last point
TREND_S = 3600.0

Row = dict[str, Any]


@dataclass(slots=True)
class View:
    """State of the page. Methods that change it publish the part that changed."""

    zone: ZoneInfo
    hub: Hub
    title: str = ""
    device: Row = field(default_factory=lambda: {"state": "waiting", "text": "Connecting to the CSE"})
    threshold_kw: float | None = None
    quarters: dict[float, Interval] = field(default_factory=dict)
    open_quarter: Interval | None = None
    days: dict[float, Total] = field(default_factory=dict)
    alarms: deque[AlarmEvent] = field(default_factory=lambda: deque(maxlen=ALARMS_SHOWN))
    _points: list[Sample] = field(default_factory=list)
    _pace: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=40))

    @property
    def newest(self) -> Sample | None:
        """The newest sample of power."""
        return self._points[-1] if self._points else None

    def power(self, sample: Sample, arrived: float | None = None) -> None:
        """Take a sample of power; ``arrived`` is the time of the machine when it came live."""
        newest = self.newest
        if newest is not None and sample.time == newest.time:
            if sample != newest:
                self._points[-1] = sample
                self.hub.publish("power", self._power())
            return
        if newest is not None and sample.time < newest.time:
            if not sample.good or sample.time > newest.time - TREND_S:
                return
            self._points = [point for point in self._points if point.time < sample.time]
            self._pace.clear()
        if arrived is not None:
            self._pace.append((arrived, sample.time))
        new_day = newest is None or day_of(newest.time, self.zone) != day_of(sample.time, self.zone)
        self._add_point(sample, new_day=new_day)
        self.hub.publish(*((RELOAD, {}) if new_day else ("power", self._power())))

    def _add_point(self, sample: Sample, *, new_day: bool) -> None:
        if new_day:
            start, _ = day_borders(day_of(sample.time, self.zone), self.zone)
            self._points = [point for point in self._points if point.time >= start - TREND_S]
        points = self._points
        if len(points) > 2 and sample.time // POINT_S == points[-1].time // POINT_S == points[-3].time // POINT_S:
            points.remove(sorted(points[-3:], key=lambda point: point.value)[1])
        points.append(sample)

    def energy(self) -> None:
        """Publish energy after intervals were added."""
        self.hub.publish("energy", self._energy())

    def alarm(self, event: AlarmEvent) -> None:
        """Take an alarm event."""
        self.alarms.append(event)
        self.hub.publish("alarms", self._alarms())

    def connection(self, state: str, text: str) -> None:
        """Take the state of the device: online, stale, disconnected or waiting."""
        if (state, text) != (self.device["state"], self.device["text"]):
            self.device = {"state": state, "text": text}
            self.hub.publish("device", self.device)

    def resource(self, path: str, value: Any, time: str) -> None:
        """Tell that a resource has a new latest value; ``path`` is relative to the CSEBase."""
        self.hub.publish("resource", {"path": path, "value": value, "time": time})

    def snapshot(self) -> Row:
        """Return everything that the page shows."""
        return {
            "title": self.title,
            "time_zone": self.zone.key,
            "device": self.device,
            "power": self._power(),
            "curve": self._curve(),
            "energy": self._energy(),
            "alarms": self._alarms(),
        }

    def _power(self) -> Row | None:
        now = self.newest
        if now is None:
            return None
        before = [p.value for p in self._points if now.time - TREND_S <= p.time < now.time]
        today = [p for p in self._points if p.time >= self._today()[0]]
        peak = max([*today, *self._quarter_points(today[0].time)], key=lambda point: point.value)
        return {
            "time": now.time, "value": now.value, "good": now.good, "speed": self._speed(),
            "trend": now.value - sum(before) / len(before) if before else None,
            "peak": {"time": peak.time, "value": peak.value}, "threshold": self.threshold_kw,
        }  # fmt: skip

    def _today(self) -> tuple[float, float]:
        now = self.newest
        return day_borders(day_of(now.time, self.zone), self.zone) if now else (0.0, 0.0)

    def _yesterday(self) -> tuple[float, float]:
        now = self.newest
        return day_borders(day_of(now.time, self.zone) - timedelta(days=1), self.zone) if now else (0.0, 0.0)

    def _speed(self) -> float | None:
        """Return how many times faster than the machine's clock the data's time runs, to two digits."""
        if len(self._pace) < 5:
            return None
        (began, first), (ended, last) = self._pace[0], self._pace[-1]
        if ended - began <= 0 or last <= first:
            return None
        speed = (last - first) / (ended - began)
        return float(round(speed, 1 - math.floor(math.log10(speed))))

    def _curve(self) -> Row:
        start, end = self._today()
        today = [point for point in self._points if point.time >= start]
        if today:
            today = [*self._quarter_points(today[0].time), *today]
        return {
            "start": start, "end": end,
            "times": [point.time for point in today], "power": [point.value for point in today],
        }  # fmt: skip

    def _quarter_points(self, before: float) -> list[Sample]:
        """Return the demand of today's intervals that ended before the samples we know: after a restart."""
        start, _ = self._today()
        ended = sorted((each for each in self.quarters.values() if start <= each.start and each.end < before),
                       key=lambda each: each.start)  # fmt: skip
        return [Sample(each.end, each.demand_kw) for each in ended]

    def _energy(self) -> Row:
        now = self.newest
        if now is None:
            return {"hours": [], "days": [], "today": None, "yesterday": None}
        today, yesterday = self._today(), self._yesterday()
        # A replay that began anew finds intervals of its future; they are not shown.
        intervals = [each for each in self.quarters.values() if yesterday[0] <= each.start < now.time]
        if self.open_quarter is not None and self.open_quarter.start not in self.quarters:
            intervals.append(self.open_quarter)
        same_time = now.time - today[0] + yesterday[0]
        return {
            "hours": hour_rows(intervals, today, yesterday, self.zone),
            "today": _kwh(total(*today, intervals)),
            "yesterday": _kwh(total(yesterday[0], same_time, intervals)),
            "days": [asdict(day) for day in sorted(self.days.values(), key=lambda day: day.start)
                     if day.end <= now.time][-DAYS_SHOWN:],
        }  # fmt: skip

    def _alarms(self) -> Row:
        newest_of: dict[float, AlarmEvent] = {}
        for event in self.alarms:
            newest_of[event.since] = event
        rows = [asdict(event) for event in newest_of.values()]
        rows.sort(key=lambda row: (row["state"] == RAISED, row["since"]), reverse=True)
        return {"threshold": self.threshold_kw, "list": rows}


def hour_rows(
    intervals: list[Interval], today: tuple[float, float], yesterday: tuple[float, float], zone: ZoneInfo
) -> list[Row]:
    """Pair the hours of two days by the clock; an hour that one of them does not have is None there.

    The hour that a day has twice has a second row with the label ``02B``.
    """
    rows: dict[tuple[int, int], Row] = {(hour, 0): {"today": None, "yesterday": None} for hour in range(24)}
    for name, (start, end) in (("today", today), ("yesterday", yesterday)):
        at = start
        while at < end:
            moment, borders = local(at, zone), hour_borders(at, zone)
            row = rows.setdefault((moment.hour, moment.fold), {"today": None, "yesterday": None})
            row[name] = _kwh(total(*borders, intervals))
            at = borders[1]
    return [{"label": f"{hour:02d}{'B' if fold else ''}", **row} for (hour, fold), row in sorted(rows.items())]


def _kwh(sum_: Total | None) -> float | None:
    return None if sum_ is None else sum_.kwh
