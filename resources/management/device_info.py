"""deviceInfo: who made the device, and what it is (TS-0001 D.8)."""

from resources.common import MANDATORY, NP
from resources.management.common import management_object, oa_row
from resources.simple_types import any_uri, protocol_list, string, timestamp

DEVICE_INFO = management_object(
    1007, "dvi", "deviceInfo",
    oa_row("dlb", "deviceLabel", string, create=MANDATORY, single=True),
    oa_row("man", "manufacturer", string, create=MANDATORY, update=NP, single=True),
    oa_row("mfdl", "manufacturerDetailsLink", string),
    oa_row("mfd", "manufacturingDate", timestamp, update=NP),
    oa_row("mod", "model", string, create=MANDATORY, update=NP, single=True),
    oa_row("smod", "subModel", string, update=NP),
    oa_row("dty", "deviceType", string, create=MANDATORY, single=True),
    oa_row("dvnm", "deviceName", string),
    oa_row("fwv", "fwVersion", string),
    oa_row("swv", "swVersion", string),
    oa_row("hwv", "hwVersion", string, update=NP),
    oa_row("osv", "osVersion", string),
    oa_row("cnty", "country", string, update=NP),
    oa_row("loc", "location", string),
    oa_row("syst", "systemTime", timestamp),
    oa_row("spur", "supportURL", any_uri),
    oa_row("purl", "presentationURL", any_uri),
    oa_row("ptl", "protocol", protocol_list),
)
