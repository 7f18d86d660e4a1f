"""myCertFileCred: a certificate with which the node shows who it is (TS-0022)."""

from resources.common import MANDATORY, NP
from resources.datatypes import list_of
from resources.enumerations import suid
from resources.management.common import management_object, oa_row
from resources.simple_types import any_uri, string

MY_CERT_FILE_CRED = management_object(
    1023, "nycfc", "myCertFileCred",
    oa_row("suids", "SUIDs", list_of(suid), create=MANDATORY, single=True),
    oa_row("mcff", "myCertFileFormat", any_uri, create=MANDATORY, update=NP, single=True),
    oa_row("mcfc", "myCertFileContent", string, create=MANDATORY, update=NP, single=True),
    prefix="dcfg",
    release=3,
)
