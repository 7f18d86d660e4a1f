"""wifiClient: the WiFi connection of the node; ``scan``, ``ud`` and ``trdst`` act on it (TS-0022)."""

from resources.common import MANDATORY
from resources.complex_types import wifi_credentials
from resources.enumerations import wifi_connection_status
from resources.management.common import management_object, oa_row
from resources.simple_types import boolean_type, list_of_string, string

WIFI_CLIENT = management_object(
    1028, "wific", "wifiClient",
    oa_row("ssid", "ssid", string, create=MANDATORY, single=True),
    oa_row("wcrds", "credentials", wifi_credentials),
    oa_row("maca", "macAddress", string),
    oa_row("chanl", "channel", string),
    oa_row("cons", "connectionStatus", wifi_connection_status, single=True),
    oa_row("scan", "scan", boolean_type, create=MANDATORY, single=True),
    oa_row("scanr", "scanResult", list_of_string, single=True),
    oa_row("ud", "update", boolean_type, single=True, default=False),
    oa_row("trdst", "toggleRadioStatus", boolean_type, single=True, default=False),
    oa_row("rdst", "radioStatus", boolean_type),
    prefix="dcfg",
    release=4,
)
