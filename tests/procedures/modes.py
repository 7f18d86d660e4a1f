"""Non-blocking requests for tests: asked, fetched, and stores that hold a write back."""

from __future__ import annotations

import asyncio
from copy import copy
from typing import Any

from cse.primitive import Operation
from cse.storage.memory import MemoryStore
from cse.storage.port import WriteSet
from resources.status import Status
from tests.rig import ADMIN, Rig, RigClock, only, settle

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


class DyingStore(MemoryStore):
    """A store whose process dies: from some write on nothing is written, and nobody is told."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.dead = False
        self._never = asyncio.Event()

    async def write(self, changes: WriteSet) -> None:
        """Write, or hang for ever."""
        if self.left is not None:
            if self.left <= 0:
                await self._never.wait()
            self.left -= 1
        await super().write(changes)

    def survivor(self) -> MemoryStore:
        """What the next process finds."""
        found = MemoryStore()
        for name, value in vars(self).items():
            if name in vars(found):
                setattr(found, name, copy(value) if name != "_shelves" else {k: v[:] for k, v in value.items()})
        return found


async def killed(rig: Rig) -> Rig:
    """The CSE as the next process finds it; of the first one nothing goes on."""
    store = rig.cse.core.committer.store
    assert isinstance(store, DyingStore)
    store.dead = True
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "cse" in repr(task.get_coro()):
            task.cancel()
    await settle()
    return await Rig.open(store=store.survivor(), clock=RigClock(rig.clock.now))
