"""timeSyncBeacon: tells entities the time of the CSE, in intervals or when they lose it (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.datatypes import list_of
from resources.enumerations import beacon_criteria
from resources.model import ResourceType, row
from resources.simple_types import any_uri, duration, identifier

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
)
