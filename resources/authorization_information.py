"""authorizationInformation: a policy information point; answers roles and tokens of an entity (TS-0001 9.6.43)."""

from resources.common import NP, UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.enumerations import authorization_status
from resources.model import ResourceType, row
from resources.simple_types import identifier, role_id, token_id

AUTHORIZATION_INFORMATION = ResourceType(
    number=37,
    short="auif",
    name="authorizationInformation",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("sus", "status", authorization_status, create=NP, update=NP),
        row("fr", "from", identifier),
        row("rids", "roleIDs", list_of(role_id)),
        row("tids", "tokenIDs", list_of(token_id)),
    ),
    release=3,
)
