"""primitiveProfile: what a receiver adds to and takes from primitives of some entities (TS-0001, release 4)."""

from resources.common import ACPI, ANNOUNCEABLE, CR, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL
from resources.complex_types import attribute
from resources.datatypes import list_of
from resources.enumerations import operation
from resources.model import ResourceType, row
from resources.simple_types import identifier, list_of_any_uri, list_of_nc_name, list_of_resource_type, list_of_string

PRIMITIVE_PROFILE = ResourceType(
    number=62,
    short="prp",
    name="primitiveProfile",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("idl", "IDList", list_of(identifier), create=MANDATORY, announce=OA, single=True),
        row("rtys", "resourceTypes", list_of_resource_type, announce=OA),
        row("ops", "operations", list_of(operation), announce=OA),
        row("rsds", "resourceIDs", list_of_any_uri, announce=OA),
        row("rvs", "releaseVersions", list_of_string, update=NP, announce=OA),
        row("adds", "additions", list_of(attribute), announce=OA),
        row("dels", "deletions", list_of_nc_name, announce=OA),
        row("appl", "applicability", list_of_string, announce=OA),
    ),
    announced_as="prpA",
    release=4,
)
