"""areaNwkInfo: an area network behind the node (TS-0001 D.5)."""

from resources.common import MANDATORY
from resources.management.common import management_object, oa_row
from resources.simple_types import list_of_uris, string

AREA_NWK_INFO = management_object(
    1004, "ani", "areaNwkInfo",
    oa_row("ant", "areaNwkType", string, create=MANDATORY, single=True),
    oa_row("ldv", "listOfDevices", list_of_uris),
)
