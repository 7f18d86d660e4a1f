"""What management objects do when a trigger attribute is set to true, and where they say how it went (MGO-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from resources.errors import BadRequest
from resources.model import Hooks

if TYPE_CHECKING:
    from resources.model import Change


class Action(NamedTuple):
    """``trigger`` starts the action ``name``; ``status`` is the attribute with its m2m:actionStatus, if it has one.

    ``done`` and ``failed`` are what the CSE sets when the action is over, besides what the device reports.
    """

    trigger: str
    name: str
    status: str | None = None
    done: Mapping[str, object] = {}
    failed: Mapping[str, object] = {}


#: m2m:logStatus.
STARTED, STOPPED, ERROR = 1, 2, 5

#: Actions by mgmtDefinition; several that one request starts are done in this order.
ACTIONS: Mapping[int, tuple[Action, ...]] = {
    1001: (Action("ud", "update", "uds"),),
    1002: (
        Action("in", "install", "ins"),
        Action("un", "uninstall", "ins"),
        Action("act", "activate", "acts"),
        Action("dea", "deactivate", "acts"),
    ),
    1008: (
        Action("ena", "enable", "cas", done={"cus": True}),
        Action("dis", "disable", "cas", done={"cus": False}),
    ),
    1009: (Action("rbo", "reboot"), Action("far", "factoryReset")),
    1010: (
        Action("lga", "logStart", done={"lgst": STARTED}, failed={"lgst": ERROR}),
        Action("lgo", "logStop", done={"lgst": STOPPED}, failed={"lgst": ERROR}),
    ),
    1028: (Action("scan", "scan"), Action("ud", "update"), Action("trdst", "toggleRadioStatus")),
}

#: Triggers that cannot be set together.
OPPOSED: Mapping[int, tuple[tuple[str, str], ...]] = {
    1002: (("in", "un"), ("act", "dea")),
    1008: (("ena", "dis"),),
    1009: (("rbo", "far"),),
    1010: (("lga", "lgo"),),
}


async def check_triggers(change: Change) -> None:
    """Refuse a request that starts an action and its opposite (4000)."""
    for one, other in OPPOSED.get(change.attributes["mgd"], ()):
        if change.given.get(one) is True and change.given.get(other) is True:
            raise BadRequest(f"{one}, {other}: cannot be set to true together; leave one of them out")


#: Hooks of an object with triggers that exclude each other.
TRIGGERED = Hooks(check=check_triggers)
