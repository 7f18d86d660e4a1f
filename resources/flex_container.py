"""flexContainer: typed data of a device model, all of it in attributes (TS-0001 9.6.35).

What all models share. The models themselves are specializations with attributes of their own (TS-0023).
"""

from resources.common import (
    ACPI,
    ANNOUNCEABLE,
    CR,
    CSTN,
    DACI,
    ET,
    LBL,
    LOC,
    MA,
    MANDATORY,
    NP,
    OA,
    ONTOLOGY_REF,
    ST,
    UNIVERSAL,
)
from resources.model import ResourceType, row
from resources.simple_types import any_uri, boolean_type, non_negative_integer

FLEX_CONTAINER = ResourceType(
    number=28,
    short="fcnt",
    name="flexContainer",
    parents=("AE", "container", "CSEBase", "flexContainer", "node", "remoteCSE"),
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
        row("cnd", "containerDefinition", any_uri, create=MANDATORY, update=NP, announce=MA, single=True),
        row("cs", "contentSize", non_negative_integer, create=NP, update=NP, single=True, release=3),
        row("nl", "nodeLink", any_uri, announce=OA, release=3),
        row("mni", "maxNrOfInstances", non_negative_integer, announce=OA, release=4),
        row("mbs", "maxByteSize", non_negative_integer, announce=OA, release=4),
        row("mia", "maxInstanceAge", non_negative_integer, announce=OA, release=4),
        row("cni", "currentNrOfInstances", non_negative_integer, create=NP, update=NP, release=4),
        row("cbs", "currentByteSize", non_negative_integer, create=NP, update=NP, release=4),
        row("fcied", "fcinEnabled", boolean_type, announce=OA, release=4),
    ),
    virtual=("la", "ol"),
    instance="flexContainerInstance",
    announced_as="fcntAnnc",
    release=2,
)
