"""Where a position comes from: a location server, or the nearest node that has one (LOC-2, LOC-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cse.behaviours.nearest_position import nearest_position
from cse.core import Core
from cse.location_server import Inquiry
from cse.reachability import node_of
from resources.duration import seconds_of_duration
from resources.errors import BadRequest, CseError, NetworkError
from resources.model import Resource
from resources.status import Status

#: m2m:locationSource.
NETWORK, DEVICE, SHARING = 1, 2, 3


def period_s(policy: Resource) -> float:
    """How often a position is asked for, in seconds; 0 is: when somebody wants to know."""
    periods = policy.attributes.get("lou")
    return seconds_of_duration(periods[0]) if periods and not periods[0].startswith("-") else 0.0


def inquiry_of(core: Core, parent: Resource, attributes: Mapping[str, Any]) -> Inquiry:
    """Whom to ask where what is; what a policy leaves open is its AE's node, and the server of this CSE.

    Raises BadRequest when that is not known (LOC-2).
    """
    target = attributes.get("lot")
    if target is None:
        node = node_of(core.tree, parent)
        target = node.attributes["ni"] if node is not None else None
    server = attributes.get("lor") or (core.location_server.address if core.location_server is not None else None)
    for name, value, what in (("lot", target, "whom to locate"), ("lor", server, "the location server")):
        if not value:
            raise BadRequest(f"{name}: missing; a position of the network (los 1) needs {what}")
    return Inquiry(str(target), str(server), attributes.get("aid"))


async def position_for(core: Core, policy: Resource) -> Any:
    """The content of an instance with the position that a policy is about. Raises CseError when nobody can say."""
    assert policy.parent is not None
    if policy.attributes["los"] == SHARING:
        found = await nearest_position(core, policy.parent)
        if found is None:
            raise NetworkError("neither a node nearby nor this CSE has a position", Status.EXTERNAL_OBJECT_NOT_FOUND)
        return found
    inquiry = inquiry_of(core, policy.parent, policy.attributes)
    try:
        return await _ask(core, inquiry)
    except CseError:
        if not policy.attributes.get("rlkl"):
            raise
    return await _ask(core, replace(inquiry, last_known=True))


async def _ask(core: Core, inquiry: Inquiry) -> Any:
    if core.location_server is None:
        raise NetworkError(f"there is no way to the location server {inquiry.server}")
    try:
        return await core.timers.within(core.settings.management_session_timeout_s,
                                        core.location_server.position(inquiry))
    except TimeoutError:
        raise NetworkError(f"the location server {inquiry.server} has not answered") from None
