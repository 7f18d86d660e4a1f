"""The device as the runner sees it: what is due is read, what it tells is heard, what is commanded is written.

Everything goes to ``Publishing``. A device that is gone is marked stale and connected again with back-off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Generic, TypeVar

from cse.client import timestamp
from cse.clock import Clock
from ipe.backoff import Backoff
from ipe.driver import Describing, DeviceUnreachable, Driver, PointError, Prioritising, Subscribing, Timed
from ipe.hearing import Heard
from ipe.points import Point, Value
from ipe.publishing import Publishing
from ipe.schedule import Schedule

A = TypeVar("A")
_log = logging.getLogger(__name__)


class Device(Generic[A]):
    """One device with its points; what is raised besides what is named are the errors of the sink.

    ``clock_point`` is read with every poll and stamps its values. A point that the device tells of is read every
    ``heartbeat_s`` only (or its period, when that is longer), to see that the device is there. ``described`` gets what
    the device says of itself, each time it is connected.
    """

    def __init__(
        self, driver: Driver[A], points: Sequence[Point[A]], clock_point: Point[A] | None, publishing: Publishing[A],
        clock: Clock, backoff: Backoff, heartbeat_s: float, described: Callable[[Mapping[str, str]], None],
    ) -> None:  # fmt: skip
        self.points = list(points)
        self._clock_point = clock_point
        self._by_name = {point.name: point for point in points}
        self._driver = driver
        self._publishing = publishing
        self._clock = clock
        self._backoff = backoff
        self._heartbeat_s = heartbeat_s
        self._described = described
        self._schedule = Schedule(points)
        self._heard = Heard()
        self._turn = asyncio.Lock()
        self._telling = asyncio.Lock()
        self.connected = False

    @property
    def arbitrates(self) -> bool:
        """True when the device itself keeps sixteen priorities."""
        return isinstance(self._driver, Prioritising)

    def point(self, name: str) -> Point[A]:
        """Return a writable point as the list has it now; raises PointError."""
        point = self._by_name.get(name)
        if point is None or not point.writable:
            raise PointError("the point is no longer in the point list, or no longer writable")
        return point

    def present(self, name: str) -> Value | None:
        """Return what was read of a point last; None when it never was, or is not known any more."""
        return self._publishing.present(name)

    async def poll(self) -> float:
        """Read what is due, push it, and return how long to wait."""
        async with self._turn:
            try:
                if not self.connected:
                    await self._connect()
                await self._read(self._schedule.take(self._clock.time()))
            except DeviceUnreachable as error:
                await self._lose(str(error))
                return self._backoff.delay_s()
        return self._schedule.wait_s(self._clock.time())

    async def hear_forever(self) -> None:
        """Pass on what the device tells by itself."""
        while True:
            await self._heard.wait()
            async with self._telling:
                await self._pass_on()
                await self._publishing.keep()

    def all_due(self) -> None:
        """Read everything with the next poll."""
        self._schedule.all_due()

    def every(self, name: str, period_s: float) -> None:
        """A point has another period from now on."""
        point = self._by_name.get(name)
        if point is not None:
            self._schedule.every(name, None if period_s == point.period_s else period_s)

    async def change(self, points: Sequence[Point[A]], clock_point: Point[A] | None) -> list[Point[A]]:
        """Go on with other points; returns those that are new or changed. They are read at once."""
        fresh = [point for point in points if self._by_name.get(point.name) != point]
        async with self._turn:
            self.points, self._clock_point = list(points), clock_point
            self._by_name = {point.name: point for point in points}
            for point in fresh:
                self._publishing.forget(point.name)
            self._schedule.change(points, fresh)
            if self.connected and isinstance(self._driver, Subscribing):
                await self._disconnect()
        return fresh

    async def write(self, point: Point[A], value: Value, priority: int) -> Value:
        """Write, read back, push and return what the device holds now; raises PointError or DeviceUnreachable."""
        if isinstance(self._driver, Prioritising):
            return await self._change(point, self._driver.write_at(point, value, priority))
        return await self._change(point, self._driver.write(point, value))

    async def release(self, point: Point[A], priority: int) -> Value:
        """Let go of a priority of a device that arbitrates; as ``write``."""
        assert isinstance(self._driver, Prioritising)
        return await self._change(point, self._driver.release(point, priority))

    async def stop(self, reason: str) -> None:
        """Close the device and say that nobody watches it any more."""
        await self._disconnect()
        await self._tell_stale(reason)

    async def _connect(self) -> None:
        await self._driver.connect()
        self.connected = True
        self._schedule.all_due()
        if isinstance(self._driver, Describing):
            self._described(await self._driver.describe())
        if isinstance(self._driver, Subscribing):
            told = await self._driver.subscribe(self.points, self._heard.put)
            self._schedule.relax(told, self._heartbeat_s)

    async def _disconnect(self) -> None:
        self.connected = False
        await self._driver.close()
        self._heard.clear()

    async def _read(self, points: Sequence[Point[A]], *, newest: bool = False) -> None:
        """Read and push; what the device told meanwhile counts more, unless what is read is the ``newest``."""
        if not points:
            return
        stamp = [self._clock_point] if self._clock_point else []
        self._heard.since.clear()
        values = await self._driver.read([*points, *stamp])
        self._backoff.reset()
        time = self._time_of(values)
        async with self._telling:
            await self._pass_on()
            for point in points:
                if newest or point.name not in self._heard.since:
                    await self._take(point, values.get(point.name, PointError("the driver gave no value")), time)
            await self._publishing.report("online", "")
            await self._publishing.keep()

    async def _pass_on(self) -> None:
        """Push what the device told; a point that it tells of no more is polled."""
        while (told := self._heard.pop()) is not None:
            name, what = told
            point = self._by_name.get(name)
            if point is None:
                continue
            if isinstance(what, PointError):
                self._schedule.tighten(name)
            if isinstance(what, Timed):
                await self._take(point, what.value, timestamp(what.time_s))
            else:
                await self._take(point, what, timestamp(self._clock.time()))

    async def _take(self, point: Point[A], value: Value | PointError, time: str) -> None:
        if isinstance(value, PointError):
            await self._publishing.fail(point, value)
        else:
            await self._publishing.succeed(point, value, time)

    def _time_of(self, values: Mapping[str, Value | PointError]) -> str:
        """Return the time of a poll: the device's clock when it has one, else ours."""
        if self._clock_point:
            value = values.get(self._clock_point.name)
            if isinstance(value, int | float):
                return timestamp(value)
            _log.warning("the clock of the device cannot be read (%s): values carry the time of this machine", value)
        return timestamp(self._clock.time())

    async def _lose(self, reason: str) -> None:
        """Close the device that is gone and mark everything stale."""
        if self.connected or not self._publishing.reported:
            _log.warning("the device: %s", reason)
        await self._disconnect()
        await self._tell_stale(reason)

    async def _tell_stale(self, reason: str) -> None:
        async with self._telling:
            await self._publishing.mark_stale(self.points, reason)
            await self._publishing.report("stale", reason)
            await self._publishing.keep()

    async def _change(self, point: Point[A], change: Coroutine[Any, Any, None]) -> Value:
        async with self._turn:
            if not self.connected:
                change.close()
                raise DeviceUnreachable(f"the device is not connected: {self._publishing.reason or 'connecting'}")
            try:
                await change
                self._publishing.again(point.name)
                await self._read([point], newest=True)
            except DeviceUnreachable as error:
                await self._lose(str(error))
                raise
        value = self._publishing.present(point.name)
        if value is None:
            raise PointError(f"it was written, but cannot be read back: {self._publishing.failure(point.name)}")
        return value
