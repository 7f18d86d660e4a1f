"""activeCmdhPolicy: which cmdhPolicy is in force (TS-0001 D.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.common import MANDATORY
from resources.errors import BadRequest
from resources.management.common import management_object, oa_row
from resources.model import Hooks
from resources.simple_types import identifier

if TYPE_CHECKING:
    from resources.model import Change

CMDH_POLICY = 1011


async def check_link(change: Change) -> None:
    """The link leads to a cmdhPolicy of the same node, as far as it leads anywhere (MGO-1)."""
    found = change.find(change.attributes["acmlk"])
    if found is None or "acmlk" not in change.given:
        return
    if found.attributes.get("mgd") != CMDH_POLICY or found.parent is not change.parent:
        raise BadRequest(f"acmlk: {change.attributes['acmlk']} is no cmdhPolicy of this node")


ACTIVE_CMDH_POLICY = management_object(
    1012, "acmp", "activeCmdhPolicy",
    oa_row("acmlk", "activeCmdhPolicyLink", identifier, create=MANDATORY, single=True),
    hooks=Hooks(check=check_link),
)
