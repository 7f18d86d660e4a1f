"""cmdhBuffer: how much may be buffered, by event category (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.datatypes import integer, list_of
from resources.management.common import management_object, oa_row
from resources.simple_types import event_cat_with_def, non_negative_integer

PRIORITY = integer("xs:positiveInteger", 1, 10)

CMDH_BUFFER = management_object(
    1019, "cmbf", "cmdhBuffer",
    oa_row("aec", "applicableEventCategory", list_of(event_cat_with_def), create=MANDATORY, single=True),
    oa_row("mbfs", "maxBufferSize", non_negative_integer, create=MANDATORY, single=True),
    oa_row("sgp", "storagePriority", PRIORITY, create=MANDATORY, single=True),
    parents=("node", "cmdhPolicy"),
)
