"""Non-blocking requests for tests: asked, fetched, and stores that hold a write back."""

from __future__ import annotations

from typing import Any

from cse.primitive import Operation, ResponsePrimitive
from resources.status import Status
from tests.rig import ADMIN, Rig, only, settle

PENDING, COMPLETED, FAILED, FORWARDED, PARTIAL = 3, 1, 2, 4, 5


async def asked(rig: Rig, operation: Operation, to: str, fr: str = ADMIN, *, rt: int = 1, **more: Any) -> str:
    """Send a request that must be acknowledged; returns the address of its ``<request>``."""
    response = await rig.request(operation, to, fr, response_type=rt, **more)
    assert response.status in (Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH,
                               Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH), response
    assert response.content is not None
    address = response.content["m2m:uri"]
    assert isinstance(address, str)
    return address


async def created(rig: Rig, name: str = "c", fr: str = ADMIN, **more: Any) -> str:
    """Ask for a container ``cse/<name>``, not blocking."""
    return await asked(rig, Operation.CREATE, "cse", fr, resource_type=3, content={"m2m:cnt": {"rn": name}}, **more)


async def fetched(rig: Rig, address: str, fr: str = ADMIN) -> dict[str, Any]:
    """The ``<request>`` once everything that can be done is done."""
    await settle()
    return only(await rig.retrieve(address, fr))


async def exists(rig: Rig, to: str) -> bool:
    return (await rig.retrieve(to)).status == Status.OK


def acknowledged(response: ResponsePrimitive) -> bool:
    return response.status < Status.OK


async def reopened(rig: Rig, **settings: Any) -> Rig:
    """The CSE as another process finds it: nothing of the first one's memory is left, and nothing was closed."""
    return await Rig.open(store=rig.cse.core.committer.store, clock=rig.clock, **settings)
