"""cmdhLimits: which request parameters are allowed (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.simple_types import (
    any_type,
    boolean_type,
    event_cat,
    list_of_m2m_id,
    list_of_min_max,
    positive_integer,
    restricted_list_of_boolean,
)

CMDH_LIMITS = management_object(
    1016, "cml", "cmdhLimits",
    oa_row("od", "order", positive_integer, create=MANDATORY, single=True),
    oa_row("ror", "requestOrigin", list_of_m2m_id, create=MANDATORY, single=True),
    oa_row("rct", "requestContext", any_type),
    oa_row("rctn", "requestContextNotification", boolean_type),
    oa_row("rch", "requestCharacteristics", any_type),
    oa_row("lec", "limitsEventCategory", list_of(event_cat), create=MANDATORY, single=True),
    oa_row("lqet", "limitsRequestExpTime", list_of_min_max, create=MANDATORY, single=True),
    oa_row("lset", "limitsResultExpTime", list_of_min_max, create=MANDATORY, single=True),
    oa_row("loet", "limitsOpExecTime", list_of_min_max, create=MANDATORY, single=True),
    oa_row("lrp", "limitsRespPersistence", list_of_min_max, create=MANDATORY, single=True),
    oa_row("lda", "limitsDelAggregation", restricted_list_of_boolean, create=MANDATORY, single=True),
    parents=("node", "cmdhPolicy"),
)
