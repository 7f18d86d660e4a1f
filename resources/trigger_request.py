"""triggerRequest: asks the underlying network to wake a device (TS-0001 9.6.49)."""

from resources.common import CSTN, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.enumerations import operation, resource_type, trigger_purpose, trigger_status
from resources.model import ResourceType, row
from resources.simple_types import any_uri, duration, external_id, identifier, string, trigger_recipient_id

TRIGGER_REQUEST = ResourceType(
    number=47,
    short="tgr",
    name="triggerRequest",
    parents=("AE",),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        CSTN,
        row("mei", "M2M-Ext-ID", external_id, create=MANDATORY, update=NP, single=True),
        row("tri", "Trigger-Recipient-ID", trigger_recipient_id, create=MANDATORY, single=True),
        row("tpe", "triggerPurpose", trigger_purpose, single=True, default=1),
        row("tst", "triggerStatus", trigger_status, create=NP, update=NP, single=True),
        row("tvt", "triggerValidityTime", duration, create=MANDATORY, single=True),
        row("tiae", "triggerInfoAE-ID", identifier),
        row("tia", "triggerInfoAddress", any_uri),
        row("tio", "triggerInfoOperation", operation),
        row("tirt", "targetedResourceType", resource_type),
        row("trf", "triggerReference", string, create=NP, update=NP),
    ),
    in_only=True,
    release=3,
)
