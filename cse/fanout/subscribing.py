"""Subscriptions through a group whose notifications are to come together (GRP-20).

The group becomes the notification target of the subscriptions at its members; the address to forward to (``nfu``)
stays in them and comes back with each notification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.core import Call
from cse.primitive import Operation
from cse.work import Work
from resources.errors import ReceiverError
from resources.model import Resource
from resources.status import Status

SUBSCRIPTION = 23

#: In the state of a group: where notifications go instead of to ``nfu``, by ``nfu``: to the group this one is in.
OUTER = "outer"

#: Addresses kept there; the oldest go first.
MOST_OUTER = 1000


async def redirect(call: Call) -> None:
    """Make the group the target of a subscription that is to be made at each member and has ``nfu``.

    Raises 5204 when the address to forward to does not accept notifications: members verify only the group.
    """
    request, group = call.request, call.target.resource
    if request.operation is not Operation.CREATE or request.resource_type != SUBSCRIPTION or request.content is None:
        return
    root, given = next(iter(request.content.items()), ("", None))
    forward_to = given.get("nfu") if isinstance(given, Mapping) else None
    if not isinstance(forward_to, str) or not isinstance(given, Mapping):
        return
    outer = _outer_group(call, given.get("nu"))
    if outer is not None:
        await _remember(call, group, forward_to, outer)
    else:
        await _verify(call, group, forward_to)
    request.content = {root: {**given, "nu": [call.core.identity.sp_relative(group.ri)]}}


def _outer_group(call: Call, targets: Any) -> str | None:
    """The group that this request came through before, if it did: it is the only target, and made the ``gid``."""
    if call.first_group or not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], str):
        return None
    outer: str = targets[0]
    return None if "://" in outer else outer


async def _remember(call: Call, group: Resource, forward_to: str, outer: str) -> None:
    before = group.state
    known = {name: value for name, value in (before or {}).get(OUTER, {}).items() if name != forward_to}
    kept = dict(list(known.items())[-MOST_OUTER + 1:])
    group.state = {**(before or {}), OUTER: {**kept, forward_to: outer}}

    def undo() -> None:
        group.state = before

    work = Work()
    work.undo.append(undo)
    work.put(group)
    await call.core.commit(work)


async def _verify(call: Call, group: Resource, forward_to: str) -> None:
    """SUB-6 for the address to forward to, unless it is the originator itself."""
    core, identity = call.core, call.core.identity
    if not core.settings.verify_subscriptions:
        return
    if "://" not in forward_to and identity.entity(forward_to) == call.originator:
        return
    content = {"m2m:sgn": {"vrq": True, "sur": identity.sp_relative(group.ri),
                           "cr": identity.sp_relative(call.originator)}}
    status = await core.notifier.ask(forward_to, content)
    if status is not Status.OK:
        raise ReceiverError(f"nfu: {forward_to!r} did not accept the verification request, it answered "
                            f"{status.value} {status.name}; expected {Status.OK.value}",
                            Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED)
