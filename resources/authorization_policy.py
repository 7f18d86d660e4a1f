"""authorizationPolicy: a policy retrieval point; answers the policies for a target (TS-0001 9.6.42)."""

from resources.common import NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import set_of_permissions
from resources.enumerations import acp_combining_algorithm, authorization_status
from resources.model import ResourceType, row
from resources.simple_types import any_uri

AUTHORIZATION_POLICY = ResourceType(
    number=36,
    short="aupy",
    name="authorizationPolicy",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("ps", "policies", set_of_permissions, create=NP, update=NP),
        row("ca", "combiningAlgorithm", acp_combining_algorithm, create=NP, update=NP),
        row("sus", "status", authorization_status, create=NP, update=NP),
        row("to", "to", any_uri),
    ),
    release=3,
)
