"""statsConfig: holds the event configurations statistics are collected for (TS-0001 9.6.23)."""

from resources.common import CR, UNANNOUNCED, UNIVERSAL
from resources.model import ResourceType

STATS_CONFIG = ResourceType(
    number=22,
    short="stcg",
    name="statsConfig",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CR,
    ),
    in_only=True,
)
