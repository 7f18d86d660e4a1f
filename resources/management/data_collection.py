"""dataCollection: what the node measures and where it reports to (TS-0022)."""

from resources.common import MANDATORY
from resources.complex_types import schedule_entries
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.simple_types import positive_integer, string

DATA_COLLECTION = management_object(
    1021, "datc", "dataCollection",
    oa_row("cntp", "containerPath", string, create=MANDATORY, single=True),
    oa_row("rpsc", "reportingSchedule", list_of(schedule_entries)),
    oa_row("mesc", "measurementSchedule", list_of(schedule_entries)),
    oa_row("meil", "measurementInterval", positive_integer),
    prefix="dcfg",
    release=3,
)
