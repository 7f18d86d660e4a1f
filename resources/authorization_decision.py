"""authorizationDecision: a policy decision point; asked by UPDATE with the facts of a request (TS-0001 9.6.41)."""

from resources.common import NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import filter_criteria, ip_address, location_region
from resources.datatypes import list_of
from resources.enumerations import authorization_decision, authorization_status, operation, resource_type
from resources.model import ResourceType, row
from resources.simple_types import any_uri, dyn_auth_jwt, identifier, role_id, timestamp, token_id

AUTHORIZATION_DECISION = ResourceType(
    number=35,
    short="auds",
    name="authorizationDecision",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("dec", "decision", authorization_decision, create=NP, update=NP),
        row("sus", "status", authorization_status, create=NP, update=NP),
        row("to", "to", any_uri),
        row("fr", "from", identifier),
        row("op", "operation", operation),
        row("rrt", "requestedResourceType", resource_type),
        row("fu", "filterUsage", filter_criteria),
        row("rids", "roleIDs", list_of(role_id)),
        row("tids", "tokenIDs", list_of(token_id)),
        row("tkns", "tokens", list_of(dyn_auth_jwt)),
        row("rtm", "requestTime", timestamp),
        row("olo", "originatorLocation", location_region),
        row("oip", "originatorIP", ip_address),
    ),
    release=3,
)
