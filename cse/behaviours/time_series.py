"""timeSeries: points are unique by their time, and those that do not come are noticed (TS-1, TS-4 … TS-8).

What has come is in the ``state`` of the series, so that after a restart, a kill too, the points that were expected
meanwhile are missing if they did not come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cse.behaviours.expected_points import Grid, Points
from cse.behaviours.retention import RetentionBehaviour
from cse.clock import microseconds_of, timestamp, timestamp_of
from cse.notifications.missing_data import Missing, missing_data
from cse.storage.port import InstanceRecord, StoreError
from cse.work import Work
from resources.errors import BadRequest
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft

log = logging.getLogger("banyan.timeseries")

#: The part of the ``state`` with the points that have come.
POINTS = "points"
#: ``mdlt`` has no more entries than this, whatever ``mdn`` says or when there is none.
LISTED = 1000
#: No timer is set for what would be missing after the calendar's end.
LAST_S = 253_402_300_799.0
#: Seconds between two looks for missing points at least: however short the interval is, a look writes ``mdlt``.
PACE_S = 0.1


class TimeSeriesBehaviour(RetentionBehaviour):
    """All time series of one CSE. A series has a timer while a point is expected."""

    keyed = True

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._detections: set[asyncio.Task[None]] = set()
        self._monitored: list[Resource] = []

    async def prepare(self, draft: Draft) -> None:
        """The host lowers ``mdn`` to what it can list."""
        if draft.attributes.get("mdn", 0) > LISTED:
            draft.attributes["mdn"] = LISTED

    def instance_key(self, call: Call, given: dict[str, Any]) -> str:
        """TS-1: the time of a point; a relative one counts from the arrival and becomes absolute."""
        try:
            moment = _moment(given["dgt"], call.now)
            key = timestamp_of(moment)
        except (OverflowError, ValueError):
            raise BadRequest(f"dgt: {given['dgt']} is beyond the years 1 to 9999") from None
        if not _is_absolute(given["dgt"]):
            given["dgt"] = key
        return key

    def instance_added(self, work: Work, parent: Resource, record: InstanceRecord,  # noqa: ARG002 - the port
                       attributes: Mapping[str, Any]) -> None:
        """The first point begins the monitoring, another one may be expected."""
        grid = Grid.of(parent.attributes)
        if grid is None:
            return
        moment = microseconds_of(attributes["dgt"])
        points = _points(parent)
        if points is None:
            _keep(work, parent, Points(moment))
            self._decide(work, parent, grid)
        else:
            points = self._decide(work, parent, grid) or points
            _keep(work, parent, points.with_point(grid, moment))
        self._watch(parent, grid)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],
                given: Mapping[str, Any]) -> None:
        """Whatever begins or ends the monitoring lets it start anew with the next point (TS-4)."""
        super().updated(work, resource, before, given)
        if _points(resource) is not None and Grid.of(before) != Grid.of(resource.attributes):
            self.core.timers.cancel(_key(resource))
            _keep(work, resource, None)

    def removed(self, work: Work, resource: Resource) -> None:  # noqa: ARG002 - the port
        """TS-8: nothing is expected any more."""
        self.core.timers.cancel(_key(resource))

    def restored(self, resource: Resource) -> None:
        """Note what was monitored."""
        super().restored(resource)
        if _points(resource) is not None:
            self._monitored.append(resource)

    async def started(self) -> None:
        """Go on with what was monitored; what should have come meanwhile is due at once."""
        await super().started()
        for resource in self._monitored:
            grid = Grid.of(resource.attributes)
            if grid is not None:
                self._watch(resource, grid)
        self._monitored.clear()

    async def stop(self) -> None:
        """Finish the detections that have begun."""
        await super().stop()
        await asyncio.gather(*self._detections, return_exceptions=True)

    def _watch(self, series: Resource, grid: Grid, not_before: float = 0.0) -> None:
        """Have a timer for the next open point; one that is set already for an earlier point sets the next."""
        key, points = _key(series), _points(series)
        if points is None or self.core.timers.pending(key) is not None:
            return
        due_s = max(points.due(grid) / 1_000_000, not_before)
        if due_s < LAST_S:
            self.core.timers.at(key, due_s, lambda: self._begin_detection(series))

    def _begin_detection(self, series: Resource) -> None:
        task = asyncio.get_running_loop().create_task(self._detect(series))
        self._detections.add(task)
        task.add_done_callback(self._detections.discard)

    async def _detect(self, series: Resource) -> None:
        core = self.core
        async with await core.instances.turn(series):
            grid = Grid.of(series.attributes)
            if grid is None or _points(series) is None or not core.tree.holds(series):
                return
            work = Work()
            if self._decide(work, series, grid) is not None:
                try:
                    core.submit(work)
                except StoreError as error:
                    log.error("missing points of %s are not noted: %s", series.path, error)
                    return
            self._watch(series, grid, core.clock.time() + PACE_S)

    def _decide(self, work: Work, series: Resource, grid: Grid) -> Points | None:
        """Note the points that are missing by now, if any; returns what is expected then."""
        points = _points(series)
        assert points is not None
        now = round(self.core.clock.time() * 1_000_000)
        points, missing = points.decided(grid, now, LISTED)
        if not missing:
            return None
        self._list(work, series, [timestamp_of(one) for one in missing])
        _keep(work, series, points)
        missing_data(self.core.notifier, work, series, [Missing(one, one + grid.patience) for one in missing])
        return points

    def _list(self, work: Work, series: Resource, missing: Sequence[str]) -> None:
        """TS-5: ``mdlt`` has the newest ``mdn``, ``mdc`` is their number."""
        before = series.attributes
        listed = [*before.get("mdlt", ()), *missing][-min(before.get("mdn", LISTED), LISTED):]
        series.attributes = {**before, "mdlt": listed, "mdc": len(listed), "lt": timestamp(self.core.clock.time())}

        def undo() -> None:
            series.attributes, series.encoded = before, None

        work.undo.append(undo)


def _points(series: Resource) -> Points | None:
    """What has come of a series that is monitored; None before the first point."""
    state = (series.state or {}).get(POINTS)
    return None if state is None else Points.read(state)


def _keep(work: Work, series: Resource, points: Points | None) -> None:
    work.keep(series, **{POINTS: None if points is None else points.written()})


def _key(series: Resource) -> tuple[str, str]:
    return "timeSeries", series.ri


def _is_absolute(value: Any) -> bool:
    return isinstance(value, str) and "T" in value


def _moment(value: Any, now_s: float) -> int:
    """``dgt`` in microseconds since the epoch."""
    return microseconds_of(value) if _is_absolute(value) else round(now_s * 1_000_000) + int(value) * 1000
