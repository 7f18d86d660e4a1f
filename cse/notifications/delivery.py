"""Delivery of notifications: one outlet per target, in order, with the policies of the subscription (SUB-21 … SUB-27).

A record stays in the outbox until its target has answered, or it is given up. A notification without policies goes to
the outlet of its target at once; any other goes through the lane of its subscription and target.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from cse.core import Core
from cse.notifications import buffer, statistics
from cse.notifications.lane import Lane
from cse.notifications.outlet import Outlet, without_secrets
from cse.notifications.parcel import FINAL, Parcel, single
from cse.notifications.policy import Policy
from cse.notifications.target_removal import answered
from cse.notifications.targets import Targets
from cse.operations.delete import remove
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.storage.port import OutboxRecord, StoreError, WriteSet
from cse.work import Work
from resources.model import Resource
from resources.status import Status
from resources.subscription import is_url, resource_of

log = logging.getLogger("banyan.notifications")


class Delivery:
    """The outgoing notifications of one CSE. Counters: ``sent``, ``given_up`` by reason, ``waiting`` by target.

    The reasons: ``refused`` by the target, ``unreachable`` for as long as it was tried, ``away`` (or asleep by a
    schedule) while the subscription keeps nothing for it, ``target_full`` and ``full``: too many waited.
    ``policies`` are those of the subscriptions that are not plain; ``schedules`` the IDs of all ``<schedule>``.
    """

    def __init__(self, targets: Targets) -> None:
        self.core: Core
        self.sent = 0
        self.given_up = dict.fromkeys(("refused", "unreachable", "away", "target_full", "full"), 0)
        self.pending = 0
        self.waiting: dict[str, int] = {}
        self.policies: Mapping[str, Policy] = {}
        self.schedules: set[str] = set()
        self.outlets: dict[str, Outlet] = {}
        self.lanes: dict[str, dict[str, Lane]] = {}
        self.targets = targets
        self._removals: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def failed(self) -> int:
        """How many were given up, for whatever reason."""
        return sum(self.given_up.values())

    @property
    def failing(self) -> int:
        """How many targets that something waits for could not be reached when they were tried last."""
        return sum(outlet.failing for outlet in self.outlets.values())

    def accept(self, records: Sequence[OutboxRecord]) -> None:
        """Take durable records for delivery, in order; after ``stop`` they wait in the outbox for the next start."""
        if self._stopped:
            return
        self.pending += len(records)
        policies, outlets, now, waiting = self.policies, self.outlets, self.core.clock.time(), self.waiting
        most, full = self.core.settings.max_notifications_per_target, set()
        for record in records:
            count = waiting[record.target] = waiting.get(record.target, 0) + 1
            if count > most:
                full.add(record.target)
            if record.meta == FINAL or (record.subscription not in policies and not self.schedules
                                        and not self.targets.fetches(record.target)):
                (outlets.get(record.target) or self.outlet(record.target)).put(single(record, now))
            else:
                self._take(record)
        for target in full:
            self._shed("target_full", waiting[target], most, target)
        if self.pending > self.core.settings.max_notifications:
            self._shed("full", self.pending, self.core.settings.max_notifications)

    def _take(self, record: OutboxRecord) -> None:
        resource = self.core.tree.by_id.get(record.subscription)
        if resource is None:
            self.outlet(record.target).put(single(record, self.core.clock.time()))
            return
        lanes = self.lanes.setdefault(record.subscription, {})
        lane = lanes.get(record.target)
        if lane is None:
            lane = lanes[record.target] = Lane(self, resource, record.target)
        lane.take(record)

    def outlet(self, target: str) -> Outlet:
        """The way to a target."""
        found = self.outlets.get(target)
        if found is None:
            found = self.outlets[target] = Outlet(self, target)
        return found

    def left(self, outlet: Outlet) -> None:
        """An outlet has nothing more to do for now."""
        if not outlet.queue and not outlet.waiting and outlet.worker is None:
            self.outlets.pop(outlet.target, None)

    # sending

    async def send(self, target: str, content: dict[str, Any], event_category: int | None = None, *,
                   timeout_s: float | None = None, request_id: str = "") -> ResponsePrimitive:
        """Send one NOTIFY; that the target cannot be reached is TARGET_NOT_REACHABLE."""
        try:
            return await self.targets.send(target, content, event_category, timeout_s=timeout_s,
                                           request_id=request_id)
        except Exception:
            log.exception("notification to %s failed", without_secrets(target))
            return ResponsePrimitive(Status.INTERNAL_SERVER_ERROR)

    async def forward(self, entity: Resource, request: RequestPrimitive,
                      timeout_s: float | None = None) -> ResponsePrimitive:
        """Pass a NOTIFY of somebody else on to an AE."""
        return await self.targets.forward(entity, request, timeout_s)

    async def attempt(self, target: str, parcel: Parcel) -> Status:
        """Send a parcel, count that, and look whether the answer asks for the removal of the target (SUB-28)."""
        response = await self.send(target, parcel.content, parcel.category, request_id=parcel.name)
        if parcel.lane is not None and parcel.lane.policy.counting:
            replied = response.status != Status.TARGET_NOT_REACHABLE
            work = Work()
            statistics.count(work, parcel.lane.resource, [target], "rqs", *(("rsr",) if replied else ()))
            self._write(work)
        if response.content is not None and not parcel.final:
            self._look_for_removal(parcel.records[0].subscription, target, response)
        return response.status

    def _look_for_removal(self, subscription: str, target: str, response: ResponsePrimitive) -> None:
        removal = answered(self.core, subscription, target, response)
        if removal is not None:
            task = asyncio.get_running_loop().create_task(removal)
            self._removals.add(task)
            task.add_done_callback(self._removals.discard)

    def finished(self, parcel: Parcel, status: Status) -> None:
        """A parcel was answered, or is given up."""
        if status.succeeded:
            self.sent += len(parcel.records)
        else:
            reason = "unreachable" if status == Status.TARGET_NOT_REACHABLE else "refused"
            self.given_up[reason] += len(parcel.records)
        self._less(parcel.records[0].target, len(parcel.records))
        work = Work()
        for record in parcel.records:
            work.changes.outbox[record.id] = None
        if status.succeeded and not parcel.final:
            self._count(work, parcel.records[0].subscription)
        self._write(work)

    def _count(self, work: Work, subscription: str) -> None:
        """``exc``: one less per notification sent; at 0 the subscription goes (SUB-24)."""
        resource = self.core.tree.by_id.get(subscription)
        if resource is None or "exc" not in resource.attributes:
            return
        before = resource.attributes
        if before["exc"] <= 1:
            remove(self.core, work, resource)
            return
        resource.attributes = {**before, "exc": before["exc"] - 1}

        def undo() -> None:
            resource.attributes, resource.encoded = before, None

        work.undo.append(undo)
        work.put(resource)

    # forgetting

    def drop(self, subscription: str) -> list[int]:
        """Forget what waits for a subscription, but not what is being sent; returns the outbox ids."""
        dropped = [(lane.target, lane.drop()) for lane in self.lanes.pop(subscription, {}).values()]
        for outlet in tuple(self.outlets.values()):
            taken = outlet.take(subscription, drop=True)
            dropped.append((outlet.target, [id_ for parcel in taken for id_ in parcel.ids]))
        for target, ids in dropped:
            self._less(target, len(ids))
        return [id_ for _, ids in dropped for id_ in ids]

    def settle(self, target: str, ids: Sequence[int]) -> None:
        """Take out of the outbox what is not sent any more because something newer replaces it."""
        if ids:
            self._less(target, len(ids))
            work = Work()
            work.changes = WriteSet(outbox=dict.fromkeys(ids))
            self._write(work)

    def give_up(self, target: str, ids: Sequence[int], reason: str) -> None:
        """``settle`` for what is lost by that."""
        self.given_up[reason] += len(ids)
        self.settle(target, ids)

    def _shed(self, reason: str, number: int, limit: int, target: str | None = None) -> None:
        """Too much waits: give up what counts least (SUB-25), a tenth of the limit at once."""
        for one, ids in buffer.shed(self, number - limit + limit // 10, target).items():
            log.warning("more than %d notifications wait%s: %d of %s are given up", limit,
                        " for one target" if target else "", len(ids), without_secrets(one))
            self.give_up(one, ids, reason)

    def _less(self, target: str, number: int) -> None:
        """So many do not wait any more."""
        self.pending -= number
        left = self.waiting.get(target, 0) - number
        if left > 0:
            self.waiting[target] = left
        else:
            self.waiting.pop(target, None)

    def _write(self, work: Work) -> None:
        """Write without waiting: a record that comes back after a crash is sent twice, never lost."""
        try:
            self.core.submit(work)
        except StoreError as error:
            log.error("the outbox cannot be written: %s", error)

    # changes

    def reviewed(self, resource: Resource, before: Mapping[str, Any]) -> None:
        """A subscription was changed: what waits for a target that is none any more goes, the rest as it says now."""
        if self._stopped:
            return
        lanes = self.lanes.get(resource.ri, {})
        for target in set(before["nu"]).difference(resource.attributes["nu"]):
            lane = lanes.pop(target, None)
            taken = lane.drop() if lane is not None else []
            outlet = self.outlets.get(target)
            for parcel in outlet.take(resource.ri, drop=True) if outlet is not None else ():
                taken += parcel.ids
            self.settle(target, taken)
        for lane in tuple(lanes.values()):
            lane.review(batch_changed=before.get("bn") != resource.attributes.get("bn"))

    def flush(self, ri: str) -> None:
        """Send what was collected in the name of a resource that is gone."""
        for lane in self.lanes.pop(ri, {}).values():
            lane.flush()

    def review(self) -> None:
        """A schedule has changed, or whose it is: what is held may go, or wait for another moment."""
        for lanes in () if self._stopped else tuple(self.lanes.values()):
            for lane in tuple(lanes.values()):
                lane.release()

    def reachable(self, entity: Resource) -> None:
        """There is a sign that an AE or CSE can be reached: try again what waits for it."""
        for outlet in () if self._stopped else tuple(self.outlets.values()):
            if outlet.waiting and self._leads_to(outlet.target, entity):
                outlet.retry()

    def _leads_to(self, target: str, entity: Resource) -> bool:
        return not is_url(target) and self.core.tree.find(resource_of(target)) is entity

    async def stop(self) -> None:
        """End the workers; what was not sent is in the outbox."""
        self._stopped = True
        for removal in self._removals:
            removal.cancel()
        await asyncio.gather(*self._removals, return_exceptions=True)
        for outlet in tuple(self.outlets.values()):
            await outlet.stop()
