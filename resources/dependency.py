"""dependency: a further condition for an action, on another resource (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, MA, MANDATORY, OA, UNIVERSAL
from resources.complex_types import eval_criteria
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, identifier

DEPENDENCY = ResourceType(
    number=66,
    short="depr",
    name="dependency",
    parents=("action",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("sfc", "sufficient", boolean_type, create=MANDATORY, announce=OA, single=True),
        row("evc", "evalCriteria", eval_criteria, create=MANDATORY, announce=OA, single=True),
        row("rri", "referencedResourceID", identifier, create=MANDATORY, announce=MA, single=True),
    ),
    announced_as="deprA",
    release=4,
)
