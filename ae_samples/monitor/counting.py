"""The way of a register reading: judged, split into 15-minute intervals, summed into hours and days. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from ae_samples.monitor.energy import Counter, Reading, Splitter, Verdict, resume
from ae_samples.monitor.intervals import Interval, Rollup, Total, day_borders, day_of, hour_borders
from ae_samples.monitor.settings import MonitorSettings

_log = logging.getLogger(__name__)


class Counting:
    """Counts one register from its first reading or from a stored border on."""

    def __init__(self, settings: MonitorSettings, zone: ZoneInfo) -> None:
        register = settings.register
        self._max_late_s = settings.max_late_s
        self._zone = zone
        self._counter = Counter(register)
        self._splitter = Splitter(max_gap_s=settings.max_gap_s, size_kwh=register.size_kwh)
        self._rollups = {
            "hour": Rollup(lambda at: hour_borders(at, zone)),
            "day": Rollup(lambda at: day_borders(day_of(at, zone), zone)),
        }

    @property
    def open(self) -> Interval | None:
        """The interval that is not over yet."""
        return self._splitter.open

    def read(self, reading: Reading) -> list[Interval]:
        """Count a reading; return the intervals that it closes, oldest first."""
        verdict, increment = self._counter.read(reading)
        if verdict in (Verdict.HELD, Verdict.RESET):
            _log.warning("register: reading %.3f kWh %s", reading.kwh,
                         "does not follow; held until the next" if verdict is Verdict.HELD else "confirms a change")
        return [] if increment is None else self._splitter.add(increment)

    def roll_up(self, interval: Interval) -> list[tuple[str, Total]]:
        """Return the hours and days that a closed interval closes."""
        return [(kind, total) for kind, rollup in self._rollups.items() for total in rollup.add(interval)]

    def replay(self, stored: Sequence[Interval]) -> Iterator[tuple[str, Total]]:
        """Sum up stored intervals of the last two days again: hours and days that a crash may have left unwritten."""
        if stored:
            start, _ = day_borders(day_of(stored[-1].start - 86400, self._zone), self._zone)
            for interval in stored:
                if interval.start >= start:
                    yield from self.roll_up(interval)

    def resume(self, stored: Sequence[Interval], history: Sequence[Reading]) -> list[Reading]:
        """Return the readings to count after a start."""
        last = stored[-1] if stored else None
        border = None if last is None or last.register is None else Reading(last.end, last.register)
        return resume(border, history, self._max_late_s)
