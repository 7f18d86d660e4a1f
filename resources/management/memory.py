"""memory: how much memory the device has, in bytes (TS-0001 D.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.common import MANDATORY
from resources.errors import BadRequest
from resources.management.common import management_object, oa_row
from resources.model import Hooks
from resources.simple_types import unsigned_long

if TYPE_CHECKING:
    from resources.model import Change


async def check_sizes(change: Change) -> None:
    """No more is available than there is."""
    available, total = change.attributes["mma"], change.attributes["mmt"]
    if available > total:
        raise BadRequest(f"mma: {available} bytes are more than there are (mmt is {total})")


MEMORY = management_object(
    1003, "mem", "memory",
    oa_row("mma", "memAvailable", unsigned_long, create=MANDATORY, single=True),
    oa_row("mmt", "memTotal", unsigned_long, create=MANDATORY, single=True),
    hooks=Hooks(check=check_sizes),
)
