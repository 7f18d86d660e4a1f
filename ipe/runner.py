"""The life of an IPE: poll the device, push values, mark what is stale, carry commands to the device.

Two things can fail apart from each other. Without the device the IPE goes on: it marks what it pushed as stale and
connects again with back-off. Without the CSE it waits with back-off and then makes sure of its resources: with an
outbox it goes on polling meanwhile and everything is kept, without one the next reading is pushed.
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
from ipe.forward import Recovery, Waiting
from ipe.outbox import Outbox
from ipe.points import Point, Value, nearest
from ipe.publishing import Direct, Publishing
from ipe.reload import LOOK_S, PointFile
from ipe.resources import IpeResources, Reading
from ipe.schedule import Schedule
from ipe.settings import IpeSettings, SettingsError

A = TypeVar("A")
_log = logging.getLogger(__name__)


class Runner(Generic[A]):
    """One device, one AE.

    ``file`` is where changed points come from; in ``waiting`` values wait for the CSE (None: polls wait for it);
    ``jitter`` returns a number in [0, 1).
    """

    def __init__(
        self,
        client: Client,
        driver: Driver[A],
        points: Sequence[Point[A]],
        settings: IpeSettings,
        *,
        file: PointFile[A] | None = None,
        waiting: Waiting | None = None,
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
        self._outbox = None if waiting is None else Outbox(
            waiting, self._resources, Recovery[settings.recovery.upper()], settings.outbox_most, self._clock,
            self._cse_backoff,
        )  # fmt: skip
        self._publishing: Publishing[A] = Publishing(self._outbox or Direct(self._resources), self._clock)
        self._fresh: list[Point[A]] = []
        self._born: tuple[Any, Any] | None = None
        self.commands: Commands[A] = Commands(self, self._resources, settings, self._clock)
        self._file = file
        self._leaving: list[Point[A]] = []

    async def run(self) -> None:
        """Run until cancelled; then mark the values stale and close the device."""
        leases = asyncio.create_task(self.commands.watch())
        try:
            if self._outbox:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._outbox.run(self._prepare, self._tell_changes))
                    tasks.create_task(self._poll_forever())
            else:
                await self._run_with_cse()
        finally:
            leases.cancel()
            await asyncio.gather(leases, return_exceptions=True)
            await self._stop()

    async def _run_with_cse(self) -> None:
        """Poll while there is a CSE."""
        while True:
            try:
                await self._prepare()
                self._forget_pushed()
                await self._let_go()
                await self._poll_forever()
            except (Unreachable, RequestFailed) as error:
                delay_s = self._cse_backoff.delay_s()
                _log.warning("the CSE: %s; again in %.1f s", error, delay_s)
                await self._clock.sleep(delay_s)

    async def _prepare(self) -> None:
        """Make sure of the resources; a CSE that lost them is told everything again."""
        await self._resources.ensure(self.commands.take)
        await self._restore(self._points)
        if self._born not in (None, self._resources.born):
            self._forget_pushed()
        self._born = self._resources.born

    async def _tell_changes(self) -> None:
        """Bring the resources of changed points up to date."""
        while self._fresh:
            await self._resources.change(self._fresh[0], self.commands.take)
            await self._restore(self._fresh[:1])
            self._fresh.pop(0)

    async def _restore(self, points: Iterable[Point[A]]) -> None:
        for point in points:
            if point.writable:
                await self.commands.restore(point)

    async def _poll_forever(self) -> None:
        while True:
            wait_s = await self.poll()
            if not self._outbox:
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
            for point in fresh:
                self._publishing.forget(point.name)
            self._clock_point, self._points = clock_point, list(points)
            self._schedule.change(points, fresh)
            self._resources.points = self._points
            _log.info("the point list has changed: %d new or changed, %d removed", len(fresh), len(old.keys() - new))
            self._fresh = [point for point in (*self._fresh, *fresh) if new.get(point.name) == point]
            if not self._outbox:
                await self._tell_changes()
            await self._let_go()

    async def _let_go(self) -> None:
        """Mark what was removed from the list as stale."""
        while self._leaving:
            await self._publishing.mark_stale(self._leaving[:1], "the point was removed from the point list")
            point = self._leaving.pop(0)
            self.commands.forget(point.name)
            self._publishing.forget(point.name)
        await self._publishing.keep()

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
                await self._publishing.fail(point, str(value))
            else:
                await self._publishing.succeed(point, Reading(value, time))
        await self._publishing.report("online", "")
        await self._publishing.keep()

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
        if self._connected or not self._publishing.reported:
            _log.warning("the device: %s", reason)
        self._connected = False
        await self._driver.close()
        await self._publishing.mark_stale(self._points, reason)
        await self._publishing.report("stale", reason)
        await self._publishing.keep()

    def _forget_pushed(self) -> None:
        """After a break the CSE may have missed or lost values: push everything again."""
        self._publishing.forget_pushed()
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
        return self._publishing.present(name)

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
                raise DeviceUnreachable(f"the device is not connected: {self._publishing.reason or 'connecting'}")
            try:
                await change
                self._publishing.again(point.name)
                await self._read([point])
            except DeviceUnreachable as error:
                await self._lose(str(error))
                raise
        value = self._publishing.present(point.name)
        if value is None:
            raise PointError(f"it was written, but cannot be read back: {self._publishing.failure(point.name)}")
        return value

    async def _stop(self) -> None:
        """Say that nobody watches the device any more, as far as the CSE can be told."""
        await self._driver.close()
        self._connected = False
        try:
            await self._publishing.mark_stale(self._points, "the IPE was stopped")
            await self._publishing.report("stale", "the IPE was stopped")
            await self._publishing.keep()
        except (Unreachable, RequestFailed) as error:
            _log.warning("the CSE was not told that the IPE stops: %s", error)
        if self._outbox:
            await self._outbox.finish()
            self._outbox.close()


def _split_clock(points: Sequence[Point[A]], name: str) -> tuple[Point[A] | None, list[Point[A]]]:
    if not name:
        return None, list(points)
    clock = next((point for point in points if point.name == name), None)
    if clock is None:
        names = [point.name for point in points]
        raise SettingsError(f"clock: no point is named {name!r}{nearest(name, names)}; points are {', '.join(names)}")
    return clock, [point for point in points if point is not clock]
