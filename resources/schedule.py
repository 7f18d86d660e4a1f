"""schedule: when its parent can be reached or is active; times are UTC (TS-0001 9.6.9)."""

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MANDATORY, OA, UNIVERSAL, unannounced
from resources.complex_types import schedule_entries
from resources.model import ResourceType, row
from resources.simple_types import boolean_type

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
    announced_as="schA",
)
