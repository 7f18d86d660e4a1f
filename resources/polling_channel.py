"""pollingChannel: where an entity that cannot be reached fetches what is for it, at ``pcu`` (TS-0001 9.6.21)."""

from resources.common import ET, LBL, UNIVERSAL, unannounced
from resources.model import ResourceType, row
from resources.simple_types import boolean_type

POLLING_CHANNEL = ResourceType(
    number=15,
    short="pch",
    name="pollingChannel",
    parents=("AE", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        unannounced(ET),
        unannounced(LBL),
        row("rqag", "requestAggregation", boolean_type, release=4),
    ),
    virtual=("pcu",),
    subscribable=False,
)
