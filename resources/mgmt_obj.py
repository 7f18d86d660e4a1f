"""mgmtObj: what all management objects of a node share (TS-0001 9.6.15).

A resource is always one of the objects in ``resources.management``: nobody can check an object that no table
describes, so the self-defined ones (``mgd`` 0) are refused. Objects of a CMDH policy may stand under each other.
"""

from resources.common import MA, MANDATORY, NP
from resources.enumerations import mgmt_definition
from resources.management.common import COMMON, NUMBER
from resources.model import ResourceType, row
from resources.simple_types import any_uri

MGMT_OBJ = ResourceType(
    number=NUMBER,
    short="mgo",
    name="mgmtObj",
    parents=("node",),
    attributes=(
        *COMMON,
        row("mgd", "mgmtDefinition", mgmt_definition, create=MANDATORY, update=NP, announce=MA, single=True, release=3),
        row("mgs", "mgmtSchema", any_uri, update=NP, announce=MA, release=3),
    ),
    announced_as="mgoA",
)
