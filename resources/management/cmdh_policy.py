"""cmdhPolicy: a set of rules for how the node handles communication (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.complex_types import mgmt_link_ref
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.management.links import linking
from resources.simple_types import string

CMDH_POLICY = management_object(
    1011, "cmp", "cmdhPolicy",
    oa_row("cpn", "cmdhPolicyName", string, create=MANDATORY, single=True),
    oa_row("cmlk", "mgmtLink", list_of(mgmt_link_ref), create=MANDATORY, single=True),
    hooks=linking(1013, 1016, 1017, 1019),
)
