"""semanticMashupInstance: a job profile at work on its members; ``msp`` computes (TS-0001 9.6.54)."""

from resources.common import AA, ACPI, AT, CR, DACI, ET, LBL, MANDATORY, OA, UNIVERSAL
from resources.complex_types import mashup_members
from resources.enumerations import mashup_member_store_type, mashup_result_gen_type
from resources.model import ResourceType, row
from resources.simple_types import any_uri, base64_binary, duration

SEMANTIC_MASHUP_INSTANCE = ResourceType(
    number=41,
    short="smi",
    name="semanticMashupInstance",
    parents=("AE", "CSEBase", "remoteCSE", "semanticMashupJobProfile"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        AT,
        AA,
        DACI,
        CR,
        row("mjid", "smjpID", any_uri, create=MANDATORY, announce=OA, single=True),
        row("jpin", "smjpInputParameter", base64_binary, create=MANDATORY, announce=OA),
        row("mst", "memberStoreType", mashup_member_store_type, create=MANDATORY, announce=OA, single=True),
        row("msm", "mashupMember", mashup_members, announce=OA),
        row("rgt", "resultGenType", mashup_result_gen_type, create=MANDATORY, announce=OA, single=True),
        row("prg", "periodForResultGen", duration, announce=OA),
    ),
    virtual=("msp",),
    announced_as="smiA",
    release=3,
)
