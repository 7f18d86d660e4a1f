"""cmdhNwAccessRule: when one network may be used (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.complex_types import back_off_parameters, mgmt_link_ref
from resources.management.common import management_object, oa_row
from resources.simple_types import any_type, list_of_m2m_id, non_negative_integer

CMDH_NW_ACCESS_RULE = management_object(
    1018, "cmwr", "cmdhNwAccessRule",
    oa_row("ttn", "targetNetwork", list_of_m2m_id, create=MANDATORY, single=True),
    oa_row("mrv", "minReqVolume", non_negative_integer, create=MANDATORY, single=True),
    oa_row("swt", "spreadingWaitTime", non_negative_integer, create=MANDATORY, single=True),
    oa_row("bop", "backOffParameters", back_off_parameters, create=MANDATORY, single=True),
    oa_row("ohc", "otherConditions", any_type),
    oa_row("cmlk", "mgmtLink", mgmt_link_ref, create=MANDATORY, single=True),
    parents=("node", "cmdhNetworkAccessRules"),
)
