"""state: one state of a process, its action, and which state follows when (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, NP, OA, UNIVERSAL
from resources.complex_types import state_transition
from resources.datatypes import list_of
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, identifier

STATE = ResourceType(
    number=64,
    short="stte",
    name="state",
    parents=("processManagement",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("sact", "stateActive", boolean_type, create=NP, update=NP, announce=OA, single=True, default=False),
        row("stac", "stateAction", identifier, create=NP, announce=OA),
        row("sttrs", "stateTransitions", list_of(state_transition), announce=OA),
    ),
    announced_as="stteA",
    release=4,
)
