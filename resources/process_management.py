"""processManagement: a process of states that the CSE walks through (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, NP, OA, UNIVERSAL
from resources.complex_types import process_conditions
from resources.datatypes import list_of
from resources.enumerations import process_control, process_status
from resources.model import ResourceType, row
from resources.simple_types import identifier

PROCESS_MANAGEMENT = ResourceType(
    number=63,
    short="prmr",
    name="processManagement",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("prst", "processStatus", process_status, create=NP, update=NP, announce=OA, single=True, default=1),
        row("prct", "processControl", process_control, create=NP, announce=OA, single=True),
        row("cust", "currentState", identifier, create=NP, update=NP, announce=OA, single=True),
        row("atcos", "activateConditions", list_of(process_conditions), create=NP, announce=OA),
        row("encos", "endConditions", list_of(process_conditions), create=NP, announce=OA),
        row("inst", "initialState", identifier, create=NP, announce=OA, single=True),
    ),
    announced_as="prmrA",
    release=4,
)
