"""firmware: a firmware image; ``ud`` set to true installs it (TS-0001 D.2)."""

from resources.common import MANDATORY, NP
from resources.complex_types import action_status
from resources.management.common import management_object, oa_row
from resources.simple_types import any_uri, boolean_type, string

FIRMWARE = management_object(
    1001, "fwr", "firmware",
    oa_row("vr", "version", string, create=MANDATORY, single=True),
    oa_row("fwn", "firmwareName", string, create=MANDATORY, single=True),
    oa_row("url", "URL", any_uri, create=MANDATORY, single=True),
    oa_row("ud", "update", boolean_type, create=MANDATORY, single=True),
    oa_row("uds", "updateStatus", action_status, create=NP, single=True),
)
