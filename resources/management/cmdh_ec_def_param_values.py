"""cmdhEcDefParamValues: request parameters by event category, where a request has none (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.simple_types import boolean_type, event_cat_with_def, long

CMDH_EC_DEF_PARAM_VALUES = management_object(
    1015, "cmpv", "cmdhEcDefParamValues",
    oa_row("aec", "applicableEventCategory", list_of(event_cat_with_def), create=MANDATORY, single=True),
    oa_row("dqet", "defaultRequestExpTime", long, create=MANDATORY, single=True),
    oa_row("dset", "defaultResultExpTime", long, create=MANDATORY, single=True),
    oa_row("doet", "defaultOpExecTime", long, create=MANDATORY, single=True),
    oa_row("drp", "defaultRespPersistence", long, create=MANDATORY, single=True),
    oa_row("dda", "defaultDelAggregation", boolean_type, create=MANDATORY, single=True),
    parents=("node", "cmdhDefaults"),
)
