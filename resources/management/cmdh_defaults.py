"""cmdhDefaults: links to the defaults of a cmdhPolicy (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.complex_types import mgmt_link_ref
from resources.datatypes import list_of
from resources.management.common import management_object, oa_row
from resources.management.links import linking

CMDH_DEFAULTS = management_object(
    1013, "cmdf", "cmdhDefaults",
    oa_row("cmlk", "mgmtLink", list_of(mgmt_link_ref), create=MANDATORY, single=True),
    hooks=linking(1014, 1015),
    parents=("node", "cmdhPolicy"),
)
