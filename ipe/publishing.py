"""What the CSE is told of the values of points: what is news, what became stale, how the device is.

Where it goes is a ``Sink``: straight to the CSE (``Direct``), or into a file from which it is sent (``outbox``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from cse.client import timestamp
from cse.clock import Clock
from ipe.driver import DeviceFault, PointError
from ipe.points import Point, Value
from ipe.readings import LOST, Quality, Reading, content_of, judged
from ipe.resources import IpeResources
from ipe.sums import Sums

A = TypeVar("A")
_log = logging.getLogger(__name__)
STATUS = "status"


class Sink(Protocol):
    """Where contents of containers go, in their order."""

    async def send(self, container: str, content: dict[str, Any]) -> None:
        """Take the content of an instance of a container of the AE."""

    async def keep(self) -> None:
        """Return when what was taken is as safe as it gets."""

    async def recall(self, container: str) -> Mapping[str, Any] | None:
        """Return the content that was taken last for a counter, also before a restart; None when there is none."""


class Direct(Generic[A]):
    """Each content waits for the CSE and goes nowhere else; raises the errors of ``Client``."""

    def __init__(self, resources: IpeResources[A]) -> None:
        self._resources = resources

    async def send(self, container: str, content: dict[str, Any]) -> None:
        """Return when the CSE has it."""
        await self._resources.send(container, content)

    async def keep(self) -> None:
        """Nothing is kept here."""

    async def recall(self, container: str) -> Mapping[str, Any] | None:
        """Return what the CSE has."""
        return await self._resources.latest(container)


class Publishing(Generic[A]):
    """What was measured and what the CSE was told; all methods raise what the sink raises.

    ``seen`` is called with everything that is measured or becomes stale, also when it is no news.
    """

    def __init__(self, sink: Sink, clock: Clock, seen: Callable[[Point[A], Reading], None] | None = None) -> None:
        self._sink = sink
        self._seen = seen
        self._clock = clock
        self._measured: dict[str, Reading] = {}
        self._pushed: dict[str, tuple[float, Reading]] = {}
        self._failing: dict[str, str] = {}
        self._status: dict[str, Any] = {}
        self._sums = Sums()

    def present(self, name: str) -> Value | None:
        """Return what was read of a point last; None when it never was, or is not known any more."""
        reading = self._measured.get(name)
        return reading.value if reading and name not in self._failing else None

    def failure(self, name: str) -> str:
        """Why a point cannot be read; '' when it can."""
        return self._failing.get(name, "")

    @property
    def reason(self) -> str:
        """Why the device is gone; '' when it is not."""
        return str(self._status.get("reason", ""))

    @property
    def reported(self) -> bool:
        """True when the CSE was told how the device is."""
        return bool(self._status)

    def again(self, name: str) -> None:
        """The next reading of a point is news, whatever it is."""
        self._pushed.pop(name, None)

    def forget(self, name: str) -> None:
        """A point that is gone, or means something else from now on."""
        for known in (self._measured, self._pushed, self._failing):
            known.pop(name, None)
        self._sums.forget(name)

    def forget_pushed(self) -> None:
        """The CSE may have missed or lost values: tell everything again."""
        self._pushed.clear()
        self._status = {}

    async def restore(self, points: Iterable[Point[A]]) -> None:
        """Go on with the sums of counters where they were."""
        for point in points:
            if point.counter is not None and not self._sums.knows(point.name):
                self._sums.restore(point, await self._sink.recall(point.name))

    async def succeed(self, point: Point[A], value: Value, time: str) -> None:
        """A point was read."""
        self._failing.pop(point.name, None)
        reading = judged(point, value, time, self._sums.take(point, value, time))
        self._measured[point.name] = reading
        if self._seen:
            self._seen(point, reading)
        if self._is_news(point, reading):
            await self._push(point, reading)

    async def fail(self, point: Point[A], error: PointError) -> None:
        """A point could not be read."""
        reason = str(error)
        if self._failing.get(point.name) != reason:
            _log.warning("point %s: %s", point.name, reason)
        self._failing[point.name] = reason
        quality = Quality.DEVICE_FAULT if isinstance(error, DeviceFault) else Quality.STALE
        await self.mark_stale([point], reason, quality)

    async def mark_stale(self, points: Iterable[Point[A]], reason: str, quality: Quality = Quality.STALE) -> None:
        """Tell once that the last values of points may no longer be true."""
        for point in points:
            last = self._pushed.get(point.name)
            measured = self._measured.get(point.name)
            if measured is not None and (last is None or last[1].quality not in LOST):
                lost = replace(measured, quality=quality, reason=reason)
                if self._seen:
                    self._seen(point, lost)
                await self._push(point, lost)

    async def report(self, state: str, reason: str) -> None:
        """Tell the state of the device when it changed."""
        status: dict[str, Any] = {"state": state, "reason": reason}
        if self._failing and state == "online":
            status["points"] = dict(sorted(self._failing.items()))
        if {key: value for key, value in self._status.items() if key != "since"} == status:
            return
        same_state = self._status.get("state") == state
        status["since"] = self._status["since"] if same_state else timestamp(self._clock.time())
        await self._sink.send(STATUS, status)
        self._status = status
        if state == "online" and not same_state:
            _log.info("the device answers")

    async def keep(self) -> None:
        """Return when what was told is as safe as it gets."""
        await self._sink.keep()

    def _is_news(self, point: Point[A], reading: Reading) -> bool:
        last = self._pushed.get(point.name)
        if point.deadband is None or last is None or last[1].quality != reading.quality:
            return True
        if reading.counted is not None and reading.counted.flags:
            return True
        return abs(reading.value - last[1].value) > point.deadband or self._clock.time() - last[0] >= point.max_age_s

    async def _push(self, point: Point[A], reading: Reading) -> None:
        await self._sink.send(point.name, content_of(point, reading))
        self._pushed[point.name] = (self._clock.time(), reading)
