"""node: a device, with its management objects (TS-0001 9.6.18)."""

from resources.common import ACPI, ANNOUNCEABLE, CSTN, DACI, ET, LBL, MA, MANDATORY, NP, OA, UNIVERSAL
from resources.enumerations import node_type
from resources.model import ResourceType, row
from resources.simple_types import boolean_type, identifier, list_of_m2m_id, node_id, string

NODE = ResourceType(
    number=14,
    short="nod",
    name="node",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CSTN,
        row("ni", "nodeID", node_id, create=MANDATORY, announce=MA, single=True),
        row("hcl", "hostedCSELink", identifier, announce=OA),
        row("hael", "hostedAELinks", list_of_m2m_id, announce=OA, release=3),
        row("hsl", "hostedServiceLinks", list_of_m2m_id, announce=OA, release=3),
        row("mgca", "mgmtClientAddress", string, announce=OA, release=3),
        row("rms", "roamingStatus", boolean_type, create=NP, update=NP, announce=OA, release=3),
        row("nid", "networkID", string, create=NP, update=NP, announce=OA, release=3),
        row("nty", "nodeType", node_type, announce=OA, release=4),
    ),
    announced_as="nodA",
)
