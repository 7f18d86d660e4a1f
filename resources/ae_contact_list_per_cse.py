"""AEContactListPerCSE: the AEs registered at one CSE; kept by the IN-CSE itself (TS-0001 9.6.46)."""

from resources.common import UNANNOUNCED, UNIVERSAL, internal
from resources.model import ResourceType, row
from resources.simple_types import identifier, list_of_m2m_id

_ROWS = (
    *UNIVERSAL,
    *UNANNOUNCED,
    row("csi", "CSE-ID", identifier, single=True),
    row("ail", "AE-IDList", list_of_m2m_id),
)

AE_CONTACT_LIST_PER_CSE = ResourceType(
    number=44,
    short="alpc",
    name="AEContactListPerCSE",
    parents=("AEContactList",),
    attributes=tuple(internal(attribute) for attribute in _ROWS),
    creatable=False,
    updatable=False,
    deletable=False,
    subscribable=False,
    in_only=True,
    release=3,
)
