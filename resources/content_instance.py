"""contentInstance: one piece of data in a container; never updated (TS-0001 9.6.7)."""

from dataclasses import replace

from resources.common import (
    ANNOUNCEABLE,
    CR,
    ET,
    LBL,
    LOC,
    MANDATORY,
    NP,
    OA,
    ONTOLOGY_REF,
    ST,
    UNIVERSAL,
    frozen,
    unannounced,
)
from resources.complex_types import content_ref
from resources.model import ResourceType, row
from resources.simple_types import abs_rel_timestamp, any_type, content_info, non_negative_integer, positive_integer

_ROWS = (
    *UNIVERSAL,
    unannounced(ET),
    LBL,
    replace(ST, default=None),
    *ANNOUNCEABLE,
    CR,
    LOC,
    ONTOLOGY_REF,
    row("cnf", "contentInfo", content_info, announce=OA),
    row("cs", "contentSize", non_negative_integer, create=NP, single=True),
    row("conr", "contentRef", content_ref, announce=OA, release=2),
    row("con", "content", any_type, create=MANDATORY, announce=OA, single=True),
    row("dcnt", "deletionCnt", positive_integer, release=4),
    row("dgt", "dataGenerationTime", abs_rel_timestamp, announce=OA, release=5),
)

CONTENT_INSTANCE = ResourceType(
    number=4,
    short="cin",
    name="contentInstance",
    parents=("container",),
    attributes=tuple(frozen(attribute) for attribute in _ROWS),
    instance_of="container",
    updatable=False,
    subscribable=False,
    announced_as="cinA",
)
