"""ontologyRepository: the ontologies of a CSE; ``smv`` validates a descriptor against them (TS-0001 9.6.50)."""

from resources.common import AA, ACPI, AT, CR, DACI, ET, LBL, UNIVERSAL, unannounced
from resources.model import ResourceType

ONTOLOGY_REPOSITORY = ResourceType(
    number=38,
    short="ontr",
    name="ontologyRepository",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        unannounced(ET),
        unannounced(ACPI),
        LBL,
        AT,
        AA,
        DACI,
        CR,
    ),
    virtual=("smv",),
    announced_as="ontrA",
    release=3,
)
