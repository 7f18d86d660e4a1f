"""The way to one target: its parcels one after the other, again for a while when it cannot be reached (SUB-21, SUB-27).

What has to wait for the target longer (``pn``) waits in its lane; the outlet tries again with growing pauses, and at
once when there is a sign that the target is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from cse.notifications.parcel import Parcel
from resources.status import Status

if TYPE_CHECKING:
    from cse.notifications.delivery import Delivery
    from cse.notifications.lane import Lane

log = logging.getLogger("banyan.notifications")

#: Pauses between tries to reach a target, in seconds; each is double the one before, up to half the time for tries.
FIRST_PAUSE_S = 0.25
#: The first pause for what waits in a lane.
FIRST_WAIT_S = 1.0


class Outlet:
    """``queue`` are parcels on their way, the first perhaps being sent; ``waiting`` the lanes whose target is away."""

    __slots__ = ("_clock", "_delivery", "_failed", "_lost", "_pause_s", "_wait_s", "queue", "target", "waiting",
                 "worker")

    def __init__(self, delivery: Delivery, target: str) -> None:
        self.target = target
        self.queue: deque[Parcel] = deque()
        self.waiting: dict[Lane, None] = {}
        self.worker: asyncio.Task[None] | None = None
        self._delivery = delivery
        self._clock = delivery.core.clock
        self._wait_s = FIRST_WAIT_S
        self._failed, self._pause_s, self._lost = False, FIRST_PAUSE_S, 0

    @property
    def failing(self) -> bool:
        """True while the target could not be reached when it was tried last."""
        return self._failed or bool(self.waiting)

    def put(self, parcel: Parcel) -> None:
        """Send a parcel after those that are here."""
        self.queue.append(parcel)
        if self.worker is None:
            self.worker = asyncio.get_running_loop().create_task(self._work())

    def take(self, subscription: str, *, drop: bool = False) -> list[Parcel]:
        """Take the parcels of a subscription out, but not one that is being sent; ``drop`` them for good or not."""
        taken = [parcel for parcel in self.queue
                 if not parcel.final and not parcel.under_way and parcel.records[0].subscription == subscription]
        if taken:
            gone = set(map(id, taken))
            left = [parcel for parcel in self.queue if id(parcel) not in gone]
            self.queue.clear()
            self.queue.extend(left)
            for parcel in taken if drop else ():
                parcel.dropped = True
        return taken

    async def _work(self) -> None:
        self._failed, self._pause_s, self._lost = False, FIRST_PAUSE_S, 0
        try:
            while self.queue:
                await self._step(self.queue[0])
        finally:  # in the same step as the last look at the queue: what comes later starts a worker of its own
            self.worker = None
            self._say_what_is_lost()
            self._delivery.left(self)

    async def _step(self, parcel: Parcel) -> None:
        """Bring the first parcel a step further: a try; after one that failed a pause, or its end."""
        lane = parcel.lane
        if lane is not None and not await lane.admit(parcel):
            return
        patient = lane is not None and (lane.policy.pending is not None or self._delivery.targets.fetches(self.target))
        if not self._failed:
            await self._try(parcel)
        if not self._failed:
            return
        if lane is not None and patient:
            lane.hold_away()
        elif self._overdue(parcel, self._pause_s):
            self._done(parcel, Status.TARGET_NOT_REACHABLE)
            await asyncio.sleep(0)  # a dead target must not hold up more than it lets go
        else:
            await self._clock.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, self._delivery.core.settings.notification_retry_s / 2)
            self._failed = False

    async def _try(self, parcel: Parcel) -> None:
        parcel.under_way = True
        status = await self._delivery.attempt(self.target, parcel)
        parcel.under_way = False
        self._failed = status == Status.TARGET_NOT_REACHABLE
        if not self._failed:
            self._done(parcel, status)
            self._pause_s = FIRST_PAUSE_S
            self._say_what_is_lost()

    def _overdue(self, parcel: Parcel, pause_s: float) -> bool:
        """True when a parcel will have waited longer than it may for a target that cannot be reached."""
        return self._clock.time() + pause_s - parcel.since > self._delivery.core.settings.notification_retry_s

    def _say_what_is_lost(self) -> None:
        if self._lost > 1:  # the first one was named
            log.warning("notifications to %s: %d were given up because it could not be reached",
                        without_secrets(self.target), self._lost)
        self._lost = 0

    def _done(self, parcel: Parcel, status: Status) -> None:
        if self.queue and self.queue[0] is parcel:
            self.queue.popleft()
        if not parcel.dropped:
            self._delivery.finished(parcel, status)
            self._tell(parcel, status)
        if status != Status.TARGET_NOT_REACHABLE:
            self._wait_s = FIRST_WAIT_S
            if self.waiting:
                self.retry()

    def _tell(self, parcel: Parcel, status: Status) -> None:
        """Name what was not accepted; of what a target that cannot be reached does not get, the first."""
        if status == Status.TARGET_NOT_REACHABLE:
            self._lost += len(parcel.records)
            if self._lost > len(parcel.records):
                return
        if not status.succeeded:
            log.warning("notification to %s was not accepted: %s %s", without_secrets(self.target),
                        status.value, status.name)

    def wait(self, lane: Lane) -> None:
        """A lane waits until the target can be reached: in a while it is tried again."""
        self.waiting[lane] = None
        timers = self._delivery.core.timers
        if timers.pending(self) is None:
            timers.at(self, self._clock.time() + self._wait_s, self.retry)
            self._wait_s = min(self._wait_s * 2, self._delivery.core.settings.max_notification_pause_s)

    def retry(self) -> None:
        """Try the target again for all lanes that wait for it."""
        self._delivery.core.timers.cancel(self)
        waiting, self.waiting = self.waiting, {}
        for lane in waiting:
            lane.returned()
        self._delivery.left(self)

    async def stop(self) -> None:
        """End the worker; what was not sent is in the outbox."""
        if self.worker is not None:
            self.worker.cancel()
            await asyncio.gather(self.worker, return_exceptions=True)


def without_secrets(target: str) -> str:
    """A notification target for the log: without the query and credentials of a URL."""
    return target.partition("?")[0].rpartition("@")[2][:200]
