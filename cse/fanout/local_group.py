"""A request to a multicast group, on the side of a member: it is for those of this CSE that belong to the group."""

from __future__ import annotations

import secrets

from cse.core import Call
from cse.fanout.asking import ask_all
from cse.fanout.point import aggregated, in_absolute_times, member_request, patience_s
from cse.primitive import ResponsePrimitive
from resources.errors import NotFound, ReceiverError
from resources.status import Status


async def perform(call: Call) -> ResponsePrimitive:
    """Ask the members of a localMulticastGroup and answer for all of them; each decides who may do what to it."""
    core, request = call.core, call.request
    found = core.multicast.find(request.to)
    if found is None:
        raise NotFound(f"to: no multicast group here has the target {request.to!r}")
    group, tail = found
    members: list[str] = group.attributes["mli"]
    request.group_request_id = request.group_request_id or secrets.token_hex(8)
    request.by_multicast = False
    patience = patience_s(call)
    in_absolute_times(call)
    requests = (member_request(call, member + tail, number) for number, member in enumerate(members))
    answers = await ask_all(core, requests, len(members), patience)
    if not any(answers):
        raise ReceiverError(f"{group.path}: no member answered in time", Status.GROUP_MEMBERS_NOT_RESPONDED)
    return ResponsePrimitive(Status.OK, content=await aggregated(members, answers))
