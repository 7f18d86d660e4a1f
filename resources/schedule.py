"""schedule: when its parent can be reached or is active; times are UTC (TS-0001 9.6.9)."""

from __future__ import annotations

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MANDATORY, OA, UNIVERSAL, unannounced
from resources.complex_types import schedule_entries
from resources.errors import OriginatorError
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import boolean_type
from resources.status import Status


async def _check(change: Change) -> None:
    """SCH-1: only what a node does can be coordinated with the network."""
    parent = change.parent
    assert parent is not None
    if change.given.get("nco") is not None and parent.type.name != "node":
        raise OriginatorError(f"nco: is for a schedule under a node; the parent is a {parent.type.name}",
                              Status.CONTENTS_UNACCEPTABLE)


SCHEDULE = ResourceType(
    number=18,
    short="sch",
    name="schedule",
    parents=("crossResourceSubscription", "CSEBase", "node", "subscription"),
    attributes=(
        *UNIVERSAL,
        ET,
        unannounced(ACPI),
        LBL,
        *ANNOUNCEABLE,
        unannounced(DACI),
        CSTN,
        row("se", "scheduleElement", schedule_entries, create=MANDATORY, announce=OA, single=True),
        row("nco", "networkCoordinated", boolean_type, announce=OA, default=False, release=3),
    ),
    hooks=Hooks(check=_check),
    announced_as="schA",
)
