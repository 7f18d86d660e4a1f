"""delivery: requests on their way to another CSE, stored until they can be forwarded (TS-0001 9.6.11)."""

from resources.common import MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import aggregated_request, delivery_meta_data
from resources.model import ResourceType, row
from resources.simple_types import event_cat, identifier, timestamp

DELIVERY = ResourceType(
    number=6,
    short="dlv",
    name="delivery",
    parents=("CSEBase",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        row("sr", "source", identifier, create=MANDATORY, update=NP, single=True),
        row("tg", "target", identifier, create=MANDATORY, update=NP, single=True),
        row("ls", "lifespan", timestamp, create=MANDATORY, single=True),
        row("ec", "eventCat", event_cat, create=MANDATORY, single=True),
        row("dmd", "deliveryMetaData", delivery_meta_data, create=MANDATORY, single=True),
        row("arq", "aggregatedRequest", aggregated_request, single=True),
    ),
)
