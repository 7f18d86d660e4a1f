"""multimediaSession: a media session an AE offers and accepts (TS-0001 9.6.57)."""

from resources.common import AA, ACPI, AT, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.complex_types import session_descriptions
from resources.enumerations import session_state
from resources.model import ResourceType, row
from resources.simple_types import identifier

MULTIMEDIA_SESSION = ResourceType(
    number=46,
    short="mms",
    name="multimediaSession",
    parents=("AE",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        AT,
        AA,
        DACI,
        row("soi", "sessionOriginatorID", identifier, create=MANDATORY, update=NP, announce=OA, single=True),
        row("asd", "acceptedSessionDescriptions", session_descriptions, create=NP, announce=OA, single=True),
        row("osd", "offeredSessionDescriptions", session_descriptions, create=MANDATORY, single=True),
        row("sst", "sessionState", session_state, create=NP, announce=OA, single=True, default=1),
    ),
    announced_as="mmsA",
    release=3,
)
