"""Notifications that come to a group from its members, to be forwarded together (GRP-20).

What has come is in the outbox before it is acknowledged; the delivery collects it like the batch of a subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cse.codecs import decode, encode
from cse.core import LIMITS, Call, Core
from cse.fanout.subscribing import check_address, outer_of
from cse.notifications.parcel import moment
from cse.primitive import ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, NoPrivilege
from resources.model import Resource
from resources.status import Status

#: Members of one aggregated notification at most.
MOST_AT_ONCE = 10_000


def batch_of(group: Resource) -> dict[str, Any]:
    """How many notifications are forwarded together, or after how long: ``nar``, without it one of each member."""
    policy: dict[str, Any] = group.attributes.get("nar") or {"num": max(group.attributes["cnm"], 1)}
    return policy


async def collect(call: Call, allowed: frozenset[str]) -> ResponsePrimitive:
    """Take a NOTIFY of one of the CSEs that are ``allowed``, those of the members; raises 4103 for anybody else."""
    core, group = call.core, call.target.resource
    if call.originator not in allowed:
        raise NoPrivilege(f"fr: {call.originator!r} hosts no member of {group.path}")
    notifications = flattened(call.request.content)
    if any(one.get("vrq") for one in notifications):
        return ResponsePrimitive(Status.OK)
    outer = outer_of(group)
    work = Work()
    for one in notifications:
        forward_to = one.get("nfu")
        if not isinstance(forward_to, str) or not forward_to:
            raise BadRequest("pc: a notification to a group says in nfu where it is to be forwarded to")
        if forward_to not in outer:
            check_address(core, forward_to)
        core.notifier.post(work, group, one, [outer.get(forward_to, forward_to)], moment(call.now))
    response = ResponsePrimitive(Status.OK)
    await call.commit(work, response)
    return response


def hosts(core: Core, members: Iterable[str]) -> frozenset[str]:
    """The CSE-IDs of the CSEs that members of a group are on."""
    found = set()
    for member in members:
        try:
            found.add(core.identity.address(member).cse or core.identity.cse_id)
        except BadRequest:
            continue
    return frozenset(found)


def flattened(content: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The single notifications of an ``m2m:sgn`` or ``m2m:agn``; raises BadRequest when it is neither."""
    content = decode(encode(content or {}), LIMITS)
    single, several = content.get("m2m:sgn"), content.get("m2m:agn")
    inside = several.get("m2m:sgn", several.get("sgn")) if isinstance(several, Mapping) else None
    found = [single] if single is not None else inside
    if not isinstance(found, list) or not found or not all(isinstance(one, Mapping) for one in found):
        raise BadRequest("pc: takes notifications alone: expected m2m:sgn, or m2m:agn with a list of them")
    if len(found) > MOST_AT_ONCE:
        raise BadRequest(f"pc: {len(found)} notifications are more than {MOST_AT_ONCE} at once")
    return found
