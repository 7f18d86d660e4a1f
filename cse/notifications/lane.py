"""What one subscription has for one target: collected into batches, and held back while something is in the way.

In the way can be the schedules (SUB-23), a target that cannot be reached (with ``pn``), the rate limit (SUB-22). All
that waits is in the outbox, so a restart begins with it anew.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from cse.notifications import parcel, rate
from cse.notifications.parcel import Parcel, moment_of
from cse.notifications.policy import IMMEDIATE, KEEP_LAST, LATEST, PLAIN, Policy
from cse.reachability import next_reachable, schedule_of
from cse.storage.port import OutboxRecord, StoreError
from cse.work import Work
from resources.model import Resource
from resources.subscription import resource_of

if TYPE_CHECKING:
    from cse.notifications.delivery import Delivery
    from cse.notifications.outlet import Outlet

log = logging.getLogger("banyan.notifications")

#: How often two schedules are asked in turn for a moment that suits both, before it is tried again at that moment.
STEPS = 100


class Obstacle(Enum):
    """What holds notifications back."""

    AWAY = auto()
    CLOSED = auto()
    RATE = auto()


class Lane:
    """``held`` are parcels that wait, oldest first; ``collected`` the records of a batch that is not complete.

    While ``away`` the target could not be reached; its outlet says when to try again.
    """

    def __init__(self, delivery: Delivery, resource: Resource, target: str) -> None:
        self.resource = resource
        self.target = target
        self.held: deque[Parcel] = deque()
        self.collected: list[OutboxRecord] = []
        self.away = False
        self._delivery = delivery
        self._core = delivery.core

    @property
    def policy(self) -> Policy:
        """The policies of the subscription as they are now."""
        return self._delivery.policies.get(self.resource.ri, PLAIN)

    @property
    def outlet(self) -> Outlet:
        """The way to the target."""
        return self._delivery.outlet(self.target)

    @property
    def idle(self) -> bool:
        """True when nothing waits here."""
        return not self.held and not self.collected

    # batches

    def take(self, record: OutboxRecord) -> None:
        """Take a durable notification."""
        policy = self.policy
        if not policy.batch_number:
            self._offer([record], policy)
            return
        self.collected.append(record)
        if len(self.collected) >= policy.batch_number:
            self.flush()
        elif len(self.collected) == 1:
            now = self._core.clock.time()
            self._core.timers.at((self, "batch"), moment_of(record, now) + policy.batch_s, self.flush)

    def flush(self) -> None:
        """End the batch: what was collected is sent."""
        self._core.timers.cancel((self, "batch"))
        records, self.collected = self.collected, []
        policy = self.policy
        if policy.latest:
            self._delivery.settle(self.target, [record.id for record in records[:-1]])
            records = records[-1:]
        if records:
            self._offer(records, policy, batch=True)

    def _offer(self, records: Sequence[OutboxRecord], policy: Policy, *, batch: bool = False) -> None:
        now = self._core.clock.time()
        made = parcel.batch(records, now) if batch else parcel.single(records[0], now)
        made.lane, made.category = self, policy.category
        if policy.latest:
            self._delivery.settle(self.target, self.drop_waiting())
        obstacle = self._obstacle()
        if self.held or obstacle is not None:
            self.held.append(made)
            self._keep(obstacle)
        else:
            self.outlet.put(made)

    # holding back

    def _obstacle(self, passing: Parcel | None = None) -> Obstacle | None:
        if self.away:
            return Obstacle.AWAY
        policy, now = self.policy, self._core.clock.time()
        if self._delivery.schedules and policy.category != IMMEDIATE and self._next_open(now) != now:
            return Obstacle.CLOSED
        if policy.rate_number and not self._within_rate(policy, now, passing):
            return Obstacle.RATE
        return None

    def _within_rate(self, policy: Policy, now: float, passing: Parcel | None) -> bool:
        if passing is not None and passing.window is not None:
            open_ = rate.window(self.resource, self.target, policy, now)
            if open_ is not None and open_[0] == passing.window:
                return True
        return rate.left(self.resource, self.target, policy, now) > 0

    def _next_open(self, now: float) -> float | None:
        """The first moment at which the schedules of the subscription and of the target's node both allow sending."""
        own = schedule_of(self.resource)
        entity = self._core.tree.find(resource_of(self.target)) if "://" not in self.target else None
        moment: float | None = now
        for _ in range(STEPS):
            before = moment
            if own is not None and moment is not None:
                moment = own.next_active(moment)
            if entity is not None and moment is not None:
                moment = next_reachable(self._core.tree, entity, moment)
            if moment is None or moment == before:
                break
        return moment

    def _keep(self, obstacle: Obstacle | None) -> None:
        """Keep of what is held what the policies say for this obstacle, and see to it that it goes on."""
        policy, now = self.policy, self._core.clock.time()
        when: float | None = now
        if obstacle in (Obstacle.AWAY, Obstacle.CLOSED):
            self._keep_pending(policy, obstacle)
            when = self._next_open(now) if obstacle is Obstacle.CLOSED else None
        elif obstacle is Obstacle.RATE:
            when = rate.end(self.resource, self.target, policy, now)
        if not self.held:
            self.away = False
        elif obstacle is Obstacle.AWAY:
            self.outlet.wait(self)
        elif when is not None:
            self._core.timers.at((self, "held"), when, self.release)

    def _keep_pending(self, policy: Policy, obstacle: Obstacle) -> None:
        """``pn`` (SUB-23): 1 keeps the last, 2 all; without it only what the target has not fetched yet (PCH-4)."""
        fetched = obstacle is Obstacle.AWAY and self._delivery.targets.fetches(self.target)
        if policy.pending is None and not fetched:
            self._delivery.give_up(self.target, self._clear(len(self.held)), "away")
        elif policy.pending == KEEP_LAST:
            self._delivery.settle(self.target, self._clear(len(self.held) - 1))
            for last in self.held:
                last.category = LATEST

    def _clear(self, number: int) -> list[int]:
        """Drop the oldest that are held; returns their outbox ids."""
        return [id_ for _ in range(number) for id_ in self.held.popleft().ids]

    def release(self) -> None:
        """Send what is held, as far as nothing is in the way any more."""
        if self.away or not self.held:
            return
        obstacle = self._obstacle()
        if obstacle is not None:
            self._keep(obstacle)
            return
        policy, now = self.policy, self._core.clock.time()
        most = rate.left(self.resource, self.target, policy, now) if policy.rate_number else len(self.held)
        for _ in range(min(most, len(self.held))):
            self.outlet.put(self.held.popleft())
        if self.held:  # the window has not begun yet: at its end it is looked at again
            self._core.timers.at((self, "held"), now + policy.rate_s, self.release)

    # being sent

    async def admit(self, passing: Parcel) -> bool:
        """True when a parcel at the head of the queue may be sent now; else it is held again, or was dropped."""
        obstacle = self._obstacle(passing)
        if obstacle is not None:
            self._take_back()
            self._keep(obstacle)
            return False
        if self.policy.rate_number:
            return await self._spend(passing)
        return True

    async def _spend(self, passing: Parcel) -> bool:
        """Count a parcel in its window, durably, unless it has been."""
        now = self._core.clock.time()
        open_ = rate.window(self.resource, self.target, self.policy, now)
        if open_ is None or open_[0] != passing.window:
            work = Work()
            passing.window = rate.spend(work, self.resource, self.target, self.policy, now)
            try:
                await self._core.commit(work)
            except StoreError as error:
                log.error("the rate limit cannot be written, nothing is sent: %s", error)
                self._take_back()
                return False
        return not passing.dropped

    def hold_away(self) -> None:
        """The target cannot be reached: hold everything until it may be again."""
        self.away = True
        self._take_back()
        self._keep(Obstacle.AWAY)

    def returned(self) -> None:
        """The target may be reached again."""
        self.away = False
        self.release()

    def _take_back(self) -> None:
        self.held.extendleft(reversed(self.outlet.take(self.resource.ri)))

    # ends and changes

    def review(self, *, batch_changed: bool) -> None:
        """The policies have changed: act on what waits as they are now."""
        if batch_changed and self.collected:
            self.flush()
        self._keep(Obstacle.AWAY) if self.away else self.release()

    def drop_waiting(self) -> list[int]:
        """Forget what is held or queued, but not what is being sent; returns the outbox ids."""
        dropped = [*self.outlet.take(self.resource.ri, drop=True), *self.held]
        self.held.clear()
        self._core.timers.cancel((self, "held"))
        return [id_ for one in dropped for id_ in one.ids]

    def drop(self) -> list[int]:
        """Forget everything, the batch too; returns the outbox ids."""
        self._core.timers.cancel((self, "batch"))
        collected, self.collected = self.collected, []
        return [*self.drop_waiting(), *(record.id for record in collected)]
