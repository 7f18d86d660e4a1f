"""credentials: what the node uses to be let in elsewhere (TS-0022)."""

from resources.common import NA
from resources.management.common import management_object, oa_row
from resources.simple_types import string

CREDENTIALS = management_object(
    1029, "crds", "credentials",
    oa_row("pur", "purpose", string),
    oa_row("crid", "credentialID", string),
    oa_row("crse", "credentialSecret", string, announce=NA),
    oa_row("crtk", "credentialToken", string),
    prefix="dcfg",
    release=4,
)
