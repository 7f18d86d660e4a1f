"""flexContainerInstance: what a flexContainer held at one time; the CSE makes it (TS-0001, release 4)."""

from resources.common import ET, LBL, LOC, NP, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import identifier, non_negative_integer

FLEX_CONTAINER_INSTANCE = ResourceType(
    number=58,
    short="fci",
    name="flexContainerInstance",
    parents=("flexContainer",),
    attributes=(
        *UNIVERSAL,
        ET,
        LBL,
        LOC,
        row("cs", "contentSize", non_negative_integer, create=NP, update=NP),
        row("org", "originator", identifier, create=NP, update=NP, single=True),
    ),
    instance_of="flexContainer",
    creatable=False,
    updatable=False,
    subscribable=False,
    announced_as="fciA",
    release=4,
)
