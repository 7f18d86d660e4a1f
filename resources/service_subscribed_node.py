"""serviceSubscribedNode: a node of a service subscription and its rules for applications (TS-0001 9.6.20)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, device_id, identifier, list_of_any_uri, node_id

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
)
