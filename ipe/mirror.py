"""The present state of the device in the CSE: flexContainers of the points that stand in a device model, and the node.

Only the newest state counts, so nothing waits in an outbox: what changed while the CSE was away is told when it is
back, and polls never wait for it. The history of a point is in its container or time series.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from cse.client import Notification, RequestFailed, Status, Unreachable
from cse.clock import Clock
from ipe.backoff import Backoff
from ipe.commands import Asked
from ipe.points import Point
from ipe.readings import Reading
from ipe.resources import IpeResources
from ipe.sdt import Place, missing

A = TypeVar("A")
_log = logging.getLogger(__name__)
Changed = Callable[[Notification], Awaitable[None]]
Ask = Callable[[Point[A], Asked], Awaitable[None]]


@dataclass(slots=True)
class Shadow(Generic[A]):
    """A flexContainer as it should be: ``values`` by short name; ``ready`` when the CSE is known to have it."""

    points: dict[str, Point[A]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    qualities: dict[str, str] = field(default_factory=dict)
    time: str = ""
    ready: bool = False
    incomplete: bool = False

    @property
    def place(self) -> Place:
        """Its place in the models; every point of it has the same but for the data point."""
        place = next(iter(self.points.values())).place
        assert place is not None
        return place

    def attributes(self) -> dict[str, Any]:
        """What the flexContainer has."""
        doubtful = [f"quality:{short}:{quality}" for short, quality in self.qualities.items() if quality != "good"]
        made = {"dgt": self.time} if self.place.model.kind in ("module", "action") else {}
        return {**self.values, **made, "lbl": ["state", *sorted(doubtful)]}


class Mirror(Generic[A]):
    """The states of one IPE. What others change in a flexContainer is a command to the point."""

    def __init__(self, resources: IpeResources[A], clock: Clock, backoff: Backoff, own: Callable[[], str]) -> None:
        self._resources = resources
        self._clock = clock
        self._backoff = backoff
        self._own = own
        self._shadows: dict[str, Shadow[A]] = {}
        self._facts: Mapping[str, str] | None = None
        self._news: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._prepared = asyncio.Event()
        self._ask: Ask[A] | None = None

    def note(self, point: Point[A], reading: Reading) -> None:
        """A point was read, or became stale."""
        place = point.place
        if place is None:
            return
        shadow = self._shadows.setdefault(place.container, Shadow())
        short = place.datapoint.short
        shadow.points[short] = point
        try:
            shadow.values[short] = place.encode(reading.value)
        except ValueError as error:
            _log.warning("point %s: %s", point.name, error)
            shadow.qualities[short] = "out of range"
        else:
            shadow.qualities[short] = str(reading.quality)
            shadow.time = reading.time
        self._wake(place.container)

    def describe(self, facts: Mapping[str, str]) -> None:
        """What the device says of itself."""
        self._facts = facts
        self._wake("")

    def again(self) -> None:
        """The AE is there; the CSE may have lost everything else."""
        self._prepared.set()
        for name, shadow in self._shadows.items():
            shadow.ready = False
            self._wake(name)
        if self._facts is not None:
            self._wake("")

    async def run(self, ask: Ask[A]) -> None:
        """Tell what is new until cancelled; a CSE that is away is told later. ``ask`` carries out commands."""
        self._ask = ask
        await self._prepared.wait()
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._news:
                name = next(iter(self._news))
                del self._news[name]
                try:
                    await self._tell(name)
                except (Unreachable, RequestFailed) as error:
                    self._news[name] = None
                    delay_s = self._backoff.delay_s()
                    _log.warning("the state of %s: %s; again in %.1f s", name or "the device", error, delay_s)
                    await self._clock.sleep(delay_s)
                else:
                    self._backoff.reset()

    async def _tell(self, name: str) -> None:
        if not name:
            await self._resources.describe(self._facts or {})
            return
        shadow = self._shadows[name]
        if shadow.ready:
            try:
                await self._resources.change_state(name, shadow.place.model.root, shadow.attributes())
            except RequestFailed as failure:
                if failure.status is not Status.NOT_FOUND:
                    raise
                shadow.ready = False
        if not shadow.ready:
            await self._make(name, shadow)

    async def _make(self, name: str, shadow: Shadow[A]) -> None:
        lacking = missing([shadow.place], shadow.values)
        if lacking:
            if not shadow.incomplete:
                _log.warning("%s is not there yet: the model %s also needs %s, which no point has given",
                             name, shadow.place.model.name, ", ".join(lacking))
            shadow.incomplete = True
            return
        model = shadow.place.model
        await self._resources.make_state(name, model.root, model.cnd, shadow.attributes())
        if any(point.writable for point in shadow.points.values()):
            await self._resources.hear_state(name, self._hears(name))
        shadow.ready = True

    def _hears(self, name: str) -> Changed:
        async def changed(notification: Notification) -> None:
            await self._changed(name, notification)

        return changed

    async def _changed(self, name: str, notification: Notification) -> None:
        """Someone updated a flexContainer: what he may is done, and it shows what the device has then."""
        if notification.originator in ("", self._own()) or notification.originator.endswith(f"/{self._own()}"):
            return
        shadow = self._shadows[name]
        for short, value in notification.representation.items():
            point = shadow.points.get(short)
            if point is not None and not point.writable:
                _log.warning("%s/%s: %s is not writable; it is set back", name, short, point.name)
            elif point is not None and self._ask is not None:
                who = notification.originator.rpartition("/")[2]
                content = {"release": True} if value is None else {"value": value}
                await self._ask(point, Asked(content, who, f"{name}/{short}"))
        self._wake(name)

    def forget(self, points: Iterable[Point[A]]) -> None:
        """Points that are gone, or mean something else from now on."""
        for point in points:
            for shadow in self._shadows.values():
                short = next((short for short, one in shadow.points.items() if one.name == point.name), None)
                if short is not None and len(shadow.points) > 1:
                    for known in (shadow.points, shadow.values, shadow.qualities):
                        known.pop(short, None)

    def _wake(self, name: str) -> None:
        self._news[name] = None
        self._woken.set()

