"""The life of an IPE: poll the device, push values, mark what is stale, carry commands to the device.

Two things can fail apart from each other. Without the device the IPE goes on: it marks what it pushed as stale and
connects again with back-off. Without the CSE it waits with back-off and then makes sure of its resources; readings of
the time in between are not kept, the next one is pushed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from cse.client import Client, Notification, RequestFailed, Unreachable, seconds_of, timestamp
from cse.clock import Clock, SystemClock
from ipe.backoff import Backoff
from ipe.driver import DeviceUnreachable, Driver, PointError
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
        self._handled: dict[str, tuple[Any, Any]] = {}
        self._file = file
        self._leaving: list[Point[A]] = []

    async def run(self) -> None:
        """Run until cancelled; then mark the values stale and close the device."""
        try:
            while True:
                try:
                    await self._resources.ensure(self._command)
                    self._forget_pushed()
                    await self._let_go()
                    await self._poll_forever()
                except (Unreachable, RequestFailed) as error:
                    delay_s = self._cse_backoff.delay_s()
                    _log.warning("the CSE: %s; again in %.1f s", error, delay_s)
                    await self._clock.sleep(delay_s)
        finally:
            await self._stop()

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
                await self._resources.change(point, self._command)
            await self._let_go()

    async def _let_go(self) -> None:
        """Mark what was removed from the list as stale."""
        while self._leaving:
            await self._mark_stale(self._leaving[:1], "the point was removed from the point list")
            point = self._leaving.pop(0)
            for known in (self._measured, self._pushed, self._handled):
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

    async def _command(self, point: Point[A], notification: Notification) -> None:
        """Carry out one command and report; one that was notified twice is carried out once."""
        instance = notification.representation
        # The time too: a CSE that lost its store gives resource IDs again.
        identity = (instance.get("ri"), instance.get("ct"))
        if notification.root != "m2m:cin" or self._handled.get(point.name) == identity:
            return
        self._handled[point.name] = identity
        result: dict[str, Any] = {"command": instance.get("rn")}
        try:
            point = self._writable(point.name)
            value = self._commanded(instance)
            if not point.limits.allow(value):
                raise PointError(f"{value} is outside of the limits of the point list")
            await self._write(point, value)
            result |= {"status": "done", "value": value}
        except (PointError, DeviceUnreachable) as error:
            _log.warning("command %s for %s failed: %s", instance.get("rn"), point.name, error)
            result |= {"status": "failed", "reason": str(error)}
        await self._resources.push_result(point, {**result, "time": timestamp(self._clock.time())})

    def _writable(self, name: str) -> Point[A]:
        """Return the point as the list has it now."""
        point = next((point for point in self._points if point.name == name), None)
        if point is None or not point.writable:
            raise PointError("the point is no longer in the point list, or no longer writable")
        return point

    def _commanded(self, instance: Mapping[str, Any]) -> Value:
        limit_s = self._settings.command_max_age_s
        if limit_s and "ct" in instance and self._clock.time() - seconds_of(str(instance["ct"])) > limit_s:
            raise PointError(f"the command is older than {limit_s:g} s; write it again if it is still wanted")
        return command_value(instance.get("con"))

    async def _write(self, point: Point[A], value: Value) -> None:
        """Write, read back, and push what the device holds now."""
        async with self._device:
            if not self._connected:
                raise DeviceUnreachable(f"the device is not connected: {self._status.get('reason') or 'connecting'}")
            try:
                await self._driver.write(point, value)
                self._pushed.pop(point.name, None)
                await self._read([point])
            except DeviceUnreachable as error:
                await self._lose(str(error))
                raise

    async def _stop(self) -> None:
        """Say that nobody watches the device any more, as far as the CSE can be told."""
        await self._driver.close()
        self._connected = False
        try:
            await self._mark_stale(self._points, "the IPE was stopped")
            await self._report("stale", "the IPE was stopped")
        except (Unreachable, RequestFailed) as error:
            _log.warning("the CSE was not told that the IPE stops: %s", error)


def command_value(content: object) -> Value:
    """Read the con of a command: ``5``, ``true``, ``{"value": 5}``, or one of these as JSON text; raises PointError."""
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            content = None
    if isinstance(content, Mapping):
        content = content.get("value")
    if isinstance(content, int | float):
        return content
    raise PointError('the command has no value; expected {"value": 5}, {"value": true} or a plain number')


def _split_clock(points: Sequence[Point[A]], name: str) -> tuple[Point[A] | None, list[Point[A]]]:
    if not name:
        return None, list(points)
    clock = next((point for point in points if point.name == name), None)
    if clock is None:
        names = [point.name for point in points]
        raise SettingsError(f"clock: no point is named {name!r}{nearest(name, names)}; points are {', '.join(names)}")
    return clock, [point for point in points if point is not clock]
