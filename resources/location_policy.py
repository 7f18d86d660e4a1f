"""locationPolicy: how a location is found, into a container the CSE makes for it (TS-0001 9.6.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.datatypes import list_of
from resources.duration import seconds_of_duration
from resources.enumerations import (
    geofence_event_criteria,
    location_information_type,
    location_source,
    location_update_event_criteria,
)
from resources.errors import BadRequest
from resources.model import Hooks, ResourceType, row
from resources.simple_types import any_type, any_uri, boolean_type, duration, external_id, location_target_id, string

if TYPE_CHECKING:
    from resources.model import Change

#: m2m:locationInformationType: what the instances are.
POSITION, GEOFENCE_EVENT = 1, 2

#: Seconds from one position to the next at least, where there is a period.
SHORTEST_S = 1.0


async def check(change: Change) -> None:
    """A period that can be kept (LOC-2); events of a geofence need the area and the event (LOC-1)."""
    for period in change.attributes.get("lou", ()):
        if not period.startswith("-") and 0 < seconds_of_duration(period) < SHORTEST_S:
            raise BadRequest(f"lou: {period} is shorter than {SHORTEST_S:g} s")
    if change.attributes["lit"] != GEOFENCE_EVENT:
        return
    for name in ("gta", "gec"):
        if name not in change.attributes:
            raise BadRequest(f"{name}: missing; events of a geofence (lit 2) need gta, the area, and gec, the event")


LOCATION_POLICY = ResourceType(
    number=10,
    short="lcp",
    name="locationPolicy",
    parents=("AE", "CSEBase"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CSTN,
        row("los", "locationSource", location_source, create=MANDATORY, update=NP, announce=OA, single=True),
        row(
            "lit", "locationInformationType", location_information_type, announce=OA, single=True, default=1, release=3
        ),
        row("lou", "locationUpdatePeriod", list_of(duration), announce=OA),
        row("lot", "locationTargetID", location_target_id, update=NP, announce=OA),
        row("lor", "locationServer", any_uri, update=NP, announce=OA),
        row("loi", "locationContainerID", any_uri, create=NP, update=NP, announce=OA, single=True),
        row("lon", "locationContainerName", string, update=NP, announce=OA),
        row("lost", "locationStatus", string, create=NP, update=NP, announce=OA, single=True),
        row("gta", "geographicalTargetArea", any_type, announce=OA, release=3),
        row("gec", "geofenceEventCriteria", geofence_event_criteria, announce=OA, release=3),
        row("aid", "authID", external_id, update=NP, announce=OA, release=3),
        row("rlkl", "retrieveLastKnownLocation", boolean_type, announce=OA, release=3),
        row("luec", "locationUpdateEventCriteria", location_update_event_criteria, announce=OA, release=3),
    ),
    announced_as="lcpA",
    hooks=Hooks(check=check),
)
