"""token: privileges issued to a holder, signed or encrypted (TS-0001 9.6.39)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import token_permissions
from resources.datatypes import list_of
from resources.model import Hooks, ResourceType, row
from resources.role import check_validity
from resources.simple_types import dyn_auth_jwt, identifier, string, timestamp, token_id

TOKEN = ResourceType(
    number=32,
    short="tk",
    name="token",
    parents=("authorizationInformation", "CSEBase"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("tkid", "tokenID", token_id, create=MANDATORY, update=NP, single=True),
        row("tkob", "tokenObject", dyn_auth_jwt, create=MANDATORY, update=NP, single=True),
        row("vr", "version", string, update=NP),
        row("tkis", "issuer", identifier, update=NP),
        row("tkhd", "holder", identifier, update=NP),
        row("tknb", "notBefore", timestamp, update=NP),
        row("tkna", "notAfter", timestamp, update=NP),
        row("tknm", "tokenName", string, update=NP),
        row("tkau", "audience", list_of(identifier), update=NP),
        row("tkps", "permissions", token_permissions, update=NP),
        row("tkex", "extension", string, update=NP),
    ),
    release=2,
    hooks=Hooks(check=check_validity),
)
