"""AEContactList: where AE-IDs of the service provider are registered; kept by the IN-CSE itself (TS-0001 9.6.45)."""

from resources.common import UNANNOUNCED, UNIVERSAL, internal
from resources.model import ResourceType, row
from resources.simple_types import non_negative_integer

_ROWS = (
    *UNIVERSAL,
    *UNANNOUNCED,
    row("nic", "numberImpactedCSEs", non_negative_integer, single=True),
)

AE_CONTACT_LIST = ResourceType(
    number=43,
    short="alst",
    name="AEContactList",
    parents=("CSEBase",),
    attributes=tuple(internal(attribute) for attribute in _ROWS),
    creatable=False,
    updatable=False,
    deletable=False,
    in_only=True,
    release=3,
)
