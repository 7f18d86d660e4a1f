"""backgroundDataTransfer: asks the underlying network for a cheap time to transfer data (TS-0001 9.6.60)."""

from resources.common import CR, MANDATORY, UNANNOUNCED, UNIVERSAL
from resources.complex_types import location_region
from resources.enumerations import transfer_selection_guidance
from resources.model import ResourceType, row
from resources.simple_types import any_uri, list_of_any_uri, positive_integer, schedule_entry

BACKGROUND_DATA_TRANSFER = ResourceType(
    number=49,
    short="bdt",
    name="backgroundDataTransfer",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CR,
        row("vpn", "volumePerNode", positive_integer, create=MANDATORY, single=True),
        row("non", "numberOfNodes", positive_integer, create=MANDATORY, single=True),
        row("dtw", "desiredTimeWindow", schedule_entry, create=MANDATORY),
        row("tsg", "transferSelectionGuidance", transfer_selection_guidance),
        row("ggi", "geographicInformation", location_region),
        row("gli", "groupLink", any_uri),
        row("mid", "memberIDs", list_of_any_uri),
    ),
    in_only=True,
    release=3,
)
