"""eventConfig: which events are counted for statistics (TS-0001 9.6.24)."""

from resources.common import CR, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.enumerations import event_type, operation
from resources.model import ResourceType, row
from resources.simple_types import list_of_uris, non_negative_integer, resource_type_list, string, timestamp

EVENT_CONFIG = ResourceType(
    number=7,
    short="evcg",
    name="eventConfig",
    parents=("statsConfig",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CR,
        row("evi", "eventID", string, create=NP, update=NP, single=True),
        row("evt", "eventType", event_type, create=MANDATORY, single=True),
        row("evs", "eventStart", timestamp),
        row("eve", "eventEnd", timestamp),
        row("opt", "operationType", list_of(operation)),
        row("ds", "dataSize", non_negative_integer),
        row("erts", "eventResourceTypes", resource_type_list, release=3),
        row("eris", "eventResourceIDs", list_of_uris, release=3),
    ),
    in_only=True,
)
