"""activeCmdhPolicy: which cmdhPolicy is in force (TS-0001 D.12)."""

from resources.common import MANDATORY
from resources.management.common import management_object, oa_row
from resources.simple_types import identifier

ACTIVE_CMDH_POLICY = management_object(
    1012, "acmp", "activeCmdhPolicy",
    oa_row("acmlk", "activeCmdhPolicyLink", identifier, create=MANDATORY, single=True),
)
