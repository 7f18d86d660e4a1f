"""multimediaSession: a media session an AE offers and accepts (TS-0001 9.6.57)."""

from resources.common import AA, ACPI, AT, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.complex_types import session_descriptions
from resources.enumerations import session_state
from resources.errors import ReceiverError
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import identifier
from resources.status import Status

OFFLINE, ONLINE = 1, 2


async def check(change: Change) -> None:
    """SSP-3: only an AE with session capabilities has sessions; one that is online is changed by ending it."""
    current = change.current
    if current is None:
        if change.parent is not None and not change.parent.attributes.get("scp"):
            raise ReceiverError(f"to: {change.parent.path} has no sessionCapabilities (scp)",
                                Status.TARGET_HAS_NO_SESSION_CAPABILITY)
        return
    descriptions = [name for name in ("osd", "asd") if name in change.given]
    if descriptions and current.attributes["sst"] == ONLINE and change.given.get("sst") != OFFLINE:
        raise ReceiverError(f"{', '.join(descriptions)}: the session is online; set sst to {OFFLINE} to end it",
                            Status.SESSION_IS_ONLINE)


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
    hooks=Hooks(check=check),
)
