"""battery: level and state of a battery (TS-0001 D.7)."""

from resources.common import MANDATORY
from resources.datatypes import integer
from resources.enumerations import battery_status
from resources.management.common import management_object, oa_row

PERCENT = integer("xs:unsignedInt", 0, 100)

BATTERY = management_object(
    1006, "bat", "battery",
    oa_row("btl", "batteryLevel", PERCENT, create=MANDATORY, single=True),
    oa_row("bts", "batteryStatus", battery_status, create=MANDATORY, single=True),
)
