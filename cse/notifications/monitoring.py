"""Operation monitors (``om``, SUB-12): attempts of operations on a resource, also those that fail, are events."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.filters import DISCOVERY
from cse.notifications.parcel import FINAL, ORDINARY
from cse.notifications.subscription import Subscription
from cse.primitive import Operation, RequestPrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.errors import BadRequest
from resources.model import Permission, Resource

if TYPE_CHECKING:
    from cse.core import Core
    from cse.notifications.notifier import Notifier

log = logging.getLogger("banyan.notifications")

BITS = {
    Operation.CREATE: Permission.CREATE, Operation.RETRIEVE: Permission.RETRIEVE, Operation.UPDATE: Permission.UPDATE,
    Operation.DELETE: Permission.DELETE, Operation.NOTIFY: Permission.NOTIFY,
}


class Attempt:
    """A request to a resource that is monitored."""

    __slots__ = ("bit", "content", "operation", "originator", "resource", "subscriptions")

    def __init__(self, request: RequestPrimitive, originator: str, resource: Resource,
                 subscriptions: list[Subscription]) -> None:
        criteria = request.filter_criteria
        discovers = request.operation is Operation.RETRIEVE and criteria is not None and criteria.usage == DISCOVERY
        self.bit = Permission.DISCOVERY if discovers else BITS[request.operation]
        self.operation = request.operation
        self.content = request.content
        self.originator = originator
        self.resource = resource
        self.subscriptions = subscriptions


class Monitoring:
    """Watches requests for the ``subscriptions`` with ``om``; not called while there are none."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self.subscriptions = notifier.subscriptions.monitoring

    def begun(self, core: Core, request: RequestPrimitive) -> Attempt | None:
        """Note a request before anything is done; None when nobody monitors its target."""
        try:
            resource = core.tree.find(request.to.partition("#")[0])
        except BadRequest:
            return None
        monitoring = self.subscriptions.get(resource.ri) if resource is not None else None
        if resource is None or not monitoring:
            return None
        originator = core.identity.entity(request.originator) if request.originator else ""
        return Attempt(request, originator, resource, list(monitoring))

    async def ended(self, core: Core, attempt: Attempt) -> None:
        """Notify of a request that has been answered. Never raises: the answer does not depend on it."""
        try:
            await self._notify(core, attempt)
        except StoreError as error:
            log.error("a monitored operation cannot be notified: %s", error)
        except Exception:
            log.exception("a monitored operation cannot be notified")

    async def _notify(self, core: Core, attempt: Attempt) -> None:
        work = Work(attempt.originator)
        for subscription in attempt.subscriptions:
            if self._wanted(core, subscription, attempt):
                nev = {"rep": self._representation(subscription, attempt),
                       "om": {"op": attempt.operation, "or": self._notifier.originator(work)}}
                kept = core.tree.holds(subscription.resource)
                self._notifier.send(work, subscription, nev, ORDINARY if kept else FINAL)
        if work.outbox:
            await core.commit(work)

    def _wanted(self, core: Core, subscription: Subscription, attempt: Attempt) -> bool:
        if subscription.conditions and not subscription.meets(attempt.resource.attributes):
            return False
        return any(
            monitor.get("ops", attempt.bit) & attempt.bit
            and core.identity.entity(monitor.get("or", attempt.originator)) == attempt.originator
            for monitor in subscription.monitors
        )

    def _representation(self, subscription: Subscription, attempt: Attempt) -> Mapping[str, Any]:
        """The resource as it is after the attempt, or was when it is gone; what an UPDATE asked for with ``nct`` 2."""
        resource, changed = attempt.resource, None
        if attempt.operation is Operation.UPDATE and attempt.content is not None:
            asked = attempt.content.get(resource.type.root)
            changed = asked if isinstance(asked, dict) else None
        return self._notifier.whole(subscription, resource, changed)
