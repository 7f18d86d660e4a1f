"""cmdhNetworkAccessRules: links to the rules for the use of networks, by event category (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.complex_types import mgmt_link_ref
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.management.links import linking
from resources.simple_types import event_cat_with_def

CMDH_NETWORK_ACCESS_RULES = management_object(
    1017, "cmnr", "cmdhNetworkAccessRules",
    oa_row("aecs", "applicableEventCategories", list_of(event_cat_with_def), create=MANDATORY, single=True),
    oa_row("cmlk", "mgmtLink", list_of(mgmt_link_ref)),
    hooks=linking(1018),
    parents=("node", "cmdhPolicy"),
)
