"""V12: what a request that is not plainly blocking becomes (RTP-1 … RTP-3, RTP-6, RTP-8, ORD-2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cse.clock import timestamp
from cse.core import Call, Core
from cse.modes import record
from cse.modes.execution import Execution
from cse.modes.record import ASYNCHRONOUS, BLOCKING, FLEX, SYNCHRONOUS
from cse.modes.ticket import Ticket
from cse.modes.times import check_execution, in_absolute_times
from cse.notifications.policy import LATEST
from cse.operations.internal import make
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, NotImplementedHere
from resources.model import Resource
from resources.polling_channel import POLLING_CHANNEL
from resources.request import REQUEST
from resources.status import Status

CHANGES = frozenset({Operation.RETRIEVE, Operation.UPDATE, Operation.DELETE})


async def accept(call: Call, execution: Execution) -> ResponsePrimitive:
    """Answer a request of any other kind than blocking and at once."""
    request, now = call.request, call.now
    due = check_execution(request, now)
    mode = mode_of(call)
    in_absolute_times(request, now)
    if mode == BLOCKING:
        return await _wait(call, due)
    if mode == FLEX and due <= now:
        return await _either(call, execution)
    return await _acknowledge(call, execution, due)


def mode_of(call: Call) -> int:
    """The response type that counts; raises BadRequest where it does not fit (RTP-6, RTP-8), 5001 for 5 (RTP-1)."""
    core, request, mode = call.core, call.request, call.request.response_type
    if mode == BLOCKING:
        return mode
    if mode not in (SYNCHRONOUS, ASYNCHRONOUS, FLEX):
        raise NotImplementedHere(f"rt: {mode} is for 3GPP networks; use 1, 2, 3 (blocking) or 4")
    if is_for_blocking(core, request):
        if mode == FLEX:
            return BLOCKING
        raise BadRequest(f"rt: {mode} is not possible here, {request.to!r} is asked for blocking (3) alone")
    if mode == ASYNCHRONOUS and request.operation is Operation.NOTIFY and request.notification_targets != []:
        raise BadRequest("rt.nu: a NOTIFY can be asynchronous only with an empty list of notification targets")
    if not call.originator or call.originator in ("C", "S"):
        raise BadRequest("rt: who has no AE-ID yet cannot fetch a result; register blocking (3), or with an own AE-ID")
    return mode


def is_for_blocking(core: Core, request: RequestPrimitive) -> bool:
    """True for a ``<request>`` (RTP-6) and the ``pcu`` of a pollingChannel (PCH-2)."""
    address = core.identity.address(request.to)
    if address.cse is not None:
        return False
    here, left = core.tree.walk(address.segments)
    if here is None:
        return False
    if here.type.number == POLLING_CHANNEL.number:
        return bool(left) and left[0] == "pcu"
    return here.type.number == REQUEST.number and not left and request.operation in CHANGES


async def _wait(call: Call, due: float) -> ResponsePrimitive:
    """ORD-2: a blocking caller waits until it is time."""
    core = call.core
    if due - call.now > core.settings.max_wait_s:
        raise BadRequest(f"oet: a blocking request waits at most {core.settings.max_wait_s:g} s here; use rt 1 or 2")
    if due > call.now:
        await _until(core, due)
    return await core.handle(_blocking(call.request))


async def _until(core: Core, due: float) -> None:
    waiting = asyncio.get_running_loop().create_future()
    core.timers.at(waiting, due, lambda: None if waiting.done() else waiting.set_result(None))
    try:
        await waiting
    finally:
        core.timers.cancel(waiting)


async def _either(call: Call, execution: Execution) -> ResponsePrimitive:
    """RTP-1, flex: the answer itself when it comes soon, otherwise an acknowledgement.

    Whoever has too many requests kept by then gets the answer itself after all: the request has begun.
    """
    core = call.core
    execution.policies.check_room(call.originator)
    request, ticket = _blocking(call.request), Ticket(core, None, execution.results.tell)
    request.ticket, request.on_partial, request.repetition = ticket, ticket.partial, call.request.repetition
    answer = asyncio.ensure_future(core.handle(request))
    timer = asyncio.ensure_future(_until(core, call.now + core.settings.flex_timeout_s))
    await asyncio.wait((answer, timer), return_when=asyncio.FIRST_COMPLETED)
    timer.cancel()
    if answer.done() or ticket.settled or execution.policies.is_full(call.originator):
        return await answer
    work = Work()
    resource = _make(call, execution, work, call.now)
    ticket.promised(resource)
    execution.adopt(resource, ticket, answer)
    response = _acknowledgement(call, resource)
    await call.answered(work, response)
    ticket.acknowledged()
    return response


async def _acknowledge(call: Call, execution: Execution, due: float) -> ResponsePrimitive:
    """RTP-3: promise the result once the request is kept for good."""
    core, request, work = call.core, call.request, Work()
    if due > call.now + core.settings.max_expiration_s:
        raise BadRequest("oet: is later than this CSE keeps anything")
    execution.policies.check_room(call.originator)
    older = execution.older(request.to, request.originator) if request.event_category == LATEST else None
    if older is not None:
        execution.replace(work, older, request.request_id)
    resource = _make(call, execution, work, due)
    work.after(lambda: execution.take(resource, buffered=True))
    response = _acknowledgement(call, resource)
    await call.answered(work, response)
    return response


def _make(call: Call, execution: Execution, work: Work, due: float) -> Resource:
    """The ``<request>``, with its policy, inside a unit of work."""
    core, request = call.core, call.request
    meta = {"rp": request.result_persistence, "rset": request.result_expiration}
    local = record.limited(core, timestamp(due + core.settings.request_lifetime_s))
    until = max(local, record.kept_until(core, meta, due))
    attributes = record.attributes_of(request, until)
    attributes["acpi"] = [execution.policies.policy(work, call.originator, until).ri]
    type_ = core.registry.by_number[REQUEST.number]
    resource = make(core, work, core.tree.root, type_, attributes, creator=core.identity.cse_id)
    resource.state = record.state_of(request)
    work.put(resource)
    return resource


def _blocking(request: RequestPrimitive) -> RequestPrimitive:
    return replace(request, response_type=BLOCKING, notification_targets=None, operation_execution=None)


def _acknowledgement(call: Call, resource: Resource) -> ResponsePrimitive:
    request = call.request
    asynchronous = record.is_asynchronous(request.response_type, request.notification_targets)
    status = (Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH if asynchronous
              else Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH)
    address = resource.ri if request.result_type == 2 else resource.path
    reference = f"{call.core.identity.cse_id}/{address}"
    return ResponsePrimitive(status, content={"m2m:uri": reference}, created_address=address)
