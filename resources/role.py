"""role: a role assigned to an AE or a CSE (TS-0001 9.6.38)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import any_uri, identifier, role_id, string, timestamp

ROLE = ResourceType(
    number=31,
    short="rol",
    name="role",
    parents=("authorizationInformation", "CSEBase"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("rlid", "roleID", role_id, create=MANDATORY, update=NP, single=True),
        row("tkis", "issuer", identifier, create=MANDATORY, update=NP, single=True),
        row("tkhd", "holder", identifier, create=MANDATORY, update=NP, single=True),
        row("tknb", "notBefore", timestamp, create=MANDATORY, update=NP, single=True),
        row("tkna", "notAfter", timestamp, create=MANDATORY, update=NP, single=True),
        row("rlnm", "roleName", string, update=NP),
        row("rltl", "tokenLink", any_uri),
    ),
    release=2,
)
