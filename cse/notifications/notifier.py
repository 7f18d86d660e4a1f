"""From events to notifications: subscriptions matched while an operation is done, sent once it is durable.

Matching writes outbox records into the unit of work of the operation itself, so that a crash loses none (SUB-20).
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cse.codecs import Raw, encode
from cse.core import Call, attributes_of
from cse.notifications import statistics
from cse.notifications.blocking import Blocking
from cse.notifications.delivery import Delivery
from cse.notifications.monitoring import Monitoring
from cse.notifications.parcel import FINAL, ORDINARY, moment
from cse.notifications.policy import Policy
from cse.notifications.subscription import (
    ALL_ATTRIBUTES,
    CHILD_CREATED,
    CHILD_DELETED,
    DELETED,
    MODIFIED_ATTRIBUTES,
    NO_CHILD,
    TRIGGERED,
    UPDATED,
    Subscription,
    Subscriptions,
)
from cse.storage.port import InstanceRecord, OutboxRecord
from cse.work import Work
from resources.ae import AE
from resources.model import Operation, Permission, Resource, ResourceType
from resources.polling_channel import POLLING_CHANNEL
from resources.remote_cse import REMOTE_CSE
from resources.schedule import SCHEDULE
from resources.status import Status
from resources.subscription import SUBSCRIPTION

#: Types that notifications are addressed to by resource ID: what is changed about one may let it be reached again.
ENTITIES = frozenset({AE.number, POLLING_CHANNEL.number, REMOTE_CSE.number})

#: The operation that an event type comes from; for ``eeno``.
OPERATIONS = {UPDATED: Operation.UPDATE, DELETED: Operation.DELETE, CHILD_CREATED: Operation.CREATE,
              CHILD_DELETED: Operation.DELETE, NO_CHILD: Operation.RETRIEVE}


class Notifier:
    """The subscriptions of one CSE, and its side of section 13."""

    def __init__(self, delivery: Delivery, cse_id: str, last_id: int) -> None:
        self.delivery = delivery
        self.subscriptions = Subscriptions()
        self.blocking = Blocking(self)
        self.monitoring = Monitoring(self)
        self._cse_id = cse_id
        self._last_id = last_id
        self._by_parent = self.subscriptions.by_parent
        delivery.policies = self.subscriptions.policies

    def attached(self, resource: Resource, work: Work | None = None) -> None:
        """Take a new resource into account: a subscription, a schedule, something that can be notified."""
        number = resource.type.number
        if number == SUBSCRIPTION.number:
            self.subscriptions.add(resource, self.delivery.core.settings)
            if work is not None:
                work.undo.append(lambda: self.subscriptions.forget(resource))
        elif number == SCHEDULE.number:
            self.delivery.schedules.add(resource.ri)
            if work is not None:
                work.undo.append(lambda: self.delivery.schedules.discard(resource.ri))
                work.after(self.delivery.review)
        elif number in ENTITIES and work is not None:
            self._maybe_reachable(resource, work)

    def reattached(self, resource: Resource, work: Work, before: Mapping[str, Any]) -> None:
        """Take an updated resource into account."""
        number = resource.type.number
        if number == SUBSCRIPTION.number:
            self._compiled_again(resource)
            work.undo.insert(0, lambda: self._compiled_again(resource))
            work.after(lambda: self.delivery.reviewed(resource, before))
            for gone in set(before.get("acrs") or ()).difference(resource.attributes.get("acrs") or ()):
                self.tell_deletion(work, resource, gone)
        elif number == SCHEDULE.number:
            work.after(self.delivery.review)
        elif number in ENTITIES:
            self._maybe_reachable(resource, work)
            if before.get("nl") != resource.attributes.get("nl"):
                work.after(self.delivery.review)

    def _maybe_reachable(self, resource: Resource, work: Work) -> None:
        entity = resource.parent if resource.type.number == POLLING_CHANNEL.number else resource
        if entity is not None:
            work.after(lambda: self.reachable(entity))

    def _compiled_again(self, resource: Resource) -> None:
        self.subscriptions.forget(resource)
        self.subscriptions.add(resource, self.delivery.core.settings)

    def detached(self, resource: Resource, work: Work) -> None:
        """A resource goes: a subscription tells its subscriber and its ``acrs``, and drops what waits (SUB-26)."""
        number = resource.type.number
        if number == SCHEDULE.number:
            self.delivery.schedules.discard(resource.ri)
            work.undo.append(lambda: self.delivery.schedules.add(resource.ri))
            work.after(self.delivery.review)
        if number != SUBSCRIPTION.number:
            return
        self.subscriptions.forget(resource)
        work.undo.append(lambda: self.subscriptions.add(resource, self.delivery.core.settings))
        for waiting in self.delivery.drop(resource.ri):
            work.changes.outbox[waiting] = None
        for target in dict.fromkeys((resource.attributes.get("su"), *self._waiting_for(resource))):
            if target is not None:
                self.tell_deletion(work, resource, target)

    def _waiting_for(self, resource: Resource) -> list[str]:
        """The ``acrs`` of a subscription, but not those of this CSE that have gone before (CRS-7)."""
        find = self.delivery.core.tree.find
        return [one for one in resource.attributes.get("acrs", ())
                if not one.startswith(f"{self._cse_id}/") or find(one) is not None]

    def tell_deletion(self, work: Work, resource: Resource, target: str) -> None:
        """Send a notice that a subscription is gone, for this target (``sud``)."""
        self.post(work, resource, {"sud": True, "sur": self.reference(resource)}, [target], FINAL)

    def reference(self, resource: Resource) -> str:
        """The SP-relative structured identifier that leaves the CSE (ADR-6)."""
        return f"{self._cse_id}/{resource.path}"

    def child_created(self, work: Work, parent: Resource, child: Resource) -> None:
        """Event type 3 for a structural child."""
        for subscription in self.matching(parent, CHILD_CREATED, child.attributes):
            self.emit(work, subscription, CHILD_CREATED, self._child(subscription, child))

    def instance_created(self, work: Work, parent: Resource, type_: ResourceType, record: InstanceRecord,
                         attributes: Mapping[str, Any]) -> None:
        """Event type 3 for an instance."""
        if parent.ri not in self._by_parent:
            return
        for subscription in self.matching(parent, CHILD_CREATED, attributes):
            self.emit(work, subscription, CHILD_CREATED, self._instance(subscription, type_, record))

    def instance_deleted(self, work: Work, parent: Resource, type_: ResourceType, record: InstanceRecord) -> None:
        """Event type 4 for an instance."""
        if parent.ri not in self._by_parent:
            return
        for subscription in self.matching(parent, CHILD_DELETED, attributes_of(record)):
            self.emit(work, subscription, CHILD_DELETED, self._instance(subscription, type_, record))

    def updated(self, work: Work, resource: Resource, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        """Event type 1."""
        if resource.ri not in self._by_parent:
            return
        changed = _changed(resource.attributes, given, before)
        for subscription in self.matching(resource, UPDATED, resource.attributes, {**given, **changed}):
            self.emit(work, subscription, UPDATED, self.whole(subscription, resource, changed))

    def deleted(self, work: Work, resource: Resource, family: Iterable[Resource]) -> None:
        """Event type 2 for all that goes, type 4 for the parent of the one that was deleted (DEL-1)."""
        for one in family:
            for subscription in self.matching(one, DELETED, one.attributes):
                self.emit(work, subscription, DELETED, self.whole(subscription, one, None), FINAL)
        if resource.parent is not None:
            for subscription in self.matching(resource.parent, CHILD_DELETED, resource.attributes):
                if subscription.resource is not resource:
                    self.emit(work, subscription, CHILD_DELETED, self._child(subscription, resource))

    def triggered(self, work: Work, entity: Resource, payload: Mapping[str, Any]) -> None:
        """Event type 6: a trigger for an AE came; ``payload`` is ``m2m:tgp``."""
        for subscription in self.matching(entity, TRIGGERED, entity.attributes):
            self.emit(work, subscription, TRIGGERED, {"m2m:tgp": payload})

    async def retrieved(self, call: Call) -> None:
        """Event type 5: children were asked for and there is no instance, shown or not (CNT-12)."""
        resource, instances = call.target.resource, call.core.instances
        if resource.type.instance is None or resource.ri not in self._by_parent:
            return
        if not self.matching(resource, NO_CHILD, resource.attributes):
            return
        newest = await instances.newest(resource)
        if newest is not None and (newest.expires > call.stamp
                                   or any(one.expires > call.stamp for one in await instances.all(resource))):
            return
        work = Work(call.originator)
        for subscription in self.matching(resource, NO_CHILD, resource.attributes):
            self.emit(work, subscription, NO_CHILD, self.whole(subscription, resource, None))
        if work.outbox:
            await call.core.commit(work)

    def matching(self, parent: Resource, event: int, subject: Mapping[str, Any],
                 changed: Mapping[str, Any] | None = None) -> list[Subscription]:
        """The subscriptions to this event of a resource; ``subject`` and ``changed`` as for ``wants``."""
        subscriptions = self._by_parent.get(parent.ri)
        if subscriptions is None:
            return []
        return [one for one in subscriptions if one.wants(event, subject, changed)]

    def whole(self, subscription: Subscription, resource: Resource,
              changed: Mapping[str, Any] | None) -> dict[str, Any]:
        """``rep`` of a structural resource, as the subscription's content type says."""
        if subscription.content_type == MODIFIED_ATTRIBUTES and changed is not None:
            return {resource.type.root: changed}
        if subscription.content_type in (ALL_ATTRIBUTES, MODIFIED_ATTRIBUTES):
            if resource.encoded is None:
                resource.encoded = encode(resource.attributes)
            return {resource.type.root: Raw(resource.encoded)}
        return {"m2m:uri": f"{self._cse_id}/{resource.ri}"}

    def _child(self, subscription: Subscription, child: Resource) -> dict[str, Any]:
        """``rep`` of a child: no more than its address unless who subscribed to the parent may read the child."""
        creator = subscription.resource.creator
        if not self.delivery.core.access.permitted(child, creator, Permission.RETRIEVE):
            return {"m2m:uri": f"{self._cse_id}/{child.ri}"}
        return self.whole(subscription, child, None)

    def _instance(self, subscription: Subscription, type_: ResourceType, record: InstanceRecord) -> dict[str, Any]:
        if subscription.content_type == ALL_ATTRIBUTES:
            return {type_.root: Raw(record.body)}
        return {"m2m:uri": f"{self._cse_id}/{record.ri}"}

    def emit(self, work: Work, subscription: Subscription, event: int, representation: Mapping[str, Any],
             meta: bytes = ORDINARY) -> None:
        """Notify the targets of a subscription of an event; ``representation`` is ``rep`` with its root."""
        nev: dict[str, Any] = {"rep": representation, "net": event}
        if subscription.names_originator and event in OPERATIONS:
            nev["om"] = {"op": OPERATIONS[event], "or": self.originator(work)}
        self.send(work, subscription, nev, meta)

    def send(self, work: Work, subscription: Subscription, nev: Mapping[str, Any], meta: bytes = ORDINARY) -> None:
        """Notify the targets of a subscription; ``nev`` is the notification event."""
        resource = subscription.resource
        attributes = resource.attributes
        notification: dict[str, Any] = {"nev": nev, "sur": self.reference(resource)}
        creator = attributes.get("cr")
        if creator is not None:
            notification["cr"] = self.delivery.core.identity.sp_relative(creator)
        elif subscription.names_originator:
            notification["cr"] = self.originator(work)
        if "nfu" in attributes:
            notification["nfu"] = attributes["nfu"]
        if subscription.policy is not None and subscription.policy.counting and meta == ORDINARY:
            statistics.count(work, resource, subscription.targets, "noec")
        self.post(work, resource, notification, subscription.targets, meta)

    def post(self, work: Work, resource: Resource, notification: Mapping[str, Any], targets: Iterable[str],
             meta: bytes = ORDINARY) -> None:
        """Put ``m2m:sgn`` for these targets, in the name of a subscription or of what is like one, into the outbox."""
        body = encode(notification)
        if meta == ORDINARY and resource.ri in self.delivery.policies:
            meta = moment(self.delivery.core.clock.time())
        for target in targets:
            self._last_id += 1
            work.send(OutboxRecord(self._last_id, resource.ri, target, meta, body))

    def follow(self, resource: Resource, policy: Policy | None) -> None:
        """Notifications in the name of a resource that is no subscription go by this policy; None: as they come."""
        if policy is None:
            self.subscriptions.policies.pop(resource.ri, None)
        else:
            self.subscriptions.policies[resource.ri] = policy

    def unfollow(self, ri: str) -> None:
        """A resource that was followed is gone: what was collected in its name goes out as it is."""
        self.subscriptions.policies.pop(ri, None)
        self.delivery.flush(ri)

    def reachable(self, entity: Resource) -> None:
        """There is a sign that an entity can be reached, such as a poll: what waits for it is tried again (SUB-23)."""
        self.delivery.reachable(entity)

    def originator(self, work: Work) -> str:
        """Who asked for what a unit of work does; the CSE itself when nobody did."""
        return self.delivery.core.identity.sp_relative(work.originator) if work.originator else self._cse_id

    def release(self, records: Sequence[OutboxRecord], done: Future[None] | None = None) -> None:
        """Send what has become durable; nothing when the write failed."""
        if done is None or done.exception() is None:
            self.delivery.accept(records)

    async def ask(self, target: str, content: Mapping[str, Any]) -> Status:
        """Send one NOTIFY at once and return the answered status (verification)."""
        return (await self.delivery.send(target, dict(content))).status


def _changed(after: Mapping[str, Any], given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What an UPDATE named or changed, removed ones null; not what it gave without being kept, such as ``soe``."""
    named = {name for name, value in given.items() if value is None or name in after}
    return {name: after.get(name) for name in {**before, **after, **given}
            if name in named or before.get(name) != after.get(name)}
