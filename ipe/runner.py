"""The life of an IPE: poll the device, push values, mark what is stale, carry commands to the device.

Two things can fail apart from each other. Without the device the IPE goes on: it marks what it pushed as stale and
connects again with back-off. Without the CSE it waits with back-off and then makes sure of its resources; readings of
the time in between are not kept, the next one is pushed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from cse.client import Client, RequestFailed, Unreachable, timestamp
from cse.clock import Clock, SystemClock
from ipe.backoff import Backoff
from ipe.commands import Commands
from ipe.driver import DeviceUnreachable, Driver, PointError, Prioritising
from ipe.points import Point, Value, nearest
from ipe.reload import LOOK_S, PointFile
from ipe.resources import IpeResources, Reading
from ipe.schedule import Schedule
from ipe.settings import IpeSettings, SettingsError

A = TypeVar("A")
_log = logging.getLogger(__name__)


class Runner(Generic[A]):
    """One device, one AE. ``file`` is where changed points come from; ``jitter`` returns a number in [0, 1)."""

    def __init__(
        self,
        client: Client,
        driver: Driver[A],
        points: Sequence[Point[A]],
        settings: IpeSettings,
        *,
        file: PointFile[A] | None = None,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock_point, self._points = _split_clock(points, settings.clock)
        self._driver = driver
        self._clock: Clock = clock or SystemClock()
        self._settings = settings
        self._resources = IpeResources(client, settings, self._points)
        self._schedule = Schedule(self._points)
        self._device_backoff = Backoff(settings.reconnect_first_s, settings.reconnect_limit_s, jitter)
        self._cse_backoff = Backoff(settings.reconnect_first_s, settings.reconnect_limit_s, jitter)
        self._device = asyncio.Lock()
        self._connected = False
        self._measured: dict[str, Reading] = {}
        self._pushed: dict[str, tuple[float, Reading]] = {}
        self._failing: dict[str, str] = {}
        self._status: dict[str, Any] = {}
        self.commands: Commands[A] = Commands(self, self._resources, settings, self._clock)
        self._file = file
        self._leaving: list[Point[A]] = []

    async def run(self) -> None:
        """Run until cancelled; then mark the values stale and close the device."""
        leases = asyncio.create_task(self.commands.watch())
        try:
            while True:
                try:
                    await self._resources.ensure(self.commands.take)
                    await self._restore(self._points)
                    self._forget_pushed()
                    await self._let_go()
                    await self._poll_forever()
                except (Unreachable, RequestFailed) as error:
                    delay_s = self._cse_backoff.delay_s()
                    _log.warning("the CSE: %s; again in %.1f s", error, delay_s)
                    await self._clock.sleep(delay_s)
        finally:
            leases.cancel()
            await asyncio.gather(leases, return_exceptions=True)
            await self._stop()

    async def _restore(self, points: Iterable[Point[A]]) -> None:
        for point in points:
            if point.writable:
                await self.commands.restore(point)

    async def _poll_forever(self) -> None:
        while True:
            wait_s = await self.poll()
            self._cse_backoff.reset()
            await self._pause(wait_s)

    async def _pause(self, wait_s: float) -> None:
        """Wait, with a look at the file of the points now and then."""
        while True:
            step_s = min(wait_s, LOOK_S) if self._file else wait_s
            await self._clock.sleep(step_s)
            wait_s -= step_s
            points = await self._file.changed() if self._file else None
            if points is not None:
                await self.take(points)
            if wait_s <= 0 or (points is not None and self._connected):
                return

    async def take(self, points: Sequence[Point[A]]) -> None:
        """Go on with other points; raises the errors of ``Client``, after which ``run`` makes up for what is missing.

        What was removed is marked stale and stays; what is new or changed is read at once.
        """
        try:
            clock_point, points = _split_clock(points, self._settings.clock)
        except SettingsError as error:
            _log.error("the changed point list is refused, the old one goes on: %s", error)
            return
        old, new = ({point.name: point for point in each} for each in (self._points, points))
        fresh = [point for point in points if old.get(point.name) != point]
        async with self._device:
            self._leaving = [point for point in (*self._leaving, *self._points) if point.name not in new]
            for name in {point.name for point in fresh} | (old.keys() - new.keys()):
                self._failing.pop(name, None)
            for point in fresh:
                self._measured.pop(point.name, None)
                self._pushed.pop(point.name, None)
            self._clock_point, self._points = clock_point, list(points)
            self._schedule.change(points, fresh)
            self._resources.points = self._points
            _log.info("the point list has changed: %d new or changed, %d removed", len(fresh), len(old.keys() - new))
            for point in fresh:
                await self._resources.change(point, self.commands.take)
            await self._restore(fresh)
            await self._let_go()

    async def _let_go(self) -> None:
        """Mark what was removed from the list as stale."""
        while self._leaving:
            await self._mark_stale(self._leaving[:1], "the point was removed from the point list")
            point = self._leaving.pop(0)
            self.commands.forget(point.name)
            for known in (self._measured, self._pushed):
                known.pop(point.name, None)

    async def poll(self) -> float:
        """Read what is due, push it, and return how long to wait; raises the errors of ``Client``."""
        async with self._device:
            try:
                if not self._connected:
                    await self._connect()
                await self._read(self._schedule.take(self._clock.time()))
            except DeviceUnreachable as error:
                await self._lose(str(error))
                return self._device_backoff.delay_s()
        return self._schedule.wait_s(self._clock.time())

    async def _connect(self) -> None:
        await self._driver.connect()
        self._connected = True
        self._schedule.all_due()

    async def _read(self, points: Sequence[Point[A]]) -> None:
        if not points:
            return
        stamp = [self._clock_point] if self._clock_point else []
        values = await self._driver.read([*points, *stamp])
        self._device_backoff.reset()
        time = self._time_of(values)
        for point in points:
            value = values.get(point.name, PointError("the driver gave no value"))
            if isinstance(value, PointError):
                await self._fail(point, str(value))
            else:
                await self._succeed(point, Reading(value, time))
        await self._report("online", "")

    def _time_of(self, values: Mapping[str, Value | PointError]) -> str:
        """Return the time of a poll: the device's clock when it has one, else ours."""
        if self._clock_point:
            value = values.get(self._clock_point.name)
            if isinstance(value, int | float):
                return timestamp(value)
            _log.warning("the clock of the device cannot be read (%s): values carry the time of this machine", value)
        return timestamp(self._clock.time())

    async def _succeed(self, point: Point[A], reading: Reading) -> None:
        self._failing.pop(point.name, None)
        self._measured[point.name] = reading
        if self._is_news(point, reading):
            await self._push(point, reading)

    async def _fail(self, point: Point[A], reason: str) -> None:
        if self._failing.get(point.name) != reason:
            _log.warning("point %s: %s", point.name, reason)
        self._failing[point.name] = reason
        await self._mark_stale([point], reason)

    async def _lose(self, reason: str) -> None:
        """Close the device that is gone and mark everything stale."""
        if self._connected or not self._status:
            _log.warning("the device: %s", reason)
        self._connected = False
        await self._driver.close()
        await self._mark_stale(self._points, reason)
        await self._report("stale", reason)

    async def _mark_stale(self, points: Iterable[Point[A]], reason: str) -> None:
        for point in points:
            last = self._pushed.get(point.name)
            measured = self._measured.get(point.name)
            if measured is not None and (last is None or last[1].quality == "good"):
                await self._push(point, Reading(measured.value, measured.time, "stale", reason))

    def _is_news(self, point: Point[A], reading: Reading) -> bool:
        last = self._pushed.get(point.name)
        if point.deadband is None or last is None or last[1].quality != "good":
            return True
        return abs(reading.value - last[1].value) > point.deadband or self._clock.time() - last[0] >= point.max_age_s

    async def _push(self, point: Point[A], reading: Reading) -> None:
        await self._resources.push(point, reading)
        self._pushed[point.name] = (self._clock.time(), reading)

    async def _report(self, state: str, reason: str) -> None:
        """Push the state of the device when it changed."""
        status: dict[str, Any] = {"state": state, "reason": reason}
        if self._failing and state == "online":
            status["points"] = dict(sorted(self._failing.items()))
        if {key: value for key, value in self._status.items() if key != "since"} == status:
            return
        same_state = self._status.get("state") == state
        status["since"] = self._status["since"] if same_state else timestamp(self._clock.time())
        await self._resources.push_status(status)
        self._status = status

    def _forget_pushed(self) -> None:
        """After a break the CSE may have missed or lost values: push everything again."""
        self._pushed.clear()
        self._status = {}
        self._schedule.all_due()

    @property
    def arbitrates(self) -> bool:
        """True when the device itself keeps sixteen priorities."""
        return isinstance(self._driver, Prioritising)

    def point(self, name: str) -> Point[A]:
        """Return a writable point as the list has it now; raises PointError."""
        point = next((point for point in self._points if point.name == name), None)
        if point is None or not point.writable:
            raise PointError("the point is no longer in the point list, or no longer writable")
        return point

    def present(self, name: str) -> Value | None:
        """Return what was read of a point last; None when it never was, or is not known any more."""
        reading = self._measured.get(name)
        return reading.value if reading and name not in self._failing else None

    async def write(self, point: Point[A], value: Value, priority: int) -> Value:
        """Write, read back, push and return what the device holds now; raises PointError or DeviceUnreachable."""
        if isinstance(self._driver, Prioritising):
            return await self._change(point, self._driver.write_at(point, value, priority))
        return await self._change(point, self._driver.write(point, value))

    async def release(self, point: Point[A], priority: int) -> Value:
        """Let go of a priority of a device that arbitrates; as ``write``."""
        assert isinstance(self._driver, Prioritising)
        return await self._change(point, self._driver.release(point, priority))

    async def _change(self, point: Point[A], change: Coroutine[Any, Any, None]) -> Value:
        async with self._device:
            if not self._connected:
                change.close()
                raise DeviceUnreachable(f"the device is not connected: {self._status.get('reason') or 'connecting'}")
            try:
                await change
                self._pushed.pop(point.name, None)
                await self._read([point])
            except DeviceUnreachable as error:
                await self._lose(str(error))
                raise
        if point.name in self._failing:
            raise PointError(f"it was written, but cannot be read back: {self._failing[point.name]}")
        return self._measured[point.name].value

    async def _stop(self) -> None:
        """Say that nobody watches the device any more, as far as the CSE can be told."""
        await self._driver.close()
        self._connected = False
        try:
            await self._mark_stale(self._points, "the IPE was stopped")
            await self._report("stale", "the IPE was stopped")
        except (Unreachable, RequestFailed) as error:
            _log.warning("the CSE was not told that the IPE stops: %s", error)


def _split_clock(points: Sequence[Point[A]], name: str) -> tuple[Point[A] | None, list[Point[A]]]:
    if not name:
        return None, list(points)
    clock = next((point for point in points if point.name == name), None)
    if clock is None:
        names = [point.name for point in points]
        raise SettingsError(f"clock: no point is named {name!r}{nearest(name, names)}; points are {', '.join(names)}")
    return clock, [point for point in points if point is not clock]
