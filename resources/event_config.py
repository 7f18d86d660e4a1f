"""eventConfig: which events are counted for statistics (TS-0001 9.6.24)."""

from resources.common import CR, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.datatypes import list_of
from resources.enumerations import event_type, operation
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import list_of_uris, non_negative_integer, resource_type_list, string, timestamp

DATA_OPERATION, STORAGE_BASED, TIMER_BASED = 1, 2, 3
#: The attributes that go with one event type alone.
EVENT_TYPE_OF = {"opt": DATA_OPERATION, "ds": STORAGE_BASED, "evs": TIMER_BASED, "eve": TIMER_BASED}


async def check(change: Change) -> None:
    """SSP-3: which attributes go with which event type."""
    attributes = change.attributes
    for name, kind in EVENT_TYPE_OF.items():
        if name in attributes and attributes["evt"] != kind:
            raise BadRequest(f"{name}: goes with evt {kind} alone, this is evt {attributes['evt']}")
    if "erts" in attributes and "eris" in attributes:
        raise BadRequest("eris: an event is about resource types (erts) or about resources (eris), not both")


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
    hooks=Hooks(check=check),
)
