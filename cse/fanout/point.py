"""The fanOutPoint: one request becomes one to each member, their answers become one (GRP-10 … GRP-17)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cse.clock import seconds_of, timestamp
from cse.core import FAN_OUT_POINT, LATEST, OLDEST, Call
from cse.fanout import subscribing
from cse.fanout.asking import Answers, ask_all
from cse.fanout.members import check_child_type, chosen
from cse.fanout.repetition import once
from cse.filters import DISCOVERY
from cse.operations.internal import amend
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import ReceiverError
from resources.model import Permission
from resources.status import Status

#: Answers put together before others get their turn.
SHOWN_AT_ONCE = 500

#: The last moment that a timestamp can say.
END_OF_TIME = 253_402_300_799.0

BITS = {
    Operation.CREATE: Permission.CREATE, Operation.RETRIEVE: Permission.RETRIEVE, Operation.UPDATE: Permission.UPDATE,
    Operation.DELETE: Permission.DELETE, Operation.NOTIFY: Permission.NOTIFY,
}


async def perform(call: Call) -> ResponsePrimitive:
    """Fan a request out and aggregate the answers."""
    group, request = call.target.resource, call.request
    call.core.access.require_members(group, call.originator, permission_of(request), call,
                                     child_type=request.resource_type)
    if request.group_request_id is not None:
        return await _fan_out(call)
    request.group_request_id, call.first_group = secrets.token_hex(8), True
    return await once(call, _fan_out)


async def _fan_out(call: Call) -> ResponsePrimitive:
    core, group, request = call.core, call.target.resource, call.request
    members = chosen(group, request)
    check_child_type(call)
    await subscribing.redirect(call)
    patience = patience_s(call)
    in_absolute_times(call)
    tail = "".join(f"/{segment}" for segment in call.target.rest)
    requests = (member_request(call, member + tail, number) for number, member in enumerate(members))
    answers = await ask_all(core, requests, len(members), patience, _teller(request.on_partial, members))
    if not any(answers):
        raise ReceiverError(f"{group.path}: no member answered in time", Status.GROUP_MEMBERS_NOT_RESPONDED)
    response = ResponsePrimitive(Status.OK, content=await aggregated(members, answers))
    if request.operation is Operation.DELETE and not tail:
        await drop_deleted(call, members, answers, response)
    return response


def permission_of(request: RequestPrimitive) -> int:
    """The permission that the fanOutPoint asks for; discovery has its own (ACP-5, GRP-10)."""
    criteria = request.filter_criteria
    if request.operation is Operation.RETRIEVE and criteria is not None and criteria.usage == DISCOVERY:
        return Permission.DISCOVERY
    return BITS[request.operation]


def patience_s(call: Call) -> float:
    """How long members may take: until ``rset``, without it until ``rqet`` (GRP-14).

    Somebody who waits for the answer waits never longer than for any request here.
    """
    request, most = call.request, call.core.settings.request_timeout_s
    until = request.result_expiration or request.request_expiration
    if until is None:
        return most
    left = moment_of(until, call.now) - call.now
    return left if request.on_partial is not None else min(most, left)


def moment_of(value: str, now: float) -> float:
    """Seconds since the epoch of a time that has been checked: a timestamp, or milliseconds from ``now`` (ORD-3)."""
    return now + int(value) / 1000 if value.lstrip("-").isdigit() else seconds_of(value)


def in_absolute_times(call: Call) -> None:
    """Relative times count from the arrival of the first request, not from when a member gets its own (ORD-3)."""
    request = call.request
    for name in ("request_expiration", "result_expiration", "operation_execution"):
        value = getattr(request, name)
        if value is not None:
            setattr(request, name, timestamp(min(moment_of(value, call.now), END_OF_TIME)))


def member_request(call: Call, to: str, number: int) -> RequestPrimitive:
    """The request to one member: same originator and ``gid``, own request identifier (GRP-13)."""
    request = call.request
    made = replace(request, to=to, request_id=f"{request.request_id}-{number}", group_targets=None, on_partial=None)
    if request.ticket is not None:
        made.ticket = request.ticket.part(to)
    if request.repetition is not None:
        made.repetition = request.repetition.part(to)
    return made


async def aggregated(members: Sequence[str], answers: Answers) -> dict[str, Any]:
    """The ``m2m:agr`` of the answers that are there, in the order of the members (GRP-14)."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(members), SHOWN_AT_ONCE):
        found += shown(members[start:start + SHOWN_AT_ONCE], answers[start:start + SHOWN_AT_ONCE])
        await asyncio.sleep(0)
    return {"m2m:agr": {"m2m:rsp": found}}


def shown(members: Sequence[str], answers: Answers) -> list[dict[str, Any]]:
    """The ``m2m:rsp`` of the answers that are there."""
    return [answer_of(member, answer) for member, answer in zip(members, answers, strict=True) if answer is not None]


def answer_of(member: str, answer: ResponsePrimitive) -> dict[str, Any]:
    """One ``m2m:rsp`` of the aggregated answer."""
    made: dict[str, Any] = {"rsc": answer.status.value, "rqi": answer.request_id, "fr": member, "to": member}
    if answer.release_version is not None:
        made["rvi"] = answer.release_version
    if answer.content is not None:
        made["pc"] = answer.content
    return made


def _teller(on_partial: Callable[[dict[str, Any]], None] | None,
            members: Sequence[str]) -> Callable[[Answers], None] | None:
    """Tell partial answers as the aggregated content that they are (GRP-15)."""
    return None if on_partial is None else partial(_tell, on_partial, members)


def _tell(on_partial: Callable[[dict[str, Any]], None], members: Sequence[str], answers: Answers) -> None:
    on_partial({"m2m:agr": {"m2m:rsp": shown(members, answers)}})


async def drop_deleted(call: Call, members: Sequence[str], answers: Answers, response: ResponsePrimitive) -> None:
    """GRP-16: members that are gone leave ``mid``; virtual references stay."""
    group = call.target.resource
    gone = {member for member, answer in zip(members, answers, strict=True)
            if answer is not None and answer.status == Status.DELETED
            and member.rpartition("/")[2] not in (LATEST, OLDEST, FAN_OUT_POINT)}
    if not gone or not call.core.tree.holds(group):
        return
    left = [member for member in group.attributes["mid"] if member not in gone]
    work = Work()
    amend(call.core, work, group, {"mid": left, "cnm": len(left)})
    await call.commit(work, response)
