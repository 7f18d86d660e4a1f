"""Blocking updates (net 7): the one target is asked before an UPDATE is done, others wait meanwhile (SUB-5, SUB-30)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from cse.clock import Clock, seconds_of
from cse.notifications.subscription import BLOCKING_UPDATE, Subscription
from resources.errors import OriginatorError, ReceiverError
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.notifications.notifier import Notifier

Answer = TypeVar("Answer")


class Blocking:
    """The turns of those who want to change a resource that has a blocking subscription."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def hold(self, resource: Resource) -> AbstractAsyncContextManager[Any]:
        """What to hold while a resource is changed or deleted, the NOTIFY before included."""
        turn = self._turns.get(resource.ri)
        if turn is None and resource.ri not in self._notifier.subscriptions.blocking:
            return nullcontext()
        if turn is None:
            turn = self._turns[resource.ri] = asyncio.Lock()
        return turn

    def asks(self, resource: Resource, given: Mapping[str, Any]) -> bool:
        """True when somebody has to agree to an UPDATE."""
        subscription = self._notifier.subscriptions.blocking.get(resource.ri)
        return subscription is not None and subscription.wants(BLOCKING_UPDATE, resource.attributes, given)

    async def consent(self, call: Call, resource: Resource, given: Mapping[str, Any]) -> None:
        """Ask the target of the blocking subscription; raises CseError unless it agrees."""
        subscription = self._notifier.subscriptions.blocking.get(resource.ri)
        if subscription is None:
            return
        status = await self._ask(call, subscription, resource, given)
        if status.succeeded:
            return
        target = subscription.targets[0]
        if status in (Status.TARGET_NOT_REACHABLE, Status.REQUEST_TIMEOUT):
            raise ReceiverError(f"to: {target}, which has to agree to an UPDATE of {resource.path}, cannot be reached",
                                Status.REMOTE_ENTITY_NOT_REACHABLE)
        raise OriginatorError(f"to: {target} does not agree to this UPDATE of {resource.path}, it answered "
                              f"{status.value} {status.name}", Status.OPERATION_DENIED_BY_REMOTE_ENTITY)

    async def _ask(self, call: Call, subscription: Subscription, resource: Resource,
                   given: Mapping[str, Any]) -> Status:
        notification: dict[str, Any] = {
            "nev": {"rep": {resource.type.root: dict(given)}, "net": BLOCKING_UPDATE},
            "sur": self._notifier.reference(subscription.resource),
        }
        creator = subscription.resource.attributes.get("cr")
        if creator is not None:
            notification["cr"] = call.core.identity.sp_relative(creator)
        elif subscription.names_originator:
            notification["cr"] = call.core.identity.sp_relative(call.originator)
        timeout_s = time_left(call, call.core.settings.notification_timeout_s)
        sending = self._notifier.delivery.send(subscription.targets[0], {"m2m:sgn": notification}, timeout_s=timeout_s)
        response = await within(call.core.clock, timeout_s, sending)
        return Status.REQUEST_TIMEOUT if response is None else response.status


def time_left(call: Call, most_s: float) -> float:
    """How long to wait for somebody else: not longer than the originator of the request waits (``rqet``)."""
    expiration = call.request.request_expiration
    if expiration is None:
        return most_s
    if expiration.lstrip("-").isdigit():
        return min(most_s, call.now + int(expiration) / 1000 - call.core.clock.time())
    return min(most_s, seconds_of(expiration) - call.core.clock.time())


async def within(clock: Clock, seconds: float, doing: Awaitable[Answer]) -> Answer | None:
    """What comes of something within a time of the clock; None when it takes longer, it is given up then."""
    task, limit = asyncio.ensure_future(doing), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, limit), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, limit):
            one.cancel()
