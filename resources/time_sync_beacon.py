"""timeSyncBeacon: tells entities the time of the CSE, in intervals or when they lose it (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.datatypes import list_of
from resources.duration import seconds_of_duration
from resources.enumerations import beacon_criteria
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import any_uri, duration, identifier

PERIODIC, LOSS = 1, 2
#: What a beacon goes by when it does not say.
INTERVAL, THRESHOLD = "PT60S", "PT2S"
#: Seconds between two beacons at least.
SHORTEST_S = 1.0
#: Who is told by one beacon at most: all of them are told at the same time.
MOST_TARGETS = 100

#: TSB-1: what each kind of beacon has not.
EXCLUDED = {PERIODIC: ("bcnt", "bcnr"), LOSS: ("bcni",)}


async def check(change: Change) -> None:
    """TSB-1: which attributes go with which kind of beacon."""
    attributes = change.attributes
    kind = attributes["bcnc"]
    if len(attributes["bcnu"]) > MOST_TARGETS:
        raise BadRequest(f"bcnu: {len(attributes['bcnu'])} targets are more than {MOST_TARGETS}")
    for name in EXCLUDED[kind]:
        if name in attributes:
            raise BadRequest(f"{name}: does not go with bcnc {kind}; leave it out")
    if kind == PERIODIC:
        interval = attributes.setdefault("bcni", INTERVAL)
        if interval.startswith("-") or seconds_of_duration(interval) < SHORTEST_S:
            raise BadRequest(f"bcni: {interval} is shorter than {SHORTEST_S:g} s")
    elif "bcnr" not in attributes:
        raise BadRequest("bcnr: missing; bcnc 2 watches the clock of somebody")
    elif attributes.setdefault("bcnt", THRESHOLD).startswith("-"):
        raise BadRequest(f"bcnt: {attributes['bcnt']} is negative")


TIME_SYNC_BEACON = ResourceType(
    number=60,
    short="tsb",
    name="timeSyncBeacon",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CSTN,
        row("bcnr", "beaconRequester", identifier, update=NP, announce=OA),
        row("bcnc", "beaconCriteria", beacon_criteria, create=MANDATORY, announce=OA, single=True),
        row("bcni", "beaconInterval", duration, announce=OA),
        row("bcnt", "beaconThreshold", duration, announce=OA),
        row("bcnu", "beaconNotificationURIs", list_of(any_uri, least=1), create=MANDATORY, announce=OA, single=True),
    ),
    announced_as="tsbA",
    release=4,
    hooks=Hooks(check=check),
)
