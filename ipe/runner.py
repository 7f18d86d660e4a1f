"""The life of an IPE: the device is watched (``device``), values are pushed, commands are carried out.

Two things can fail apart from each other. Without the device the IPE goes on: it marks what it pushed as stale and
connects again with back-off. Without the CSE it waits with back-off and then makes sure of its resources: with an
outbox it goes on polling meanwhile and everything is kept, without one the next reading is pushed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Generic, TypeVar

from cse.client import Client, RequestFailed, Unreachable
from cse.clock import Clock, SystemClock
from ipe.backoff import Backoff
from ipe.commands import Commands
from ipe.device import Device
from ipe.driver import Driver
from ipe.forward import Recovery, Waiting
from ipe.mirror import Mirror
from ipe.outbox import Outbox
from ipe.points import Point, nearest
from ipe.publishing import Direct, Publishing
from ipe.reload import LOOK_S, PointFile
from ipe.resources import Ears, IpeResources
from ipe.settings import IpeSettings, SettingsError

A = TypeVar("A")
_log = logging.getLogger(__name__)
STOPPED = "the IPE was stopped"


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
        clock_point, points = _split_clock(points, settings.clock)
        self._clock: Clock = clock or SystemClock()
        self._settings = settings
        self._resources = IpeResources(client, settings, points)
        first_s, limit_s = settings.reconnect_first_s, settings.reconnect_limit_s
        self._cse_backoff = Backoff(first_s, limit_s, jitter)
        self._outbox = None if waiting is None else Outbox(
            waiting, self._resources, Recovery[settings.recovery.upper()], settings.outbox_most, self._clock,
            self._cse_backoff,
        )  # fmt: skip
        self.mirror: Mirror[A] = Mirror(
            self._resources, self._clock, Backoff(first_s, limit_s, jitter), lambda: client.originator)
        self._publishing: Publishing[A] = Publishing(
            self._outbox or Direct(self._resources), self._clock, self.mirror.note)
        self.device: Device[A] = Device(
            driver, points, clock_point, self._publishing, self._clock, Backoff(first_s, limit_s, jitter),
            settings.heartbeat_s, self.mirror.describe,
        )  # fmt: skip
        self._fresh: list[Point[A]] = []
        self._leaving: list[Point[A]] = []
        self._born: tuple[Any, Any] | None = None
        self.commands: Commands[A] = Commands(self.device, self._resources, settings, self._clock)
        self._ears: Ears[A] = Ears(self.commands.take, self.commands.restore, self.device.every)
        self._file = file

    async def run(self) -> None:
        """Run until cancelled; then mark the values stale and close the device."""
        aside = [asyncio.create_task(work) for work in (self.commands.watch(), self.mirror.run(self.commands.ask))]
        try:
            if self._outbox:
                await self._publishing.restore(self.device.points)
                await together(self._outbox.run(self.prepare, self._tell_changes), self._watch())
            else:
                await self._run_with_cse()
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            await self._stop()

    async def _run_with_cse(self) -> None:
        """Poll while there is a CSE."""
        while True:
            try:
                await self.prepare()
                self._forget_pushed()
                await self._let_go()
                await self._publishing.restore(self.device.points)
                await self._watch()
            except (Unreachable, RequestFailed) as error:
                delay_s = self._cse_backoff.delay_s()
                _log.warning("the CSE: %s; again in %.1f s", error, delay_s)
                await self._clock.sleep(delay_s)

    async def prepare(self) -> None:
        """Make sure of the resources; a CSE that lost them is told everything again."""
        await self._resources.ensure(self._ears)
        if self._born not in (None, self._resources.born):
            self._forget_pushed()
        self.mirror.again()
        self._born = self._resources.born

    async def _tell_changes(self) -> None:
        """Bring the resources of changed points up to date."""
        while self._fresh:
            await self._resources.change(self._fresh[0], self._ears)
            self._fresh.pop(0)

    async def _watch(self) -> None:
        """Poll and hear the device; raises the errors of ``Client``."""
        await together(self._poll_forever(), self.device.hear_forever())

    async def _poll_forever(self) -> None:
        while True:
            wait_s = await self.poll()
            if not self._outbox:
                self._cse_backoff.reset()
            await self._pause(wait_s)

    async def poll(self) -> float:
        """Read what is due, push it, and return how long to wait; raises the errors of ``Client``."""
        return await self.device.poll()

    async def _pause(self, wait_s: float) -> None:
        """Wait, with a look at the file of the points now and then."""
        while True:
            step_s = min(wait_s, LOOK_S) if self._file else wait_s
            await self._clock.sleep(step_s)
            wait_s -= step_s
            points = await self._file.changed() if self._file else None
            if points is not None:
                await self.take(points)
            if wait_s <= 0 or (points is not None and self.device.connected):
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
        names = {point.name for point in points}
        gone = [point for point in self.device.points if point.name not in names]
        self._leaving = [point for point in (*self._leaving, *gone) if point.name not in names]
        old = self.device.points
        fresh = await self.device.change(points, clock_point)
        self.mirror.forget(point for point in old if point not in points)
        self._resources.points = self.device.points
        _log.info("the point list has changed: %d new or changed, %d removed", len(fresh), len(gone))
        self._fresh = [*_still(self._fresh, points), *fresh]
        if not self._outbox:
            await self._tell_changes()
        await self._let_go()
        await self._publishing.restore(fresh)

    async def _let_go(self) -> None:
        """Mark what was removed from the list as stale."""
        while self._leaving:
            await self._publishing.mark_stale(self._leaving[:1], "the point was removed from the point list")
            point = self._leaving.pop(0)
            self.commands.forget(point.name)
            self._publishing.forget(point.name)
        await self._publishing.keep()

    def _forget_pushed(self) -> None:
        """After a break the CSE may have missed or lost values: push everything again."""
        self._publishing.forget_pushed()
        self.device.all_due()

    async def _stop(self) -> None:
        """Say that nobody watches the device any more, as far as the CSE can be told."""
        try:
            await self.device.stop(STOPPED)
        except (Unreachable, RequestFailed) as error:
            _log.warning("the CSE was not told that the IPE stops: %s", error)
        if self._outbox:
            await self._outbox.finish()
            self._outbox.close()


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things until one of them fails; raises what it raised when the others have ended."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _still(old: Iterable[Point[A]], points: Sequence[Point[A]]) -> list[Point[A]]:
    """Those of the old points that are in the list as they were."""
    return [point for point in old if point in points]


def _split_clock(points: Sequence[Point[A]], name: str) -> tuple[Point[A] | None, list[Point[A]]]:
    if not name:
        return None, list(points)
    clock = next((point for point in points if point.name == name), None)
    if clock is None:
        names = [point.name for point in points]
        raise SettingsError(f"clock: no point is named {name!r}{nearest(name, names)}; points are {', '.join(names)}")
    return clock, [point for point in points if point is not clock]
