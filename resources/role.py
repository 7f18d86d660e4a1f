"""role: a role assigned to an AE or a CSE (TS-0001 9.6.38)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import any_uri, identifier, role_id, string, timestamp


async def check_validity(change: Change) -> None:
    """SSP-5: the time of validity does not end before it begins; for roles and tokens."""
    begin, end = change.attributes.get("tknb"), change.attributes.get("tkna")
    if begin is not None and end is not None and end < begin:
        raise BadRequest(f"tkna: {end} is before tknb ({begin})")


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
    hooks=Hooks(check=check_validity),
)
