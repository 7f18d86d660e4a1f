"""reboot: ``rbo`` set to true restarts the device, ``far`` resets it as it left the factory (TS-0001 D.10)."""

from resources.management.actions import TRIGGERED
from resources.management.common import management_object, oa_row
from resources.simple_types import boolean_type

REBOOT = management_object(
    1009, "rbo", "reboot",
    oa_row("rbo", "reboot", boolean_type, single=True, default=False),
    oa_row("far", "factoryReset", boolean_type, single=True, default=False),
    hooks=TRIGGERED,
)
