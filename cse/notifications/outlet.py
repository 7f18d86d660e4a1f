"""The way to one target: its parcels one after the other, again for a while when it cannot be reached (SUB-21, SUB-27).

What has to wait for the target longer (``pn``) waits in its lane; the outlet tries again with growing pauses, and at
once when there is a sign that the target is back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from cse.notifications.parcel import Parcel
from resources.status import Status

if TYPE_CHECKING:
    from cse.notifications.delivery import Delivery
    from cse.notifications.lane import Lane

#: Pauses between tries to reach a target, in seconds; each is double the one before.
FIRST_PAUSE_S = 0.25
#: The first pause for what waits in a lane.
FIRST_WAIT_S = 1.0


class Outlet:
    """``queue`` are parcels on their way, the first perhaps being sent; ``waiting`` the lanes whose target is away."""

    __slots__ = ("_clock", "_delivery", "_wait_s", "queue", "target", "waiting", "worker")

    def __init__(self, delivery: Delivery, target: str) -> None:
        self.target = target
        self.queue: deque[Parcel] = deque()
        self.waiting: dict[Lane, None] = {}
        self.worker: asyncio.Task[None] | None = None
        self._delivery = delivery
        self._clock = delivery.core.clock
        self._wait_s = FIRST_WAIT_S

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
        reachable, pause = True, FIRST_PAUSE_S
        try:
            while self.queue:
                parcel = self.queue[0]
                lane = parcel.lane
                if lane is not None and not await lane.admit(parcel):
                    continue
                fetched = self._delivery.targets.fetches(self.target)
                patient = lane is not None and (fetched or lane.policy.pending is not None)
                status = Status.TARGET_NOT_REACHABLE
                if reachable or not (patient or self._overdue(parcel)):
                    parcel.under_way = True
                    status = await self._delivery.attempt(self.target, parcel)
                    parcel.under_way = False
                else:  # a dead target must not hold up more than it lets go
                    await asyncio.sleep(0)
                reachable = status != Status.TARGET_NOT_REACHABLE
                if reachable or (not patient and self._overdue(parcel, pause)):
                    self._done(parcel, status)
                    pause = FIRST_PAUSE_S
                elif lane is not None and patient:
                    lane.hold_away()
                else:
                    await self._clock.sleep(pause)
                    pause *= 2
        finally:  # in the same step as the last look at the queue: what comes later starts a worker of its own
            self.worker = None
            self._delivery.left(self)

    def _overdue(self, parcel: Parcel, pause: float = 0.0) -> bool:
        """True when a parcel has waited as long as it may for a target that cannot be reached."""
        return self._clock.time() + pause - parcel.since > self._delivery.core.settings.notification_retry_s

    def _done(self, parcel: Parcel, status: Status) -> None:
        if self.queue and self.queue[0] is parcel:
            self.queue.popleft()
        if not parcel.dropped:
            self._delivery.finished(parcel, status)
        if status != Status.TARGET_NOT_REACHABLE:
            self._wait_s = FIRST_WAIT_S
            if self.waiting:
                self.retry()

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
