"""areaNwkDeviceInfo: one device of an area network (TS-0001 D.6)."""

from resources.common import MANDATORY
from resources.management.common import management_object, oa_row
from resources.simple_types import any_uri, list_of_uris, non_negative_integer, string

AREA_NWK_DEVICE_INFO = management_object(
    1005, "andi", "areaNwkDeviceInfo",
    oa_row("dvd", "devID", string, create=MANDATORY, single=True),
    oa_row("dvt", "devType", string, create=MANDATORY, single=True),
    oa_row("awi", "areaNwkId", any_uri, create=MANDATORY, single=True),
    oa_row("sli", "sleepInterval", non_negative_integer),
    oa_row("sld", "sleepDuration", non_negative_integer),
    oa_row("ss", "devStatus", string),
    oa_row("lnh", "listOfNeighbors", list_of_uris),
)
