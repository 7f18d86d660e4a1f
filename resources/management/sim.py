"""SIM: the SIM card of the node (TS-0022)."""

from resources.common import MANDATORY
from resources.enumerations import sim_status, sim_type
from resources.management.common import management_object, oa_row
from resources.simple_types import string

SIM = management_object(
    1030, "sim", "SIM",
    oa_row("imsi", "imsi", string),
    oa_row("icid", "iccid", string, create=MANDATORY, single=True),
    oa_row("sist", "simStatus", sim_status),
    oa_row("sity", "simType", sim_type),
    oa_row("spn", "serviceProviderName", string),
    prefix="dcfg",
    release=4,
)
