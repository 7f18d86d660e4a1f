"""deviceCapability: a part of the device that ``ena`` and ``dis`` switch on and off (TS-0001 D.9)."""

from resources.common import MANDATORY
from resources.complex_types import action_status
from resources.management.actions import TRIGGERED
from resources.management.common import management_object, oa_row
from resources.simple_types import boolean_type, string

DEVICE_CAPABILITY = management_object(
    1008, "dvc", "deviceCapability",
    oa_row("can", "capabilityName", string, create=MANDATORY, single=True),
    oa_row("att", "attached", boolean_type, create=MANDATORY, single=True),
    oa_row("cas", "capabilityActionStatus", action_status, create=MANDATORY, single=True),
    oa_row("cus", "currentState", boolean_type, create=MANDATORY, single=True),
    oa_row("ena", "enable", boolean_type),
    oa_row("dis", "disable", boolean_type),
    hooks=TRIGGERED,
)
