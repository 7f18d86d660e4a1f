"""Subscriptions through a group whose notifications are to come together (GRP-20).

The group becomes the notification target of the subscriptions at its members; the address to forward to (``nfu``)
stays in them and comes back with each notification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.core import Call, Core
from cse.primitive import Operation
from cse.work import Work
from resources.datatypes import shown
from resources.errors import BadRequest, ReceiverError
from resources.group import GROUP
from resources.model import Resource
from resources.status import Status
from resources.subscription import SUBSCRIPTION, is_url, resource_of

#: In the state of a group: where notifications go instead of to ``nfu``, by ``nfu``: to the group this one is in.
OUTER = "outer"

#: Addresses kept there; the oldest go first.
MOST_OUTER = 1000


async def redirect(call: Call) -> None:
    """Make the group the target of a subscription that is to be made at each member and has ``nfu``.

    The address is written so that it means the same to members on other CSEs. Raises 5204 when it does not accept
    notifications; a group that was asked by another one leaves that to the first, or to the members.
    """
    request, group = call.request, call.target.resource
    if request.operation is not Operation.CREATE or request.resource_type != SUBSCRIPTION.number \
            or request.content is None:
        return
    root, given = next(iter(request.content.items()), ("", None))
    forward_to = given.get("nfu") if isinstance(given, Mapping) else None
    if not isinstance(forward_to, str) or not isinstance(given, Mapping):
        return
    check_address(call.core, forward_to)
    if resource_of(forward_to) and not is_url(forward_to):
        forward_to = call.core.identity.sp_relative(forward_to)
    outer = _outer_group(call, forward_to, given.get("nu"))
    await _verify(call, group, outer or forward_to)
    if outer is None:
        request.verified = forward_to
    else:
        await _remember(call, group, forward_to, outer)
    request.content = {root: {**given, "nu": [call.core.identity.sp_relative(group.ri)], "nfu": forward_to}}


def check_address(core: Core, forward_to: str) -> None:
    """What groups forward goes to somebody, not round and round."""
    if _group(core, forward_to) is not None:
        raise BadRequest(f"nfu: {shown(forward_to)} is a group; expected whoever is to be told in the end")


def _group(core: Core, address: str) -> Resource | None:
    found = core.tree.find(address)
    return found if found is not None and found.type.number == GROUP.number else None


def _outer_group(call: Call, forward_to: str, targets: Any) -> str | None:
    """The group that this request came through before, if it did: it is the only target, and made the ``gid``."""
    if call.first_group or not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], str):
        return None
    outer: str = targets[0]
    return None if "://" in outer or _leads_back(call, forward_to, outer) else outer


def _leads_back(call: Call, forward_to: str, outer: str) -> bool:
    """True when what goes to ``outer`` would come back to this group."""
    address: str | None = outer
    while address is not None:
        found = _group(call.core, address)
        if found is call.target.resource:
            return True
        address = outer_of(found).get(forward_to) if found is not None else None
    return False


def outer_of(group: Resource) -> Mapping[str, str]:
    """Where a group sends what is for ``nfu``, when that is not ``nfu`` itself."""
    outer: Mapping[str, str] = (group.state or {}).get(OUTER, {})
    return outer


async def _remember(call: Call, group: Resource, forward_to: str, outer: str) -> None:
    known = {name: value for name, value in (group.state or {}).get(OUTER, {}).items() if name != forward_to}
    kept = dict(list(known.items())[-MOST_OUTER + 1:])
    work = Work()
    work.keep(group, **{OUTER: {**kept, forward_to: outer}})
    await call.core.commit(work)


async def _verify(call: Call, group: Resource, forward_to: str) -> None:
    """SUB-6 for the address to forward to, unless it is the originator itself or a group here, which verifies too."""
    core, identity = call.core, call.core.identity
    if not core.settings.verify_subscriptions or _group(core, forward_to) is not None:
        return
    if "://" not in forward_to and identity.entity(forward_to) == call.originator:
        return
    content = {"m2m:sgn": {"vrq": True, "sur": identity.sp_relative(group.ri),
                           "cr": identity.sp_relative(call.originator)}}
    status = await core.notifier.ask(forward_to, content)
    if status is not Status.OK:
        raise ReceiverError(f"nfu: {shown(forward_to)} did not accept the verification request, it answered "
                            f"{status.value} {status.name}; expected {Status.OK.value}",
                            Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED)
