"""request: the state and result of a non-blocking request; the CSE makes it (TS-0001 9.6.12)."""

from resources.common import ACPI, CSTN, DACI, ET, LBL, NP, UNIVERSAL, internal, unannounced, update_only
from resources.complex_types import meta_information, operation_result, primitive_content
from resources.enumerations import operation, request_status
from resources.model import ResourceType, row
from resources.simple_types import any_uri, identifier, request_id

REQUEST = ResourceType(
    number=17,
    short="req",
    name="request",
    parents=("CSEBase",),
    attributes=(
        *map(internal, UNIVERSAL),
        unannounced(internal(ET)),
        unannounced(update_only(ACPI)),
        unannounced(internal(LBL)),
        unannounced(update_only(DACI)),
        CSTN,
        row("op", "operation", operation, create=NP, update=NP, single=True),
        row("tg", "target", any_uri, create=NP, update=NP, single=True),
        row("org", "originator", identifier, create=NP, update=NP, single=True),
        row("rid", "requestID", request_id, create=NP, update=NP, single=True),
        row("mi", "metaInformation", meta_information, create=NP, update=NP, single=True),
        row("pc", "primitiveContent", primitive_content, create=NP, update=NP),
        row("rs", "requestStatus", request_status, create=NP, update=NP, single=True),
        row("ors", "operationResult", operation_result, create=NP, update=NP, single=True),
    ),
    creatable=False,
)
