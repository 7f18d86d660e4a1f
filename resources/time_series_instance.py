"""timeSeriesInstance: one point of a timeSeries; never updated (TS-0001 9.6.37)."""

from dataclasses import replace

from resources.common import ANNOUNCEABLE, CR, ET, LBL, LOC, MANDATORY, NP, OA, UNIVERSAL, frozen, unannounced
from resources.model import ResourceType, row
from resources.simple_types import abs_rel_timestamp, any_simple_type, non_negative_integer

_ROWS = (
    *UNIVERSAL,
    unannounced(ET),
    LBL,
    *ANNOUNCEABLE,
    replace(CR, release=4),
    LOC,
    row("dgt", "dataGenerationTime", abs_rel_timestamp, create=MANDATORY, announce=OA, single=True),
    row("con", "content", any_simple_type, create=MANDATORY, announce=OA, single=True),
    row("snr", "sequenceNr", non_negative_integer, announce=OA),
    row("cs", "contentSize", non_negative_integer, create=NP, single=True, release=3),
)

TIME_SERIES_INSTANCE = ResourceType(
    number=30,
    short="tsi",
    name="timeSeriesInstance",
    parents=("timeSeries",),
    attributes=tuple(frozen(attribute) for attribute in _ROWS),
    instance_of="timeSeries",
    updatable=False,
    subscribable=False,
    announced_as="tsiA",
    release=2,
)
