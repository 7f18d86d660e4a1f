"""semanticMashupResult: one result of a mashup; the CSE makes it (TS-0001 9.6.56)."""

from resources.common import AA, ACPI, AT, CR, DACI, ET, LBL, OA, UNIVERSAL, internal
from resources.model import ResourceType, row
from resources.simple_types import base64_binary, serializations

_ROWS = (
    *UNIVERSAL,
    ET,
    ACPI,
    LBL,
    AT,
    AA,
    DACI,
    CR,
    row("jpin", "smjpInputParameter", base64_binary, announce=OA),
    row("mrf", "mashupResultFormat", serializations, announce=OA, single=True),
    row("mrt", "mashupResult", base64_binary, announce=OA, single=True),
)

SEMANTIC_MASHUP_RESULT = ResourceType(
    number=42,
    short="smr",
    name="semanticMashupResult",
    parents=("semanticMashupInstance",),
    attributes=tuple(internal(attribute) for attribute in _ROWS),
    creatable=False,
    updatable=False,
    announced_as="smrA",
    release=3,
)
