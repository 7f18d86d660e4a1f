"""serviceSubscribedNode: a node of a service subscription and its rules for applications (TS-0001 9.6.20)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import boolean_type, device_id, identifier, list_of_any_uri, node_id


async def check(change: Change) -> None:
    """SSP-1: rules are for the registrations at a CSE."""
    if "rlk" in change.attributes and "csi" not in change.attributes:
        raise BadRequest("rlk: the rules of a node without csi are for nobody; give csi, the CSE-ID of the node")


SERVICE_SUBSCRIBED_NODE = ResourceType(
    number=20,
    short="svsn",
    name="serviceSubscribedNode",
    parents=("m2mServiceSubscriptionProfile",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("ni", "nodeID", node_id, create=MANDATORY, update=NP, single=True),
        row("csi", "CSE-ID", identifier, update=NP),
        row("di", "deviceIdentifier", list_of(device_id), update=NP),
        row("rlk", "ruleLinks", list_of_any_uri),
        row("nrq", "niddRequired", boolean_type, release=3),
    ),
    in_only=True,
    hooks=Hooks(check=check),
)
