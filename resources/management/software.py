"""software: one software package; ``in``, ``un``, ``act`` and ``dea`` act on it (TS-0001 D.3)."""

from resources.common import MANDATORY, NP
from resources.complex_types import action_status
from resources.management.actions import TRIGGERED
from resources.management.common import management_object, oa_row
from resources.simple_types import any_uri, boolean_type, string

SOFTWARE = management_object(
    1002, "swr", "software",
    oa_row("vr", "version", string, create=MANDATORY, single=True),
    oa_row("swn", "softwareName", string, create=MANDATORY, single=True),
    oa_row("url", "URL", any_uri, create=MANDATORY, single=True),
    oa_row("in", "install", boolean_type, create=NP, single=True, default=False),
    oa_row("un", "uninstall", boolean_type, create=NP, single=True, default=False),
    oa_row("ins", "installStatus", action_status, create=NP, single=True),
    oa_row("act", "activate", boolean_type, create=NP),
    oa_row("dea", "deactivate", boolean_type, create=NP),
    oa_row("acts", "activeStatus", action_status, create=NP),
    hooks=TRIGGERED,
)
