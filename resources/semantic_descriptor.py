"""semanticDescriptor: RDF triples that describe the parent (TS-0001 9.6.30)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, ONTOLOGY_REF, UNIVERSAL
from resources.enumerations import semantic_format
from resources.model import ResourceType, row
from resources.simple_types import base64_binary, boolean_type, list_of_any_uri, sparql

_PARENTS = """
AE container contentInstance flexContainer group mgmtObj node semanticMashupInstance semanticMashupJobProfile
semanticMashupResult timeSeries timeSeriesInstance
"""

SEMANTIC_DESCRIPTOR = ResourceType(
    number=24,
    short="smd",
    name="semanticDescriptor",
    parents=tuple(_PARENTS.split()),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        ONTOLOGY_REF,
        row("dcrp", "descriptorRepresentation", semantic_format, create=MANDATORY, announce=OA, single=True),
        row("soe", "semanticOpExec", sparql, create=NP),
        row("dsp", "descriptor", base64_binary, create=MANDATORY, announce=OA, single=True),
        row("rels", "relatedSemantics", list_of_any_uri, announce=OA),
        row("svd", "semanticValidated", boolean_type, create=NP, update=NP, announce=OA, release=3),
        row("vlde", "validationEnable", boolean_type, announce=OA, release=3),
    ),
    announced_as="smdA",
    release=2,
)
