"""mobileNetwork: the connection of the node to a mobile network (TS-0022)."""

from resources.common import MANDATORY
from resources.complex_types import ip_address
from resources.datatypes import list_of
from resources.enumerations import cellular_network_bearer, coverage_enhancement_level
from resources.management.common import management_object, oa_row
from resources.simple_types import integer_type, string

MOBILE_NETWORK = management_object(
    1031, "mnwk", "mobileNetwork",
    oa_row("cnb", "cellularNetworkBearer", cellular_network_bearer, create=MANDATORY),
    oa_row("rss", "radioSignalStrength", integer_type),
    oa_row("liqu", "linkQuality", integer_type),
    oa_row("ipad", "ipAddresses", list_of(ip_address)),
    oa_row("ripa", "routerIPAddresses", list_of(ip_address)),
    oa_row("apna", "apn", string),
    oa_row("ceid", "cellID", integer_type),
    oa_row("smnc", "smnc", integer_type),
    oa_row("smcc", "smcc", integer_type),
    oa_row("lac", "lac", integer_type),
    oa_row("coel", "coverageEnhancementLevel", coverage_enhancement_level),
    prefix="dcfg",
    release=4,
)
