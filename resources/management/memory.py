"""memory: how much memory the device has, in bytes (TS-0001 D.4)."""

from resources.common import MANDATORY
from resources.management.common import management_object, oa_row
from resources.simple_types import unsigned_long

MEMORY = management_object(
    1003, "mem", "memory",
    oa_row("mma", "memAvailable", unsigned_long, create=MANDATORY, single=True),
    oa_row("mmt", "memTotal", unsigned_long, create=MANDATORY, single=True),
)
