"""battery: level and state of a battery (TS-0001 D.7)."""

from resources.common import MANDATORY
from resources.enumerations import battery_status
from resources.management.common import management_object, oa_row
from resources.simple_types import unsigned_int

BATTERY = management_object(
    1006, "bat", "battery",
    oa_row("btl", "batteryLevel", unsigned_int, create=MANDATORY, single=True),
    oa_row("bts", "batteryStatus", battery_status, create=MANDATORY, single=True),
)
