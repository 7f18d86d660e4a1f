"""NOTIFY: accepted for this CSE itself, passed on to an AE (NOT-1, AE-8)."""

from __future__ import annotations

from cse.core import Call
from cse.notifications.targets import AE, CSE_BASE
from cse.primitive import ResponsePrimitive
from resources.errors import OperationNotAllowed, ReceiverError
from resources.model import Permission
from resources.status import Status


async def perform(call: Call) -> ResponsePrimitive:
    """Answer a NOTIFY."""
    target = call.target
    number = target.type_in(call.core.registry).number
    if number not in (AE, CSE_BASE):
        raise OperationNotAllowed(f"a {target.type_in(call.core.registry).name} takes no NOTIFY; "
                                  "an AE, the CSEBase and a fanOutPoint do")
    call.require(target.resource, Permission.NOTIFY)
    if number == CSE_BASE:
        return ResponsePrimitive(Status.OK)
    request = call.request
    request.originator = call.core.identity.sp_relative(call.originator)
    response = await call.core.notifier.delivery.forward(target.resource, request)
    if response.status == Status.TARGET_NOT_REACHABLE:
        raise ReceiverError(f"to: {target.resource.path} cannot be reached (requestReachability, pointOfAccess)",
                            Status.TARGET_NOT_REACHABLE)
    return response
