"""Delivery of notifications: one queue per target, in order, with the policies of the subscription (SUB-21 … SUB-27).

A record stays in the outbox until its target has answered, or cannot be reached for ``retry`` long. Batches (``bn``)
collect in memory what the outbox already has, so that a restart goes on with them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse.codecs import Raw
from cse.notifications.targets import Targets
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.storage.port import OutboxRecord, StoreError, WriteSet
from cse.work import Work
from resources.duration import seconds_of_duration
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Core

log = logging.getLogger("banyan.notifications")

#: Pauses between tries to reach a target, in seconds; each is double the one before.
FIRST_PAUSE_S = 0.25
#: Event category of "only the latest" (SUB-22).
LATEST = 4


@dataclass(slots=True, eq=False)
class Parcel:
    """One NOTIFY to one target: a single notification, or a batch of them. ``since`` is when it was accepted."""

    records: list[OutboxRecord]
    content: dict[str, Any]
    event_category: int | None
    counted: bool
    since: float
    under_way: bool = False
    dropped: bool = False


@dataclass(slots=True)
class Collection:
    """What a batch has collected, and the timer that ends it."""

    records: list[OutboxRecord]
    timer: asyncio.Task[None] | None = None


class Delivery:
    """The outgoing notifications of one CSE. Counters: ``sent``, ``failed``, ``pending``."""

    def __init__(self, targets: Targets) -> None:
        self.core: Core
        self.sent = 0
        self.failed = 0
        self._targets = targets
        self._queues: dict[str, deque[Parcel]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._collections: dict[tuple[str, str], Collection] = {}
        self._stopped = False

    @property
    def pending(self) -> int:
        """Number of notifications that wait."""
        return sum(map(len, self._queues.values())) + sum(len(one.records) for one in self._collections.values())

    def accept(self, records: Sequence[OutboxRecord]) -> None:
        """Take durable records for delivery, in order; after ``stop`` they wait in the outbox for the next start."""
        for record in () if self._stopped else records:
            resource = self.core.tree.by_id.get(record.subscription)
            if record.meta or resource is None:
                self._enqueue(record.target, [record], None, counted=False)
            elif "bn" in resource.attributes:
                self._collect(resource, record)
            else:
                if resource.attributes.get("ln"):
                    self._drop_queued(record.subscription, record.target)
                self._enqueue(record.target, [record], resource)

    def _enqueue(self, target: str, records: list[OutboxRecord], resource: Resource | None, *,
                 batch: bool = False, counted: bool = True) -> None:
        attributes = resource.attributes if resource is not None else {}
        category = LATEST if attributes.get("ln") else attributes.get("nec")
        content = {"m2m:agn": {"m2m:sgn": [Raw(record.body) for record in records]}} if batch \
            else {"m2m:sgn": Raw(records[0].body)}
        parcel = Parcel(records, content, category, counted, self.core.clock.time())
        self._queues.setdefault(target, deque()).append(parcel)
        if target not in self._workers:
            self._workers[target] = asyncio.get_running_loop().create_task(self._work(target))

    def _collect(self, resource: Resource, record: OutboxRecord) -> None:
        """Put a record into the batch; a full batch goes at once, any other when its time is over (SUB-22)."""
        policy = resource.attributes["bn"]
        key = (record.subscription, record.target)
        collection = self._collections.setdefault(key, Collection([]))
        collection.records.append(record)
        number = policy.get("num")
        if number and len(collection.records) >= number:
            self._flush(key)
        elif collection.timer is None:
            duration = policy.get("dur")
            seconds = self.core.settings.batch_duration_s if duration is None else seconds_of_duration(duration)
            collection.timer = asyncio.get_running_loop().create_task(self._flush_after(key, seconds))

    async def _flush_after(self, key: tuple[str, str], seconds: float) -> None:
        await self.core.clock.sleep(seconds)
        collection = self._collections.get(key)
        if collection is not None:
            collection.timer = None
            self._flush(key)

    def _flush(self, key: tuple[str, str]) -> None:
        collection = self._collections.pop(key)
        if collection.timer is not None:
            collection.timer.cancel()
        resource = self.core.tree.by_id.get(key[0])
        records = collection.records
        if resource is not None and resource.attributes.get("ln"):
            self._settle([record.id for record in records[:-1]])
            records = records[-1:]
        self._enqueue(key[1], records, resource, batch=True)

    def drop(self, subscription: str) -> list[int]:
        """Forget what waits for a subscription, but not what is being sent; returns the outbox ids."""
        dropped = [record.id for key in [key for key in self._collections if key[0] == subscription]
                   for record in self._close(key)]
        for target in self._queues:
            dropped += self._take(subscription, target)
        return dropped

    def _close(self, key: tuple[str, str]) -> list[OutboxRecord]:
        collection = self._collections.pop(key)
        if collection.timer is not None:
            collection.timer.cancel()
        return collection.records

    def _drop_queued(self, subscription: str, target: str) -> None:
        self._settle(self._take(subscription, target))

    def _take(self, subscription: str, target: str) -> list[int]:
        """Take the parcels of a subscription out of a queue, but not one that is under way."""
        queue = self._queues.get(target, deque())
        taken = [parcel for parcel in queue
                 if parcel.counted and not parcel.under_way and parcel.records[0].subscription == subscription]
        if taken:
            for parcel in taken:
                parcel.dropped = True
            left = [parcel for parcel in queue if not parcel.dropped]
            queue.clear()
            queue.extend(left)
        return [record.id for parcel in taken for record in parcel.records]

    def reviewed(self, resource: Resource, before: Mapping[str, Any]) -> None:
        """A subscription was changed: with another ``bn``, or none, what was collected goes out."""
        if before.get("bn") != resource.attributes.get("bn"):
            for key in [key for key in self._collections if key[0] == resource.ri]:
                self._flush(key)

    async def _work(self, target: str) -> None:
        queue, reachable = self._queues[target], True
        try:
            while queue:
                parcel = queue[0]
                status = Status.TARGET_NOT_REACHABLE
                if reachable or not self._overdue(parcel):
                    status = await self._try(target, parcel)
                else:  # a dead target must not hold up more than it lets go
                    await asyncio.sleep(0)
                reachable = status != Status.TARGET_NOT_REACHABLE
                if not parcel.dropped:
                    self._finished(parcel, status)
                if queue and queue[0] is parcel:
                    queue.popleft()
            del self._queues[target]
        finally:  # in the same step as the last look at the queue: what comes later starts a worker of its own
            del self._workers[target]

    async def _try(self, target: str, parcel: Parcel) -> Status:
        """Send a parcel, again for a while when the target cannot be reached."""
        pause = FIRST_PAUSE_S
        while True:
            parcel.under_way = True
            status = await self.send(target, parcel.content, parcel.event_category)
            if status != Status.TARGET_NOT_REACHABLE or self._overdue(parcel, pause):
                return status
            parcel.under_way = False
            await self.core.clock.sleep(pause)
            if parcel.dropped:
                return status
            pause *= 2

    def _overdue(self, parcel: Parcel, pause: float = 0.0) -> bool:
        """True when a parcel has waited as long as it may for a target that cannot be reached."""
        return self.core.clock.time() + pause - parcel.since > self.core.settings.notification_retry_s

    async def send(self, target: str, content: dict[str, Any], event_category: int | None = None) -> Status:
        """Send one NOTIFY; unreachable is TARGET_NOT_REACHABLE."""
        try:
            return await self._targets.send(target, content, event_category)
        except Exception:
            log.exception("notification to %s failed", without_secrets(target))
            return Status.INTERNAL_SERVER_ERROR

    async def forward(self, entity: Resource, request: RequestPrimitive) -> ResponsePrimitive:
        """Pass a NOTIFY of somebody else on to an AE."""
        return await self._targets.forward(entity, request)

    def _finished(self, parcel: Parcel, status: Status) -> None:
        if status.succeeded:
            self.sent += len(parcel.records)
        else:
            self.failed += len(parcel.records)
            log.warning("notification to %s was not accepted: %s %s", without_secrets(parcel.records[0].target),
                        status.value, status.name)
        work = Work()
        for record in parcel.records:
            work.changes.outbox[record.id] = None
        if status.succeeded and parcel.counted:
            self._count(work, parcel.records[0].subscription)
        self._write(work)

    def _count(self, work: Work, subscription: str) -> None:
        """``exc``: one less per notification sent; at 0 the subscription goes (SUB-24)."""
        resource = self.core.tree.by_id.get(subscription)
        if resource is None or "exc" not in resource.attributes:
            return
        before = resource.attributes
        if before["exc"] <= 1:
            from cse.operations.delete import remove

            remove(self.core, work, resource)
            return
        resource.attributes = {**before, "exc": before["exc"] - 1}

        def undo() -> None:
            resource.attributes, resource.encoded = before, None

        work.undo.append(undo)
        work.put(resource)

    def _settle(self, ids: Sequence[int]) -> None:
        if ids:
            work = Work()
            work.changes = WriteSet(outbox=dict.fromkeys(ids))
            self._write(work)

    def _write(self, work: Work) -> None:
        """Write without waiting: a record that comes back after a crash is sent twice, never lost."""
        try:
            self.core.submit(work)
        except StoreError as error:
            log.error("the outbox cannot be written: %s", error)

    async def stop(self) -> None:
        """End the workers; what was not sent is in the outbox."""
        self._stopped = True
        tasks = [*self._workers.values(), *(one.timer for one in self._collections.values() if one.timer is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def without_secrets(target: str) -> str:
    """A notification target for the log: without the query and credentials of a URL."""
    return target.partition("?")[0].rpartition("@")[2][:200]
