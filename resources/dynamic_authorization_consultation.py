"""dynamicAuthorizationConsultation: which server is asked when the policies deny (TS-0001 9.6.40)."""

from resources.common import CSTN, MANDATORY, UNANNOUNCED, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, poa_list, timestamp

DYNAMIC_AUTHORIZATION_CONSULTATION = ResourceType(
    number=34,
    short="dac",
    name="dynamicAuthorizationConsultation",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CSTN,
        row("dae", "dynamicAuthorizationEnabled", boolean_type, create=MANDATORY, single=True),
        row("dap", "dynamicAuthorizationPoA", poa_list, create=MANDATORY, single=True),
        row("dal", "dynamicAuthorizationLifetime", timestamp),
    ),
    release=2,
)
