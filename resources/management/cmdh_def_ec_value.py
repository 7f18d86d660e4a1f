"""cmdhDefEcValue: the event category of requests that name none (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.management.common import management_object, oa_row
from resources.simple_types import any_type, boolean_type, event_cat, list_of_m2m_id, positive_integer

CMDH_DEF_EC_VALUE = management_object(
    1014, "cmdv", "cmdhDefEcValue",
    oa_row("od", "order", positive_integer, create=MANDATORY, single=True),
    oa_row("dev", "defEcValue", event_cat, create=MANDATORY, single=True),
    oa_row("ror", "requestOrigin", list_of_m2m_id, create=MANDATORY, single=True),
    oa_row("rct", "requestContext", any_type),
    oa_row("rctn", "requestContextNotification", boolean_type),
    oa_row("rch", "requestCharacteristics", any_type),
    parents=("node", "cmdhDefaults"),
)
