"""semanticMashupJobProfile: what a mashup needs and what it computes (TS-0001 9.6.53)."""

from resources.common import AA, ACPI, AT, CR, DACI, ET, LBL, MANDATORY, OA, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import base64_binary, list_of_uris, sparql

SEMANTIC_MASHUP_JOB_PROFILE = ResourceType(
    number=40,
    short="smjp",
    name="semanticMashupJobProfile",
    parents=("CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        AT,
        AA,
        DACI,
        CR,
        row("mbft", "memberFilter", sparql, create=MANDATORY, announce=OA, single=True),
        row("miid", "smiID", list_of_uris, announce=OA),
        row("iptd", "inputDescriptor", base64_binary, announce=OA),
        row("uptd", "outputDescriptor", base64_binary, create=MANDATORY, announce=OA, single=True),
        row("fucd", "functionDescriptor", base64_binary, create=MANDATORY, announce=OA, single=True),
    ),
    announced_as="smjpA",
    release=3,
)
