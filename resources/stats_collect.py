"""statsCollect: whose events are counted, and when (TS-0001 9.6.25)."""

from resources.common import CR, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import schedule_entries
from resources.enumerations import stat_model_type, stats_rule_status_type
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import identifier, list_of_m2m_id, string

EVENT_BASED = 1


async def check(change: Change) -> None:
    """SSP-3: an event based collection names its event."""
    if change.attributes["sm"] == EVENT_BASED and "evi" not in change.attributes:
        raise BadRequest("evi: missing; a collection that is event based (sm 1) names its event")


STATS_COLLECT = ResourceType(
    number=21,
    short="stcl",
    name="statsCollect",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CR,
        row("sci", "statsCollectID", string, create=NP, update=NP, single=True),
        row("cei", "collectingEntityID", identifier, create=MANDATORY, update=NP, single=True),
        row("cdi", "collectedEntityID", list_of_m2m_id, update=NP),
        row("srs", "statsRuleStatus", stats_rule_status_type, create=MANDATORY, single=True),
        row("sm", "statModel", stat_model_type, create=MANDATORY, single=True, default=1),
        row("cp", "collectPeriod", schedule_entries),
        row("evi", "eventID", string),
    ),
    in_only=True,
    hooks=Hooks(check=check),
)
