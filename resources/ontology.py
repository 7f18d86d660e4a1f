"""ontology: one ontology of the repository, as an address or as its text (TS-0001 9.6.51)."""

from resources.common import AA, ACPI, AT, CR, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL, unannounced
from resources.enumerations import semantic_format
from resources.model import ResourceType, row
from resources.simple_types import any_simple_type, sparql, string

ONTOLOGY = ResourceType(
    number=39,
    short="ont",
    name="ontology",
    parents=("ontologyRepository",),
    attributes=(
        *UNIVERSAL,
        unannounced(ET),
        unannounced(ACPI),
        LBL,
        AT,
        AA,
        DACI,
        CR,
        row("dc", "description", string, announce=OA),
        row("ontf", "ontologyFormat", semantic_format, create=MANDATORY, announce=OA, single=True),
        row("ontc", "ontologyContent", any_simple_type, create=MANDATORY, announce=OA, single=True),
        row("soe", "semanticOpExec", sparql, create=NP),
    ),
    announced_as="ontA",
    release=3,
)
