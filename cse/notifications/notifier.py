"""From events to notifications: subscriptions matched while an operation is done, sent once it is durable.

Matching writes outbox records into the unit of work of the operation itself, so that a crash loses none (SUB-20).
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cse.codecs import Raw, encode
from cse.notifications.delivery import Delivery
from cse.notifications.subscription import (
    ALL_ATTRIBUTES,
    CHILD_CREATED,
    CHILD_DELETED,
    DELETED,
    MODIFIED_ATTRIBUTES,
    NO_CHILD,
    UPDATED,
    Subscription,
    compile_subscription,
)
from cse.storage.port import InstanceRecord, OutboxRecord
from cse.work import Work
from resources.model import Resource, ResourceType
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call

SUBSCRIPTION = 23
AE = 2

#: ``meta`` of a record that outlives its subscription: it is neither counted (``exc``) nor batched nor dropped.
FINAL = b"final"
ORDINARY = b""


class Notifier:
    """The subscriptions of one CSE, and its side of section 13."""

    def __init__(self, delivery: Delivery, cse_id: str, last_id: int) -> None:
        self.delivery = delivery
        self._cse_id = cse_id
        self._last_id = last_id
        self._by_parent: dict[str, list[Subscription]] = {}

    def attached(self, resource: Resource, work: Work | None = None) -> None:
        """Take a new resource into account; only subscriptions matter."""
        if resource.type.number != SUBSCRIPTION:
            return
        subscriptions = self._by_parent.setdefault(resource.attributes["pi"], [])
        subscriptions.append(compile_subscription(resource))
        if work is not None:
            work.undo.append(lambda: self._forget(resource))

    def reattached(self, resource: Resource, work: Work, before: Mapping[str, Any]) -> None:
        """Take an updated resource into account."""
        if resource.type.number != SUBSCRIPTION:
            return
        self._forget(resource)
        self.attached(resource)
        self.delivery.reviewed(resource, before)

        def undo() -> None:
            self._forget(resource)
            self.attached(resource)

        work.undo.insert(0, undo)

    def detached(self, resource: Resource, work: Work) -> None:
        """A resource goes: a subscription tells its subscriber (``su``) and drops what waits (SUB-26)."""
        if resource.type.number != SUBSCRIPTION:
            return
        self._forget(resource)
        work.undo.append(lambda: self.attached(resource))
        for waiting in self.delivery.drop(resource.ri):
            work.changes.outbox[waiting] = None
        subscriber = resource.attributes.get("su")
        if subscriber is not None:
            body = encode({"sud": True, "sur": self.reference(resource)})
            work.send(OutboxRecord(self._next_id(), resource.ri, subscriber, FINAL, body))

    def _forget(self, resource: Resource) -> None:
        parent = resource.attributes["pi"]
        left = [one for one in self._by_parent.get(parent, ()) if one.resource is not resource]
        if left:
            self._by_parent[parent] = left
        else:
            self._by_parent.pop(parent, None)

    def reference(self, resource: Resource) -> str:
        """The SP-relative structured identifier that leaves the CSE (ADR-6)."""
        return f"{self._cse_id}/{resource.path}"

    def child_created(self, work: Work, parent: Resource, child: Resource) -> None:
        """Event type 3 for a structural child."""
        for subscription in self._matching(parent, CHILD_CREATED, child.attributes):
            self._emit(work, subscription, CHILD_CREATED, self._whole(subscription, child, None))

    def instance_created(self, work: Work, parent: Resource, type_: ResourceType, record: InstanceRecord,
                         attributes: Mapping[str, Any]) -> None:
        """Event type 3 for an instance."""
        if parent.ri not in self._by_parent:
            return
        for subscription in self._matching(parent, CHILD_CREATED, attributes):
            self._emit(work, subscription, CHILD_CREATED, self._instance(subscription, type_, record))

    def instance_deleted(self, work: Work, parent: Resource, type_: ResourceType, record: InstanceRecord) -> None:
        """Event type 4 for an instance."""
        if parent.ri not in self._by_parent:
            return
        from cse.core import attributes_of

        for subscription in self._matching(parent, CHILD_DELETED, attributes_of(record)):
            self._emit(work, subscription, CHILD_DELETED, self._instance(subscription, type_, record))

    def updated(self, work: Work, resource: Resource, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        """Event type 1."""
        if resource.ri not in self._by_parent:
            return
        after = resource.attributes
        changed = {name: after.get(name) for name in {**before, **after, **given}
                   if name in given or before.get(name) != after.get(name)}
        for subscription in self._matching(resource, UPDATED, after, given):
            self._emit(work, subscription, UPDATED, self._whole(subscription, resource, changed))

    def deleted(self, work: Work, resource: Resource, family: Iterable[Resource]) -> None:
        """Event type 2 for all that goes, type 4 for the parent of the one that was deleted (DEL-1)."""
        for one in family:
            for subscription in self._matching(one, DELETED, one.attributes):
                self._emit(work, subscription, DELETED, self._whole(subscription, one, None), FINAL)
        if resource.parent is not None:
            for subscription in self._matching(resource.parent, CHILD_DELETED, resource.attributes):
                if subscription.resource is not resource:
                    self._emit(work, subscription, CHILD_DELETED, self._whole(subscription, resource, None))

    async def retrieved(self, call: Call) -> None:
        """Event type 5: children were asked for and there is no instance, shown or not (CNT-12)."""
        resource, instances = call.target.resource, call.core.instances
        if resource.type.instance is None or resource.ri not in self._by_parent:
            return
        if not self._matching(resource, NO_CHILD, resource.attributes):
            return
        newest = await instances.newest(resource)
        if newest is not None and (newest.expires > call.stamp
                                   or any(one.expires > call.stamp for one in await instances.all(resource))):
            return
        work = Work()
        for subscription in self._matching(resource, NO_CHILD, resource.attributes):
            self._emit(work, subscription, NO_CHILD, self._whole(subscription, resource, None))
        if work.outbox:
            await call.core.commit(work)

    def _matching(self, parent: Resource, event: int, subject: Mapping[str, Any],
                  changed: Mapping[str, Any] | None = None) -> list[Subscription]:
        subscriptions = self._by_parent.get(parent.ri)
        if subscriptions is None:
            return []
        return [one for one in subscriptions if one.wants(event, subject, changed)]

    def _whole(self, subscription: Subscription, resource: Resource, changed: dict[str, Any] | None) -> dict[str, Any]:
        if subscription.content_type == MODIFIED_ATTRIBUTES and changed is not None:
            return {resource.type.root: changed}
        if subscription.content_type in (ALL_ATTRIBUTES, MODIFIED_ATTRIBUTES):
            if resource.encoded is None:
                resource.encoded = encode(resource.attributes)
            return {resource.type.root: Raw(resource.encoded)}
        return {"m2m:uri": f"{self._cse_id}/{resource.ri}"}

    def _instance(self, subscription: Subscription, type_: ResourceType, record: InstanceRecord) -> dict[str, Any]:
        if subscription.content_type == ALL_ATTRIBUTES:
            return {type_.root: Raw(record.body)}
        return {"m2m:uri": f"{self._cse_id}/{record.ri}"}

    def _emit(self, work: Work, subscription: Subscription, event: int, representation: dict[str, Any],
              meta: bytes = ORDINARY) -> None:
        resource = subscription.resource
        notification: dict[str, Any] = {"nev": {"rep": representation, "net": event}, "sur": self.reference(resource)}
        creator = resource.attributes.get("cr")
        if creator is not None:
            notification["cr"] = self.delivery.core.identity.sp_relative(creator)
        body = encode(notification)
        for target in subscription.targets:
            work.send(OutboxRecord(self._next_id(), resource.ri, target, meta, body))

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def release(self, records: Sequence[OutboxRecord], done: Future[None] | None = None) -> None:
        """Send what has become durable; nothing when the write failed."""
        if done is None or done.exception() is None:
            self.delivery.accept(records)

    async def ask(self, target: str, content: dict[str, Any]) -> Status:
        """Send one NOTIFY at once and return the answered status (verification)."""
        return await self.delivery.send(target, content)
