"""container: keeps instances of data, and other containers (TS-0001 9.6.6)."""

from resources.common import (
    ACPI,
    ANNOUNCEABLE,
    CR,
    CSTN,
    DACI,
    ET,
    LBL,
    LOC,
    NP,
    OA,
    ONTOLOGY_REF,
    ST,
    UNIVERSAL,
)
from resources.model import ResourceType, row
from resources.simple_types import any_uri, boolean_type, list_of_string, non_negative_integer

CONTAINER = ResourceType(
    number=3,
    short="cnt",
    name="container",
    parents=("AE", "container", "CSEBase", "flexContainer", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        ST,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        LOC,
        ONTOLOGY_REF,
        row("mni", "maxNrOfInstances", non_negative_integer, announce=OA),
        row("mbs", "maxByteSize", non_negative_integer, announce=OA),
        row("mia", "maxInstanceAge", non_negative_integer, announce=OA),
        row(
            "cni", "currentNrOfInstances", non_negative_integer, create=NP, update=NP, single=True, default=0
        ),
        row("cbs", "currentByteSize", non_negative_integer, create=NP, update=NP, single=True, default=0),
        row("li", "locationID", any_uri, create=NP, update=NP, announce=OA),
        row("disr", "disableRetrieval", boolean_type, announce=OA, default=False, release=2),
        row("subi", "subscriptionIDs", list_of_string, release=4),
    ),
    virtual=("la", "ol"),
    instance="contentInstance",
    announced_as="cntA",
)
