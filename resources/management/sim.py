"""SIM: the SIM card of the node (TS-0022)."""

from resources.common import MANDATORY
from resources.datatypes import text
from resources.enumerations import sim_status, sim_type
from resources.management.common import management_object, oa_row
from resources.simple_types import string

IMSI = text("xs:string", r"\d{14,15}", "an IMSI of 14 or 15 digits")
ICCID = text("xs:string", r"\d{19,20}", "an ICCID of 19 or 20 digits")

SIM = management_object(
    1030, "sim", "SIM",
    oa_row("imsi", "imsi", IMSI),
    oa_row("icid", "iccid", ICCID, create=MANDATORY, single=True),
    oa_row("sist", "simStatus", sim_status),
    oa_row("sity", "simType", sim_type),
    oa_row("spn", "serviceProviderName", string),
    prefix="dcfg",
    release=4,
)
