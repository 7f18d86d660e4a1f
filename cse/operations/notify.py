"""NOTIFY: accepted for this CSE itself, passed on to an AE (NOT-1, AE-8)."""

from __future__ import annotations

from typing import Any

from cse.core import Call
from cse.notifications.blocking import time_left
from cse.primitive import ResponsePrimitive
from resources.ae import AE
from resources.cse_base import CSE_BASE
from resources.datatypes import shown
from resources.errors import BadRequest, OperationNotAllowed, OriginatorError, ReceiverError
from resources.model import Permission, Resource
from resources.status import Status

#: A POST without ``ty`` is a NOTIFY (TS-0009 6.2.1): what was meant is mostly a CREATE.
CREATE_HINT = "a CREATE has a resource type (HTTP: Content-Type: application/json;ty=3)"


async def perform(call: Call) -> ResponsePrimitive:
    """Answer a NOTIFY."""
    target = call.target
    number = target.type_in(call.core.registry).number
    behaviour = call.core.behaviours.get(number) if target.instance is None else None
    if behaviour is not None and number not in (AE.number, CSE_BASE.number):
        return await behaviour.notified(call)
    if number not in (AE.number, CSE_BASE.number):
        raise OperationNotAllowed(f"{target.type_in(call.core.registry).phrase} takes no NOTIFY; "
                                  f"an AE, the CSEBase and a fanOutPoint do; {CREATE_HINT}")
    _require(call)
    _check_content(call)
    if number == CSE_BASE.number:
        return ResponsePrimitive(Status.OK)
    request = call.request
    request.originator = call.core.identity.sp_relative(call.originator)
    timeout_s = time_left(call, call.core.settings.notification_timeout_s)
    response = await call.core.notifier.delivery.forward(target.resource, request, timeout_s)
    if response.status == Status.TARGET_NOT_REACHABLE:
        raise ReceiverError(f"to: {target.resource.path} cannot be reached (requestReachability, pointOfAccess)",
                            Status.TARGET_NOT_REACHABLE)
    return response


def _require(call: Call) -> None:
    """NOTIFY permission; a verification request needs that of the host and of the creator that it names (SUB-6)."""
    resource, content = call.target.resource, call.request.content
    notification = content.get("m2m:sgn") if isinstance(content, dict) else None
    if not isinstance(notification, dict) or notification.get("vrq") is not True:
        call.require(resource, Permission.NOTIFY)
        return
    if not call.permitted(resource, Permission.NOTIFY):
        raise ReceiverError(f"fr: {call.originator!r} needs the NOTIFY permission on {resource.path} to notify it of "
                            "a subscription", Status.SUBSCRIPTION_HOST_HAS_NO_PRIVILEGE)
    creator = notification.get("cr")
    if creator is not None and not _may_notify(call, resource, creator):
        raise OriginatorError(f"cr: {shown(creator)} needs the NOTIFY permission on {resource.path} to subscribe it",
                              Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE)


def _may_notify(call: Call, resource: Resource, creator: Any) -> bool:
    """True when the creator of a subscription has the NOTIFY permission on a target of it."""
    core = call.core
    return isinstance(creator, str) and core.access.permitted(resource, core.identity.entity(creator),
                                                              Permission.NOTIFY)


def _check_content(call: Call) -> None:
    """Refuse what is a resource and no notification."""
    content = call.request.content
    root = next(iter(content), None) if isinstance(content, dict) else None
    if root in call.core.registry.by_root:
        raise BadRequest(f"pc: {root!r} is a resource, no notification; {CREATE_HINT}")
