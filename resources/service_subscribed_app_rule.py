"""serviceSubscribedAppRule: which applications may register with which credentials (TS-0001 9.6.29)."""

from resources.common import UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.model import ResourceType, row
from resources.simple_types import list_of_m2m_id, role_id

SERVICE_SUBSCRIBED_APP_RULE = ResourceType(
    number=19,
    short="asar",
    name="serviceSubscribedAppRule",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("apci", "applicableCredIDs", list_of_m2m_id),
        row("aai", "allowedApp-IDs", list_of_m2m_id),
        row("aae", "allowedAEs", list_of_m2m_id),
        row("ari", "allowedRole-IDs", list_of(role_id), release=3),
    ),
    in_only=True,
)
