"""eventLog: a log of the device; ``lga`` starts it, ``lgo`` stops it (TS-0001 D.11)."""

from resources.common import MANDATORY
from resources.enumerations import log_status, log_type_id
from resources.management.actions import TRIGGERED
from resources.management.common import management_object, oa_row
from resources.simple_types import boolean_type, string

EVENT_LOG = management_object(
    1010, "evl", "eventLog",
    oa_row("lgt", "logTypeId", log_type_id, create=MANDATORY, single=True),
    oa_row("lgd", "logData", string, create=MANDATORY, single=True),
    oa_row("lgst", "logStatus", log_status, create=MANDATORY, single=True),
    oa_row("lga", "logStart", boolean_type, single=True, default=False),
    oa_row("lgo", "logStop", boolean_type, single=True, default=False),
    hooks=TRIGGERED,
)
