"""A memory store whose writes wait at a gate and can be made to fail."""

from __future__ import annotations

import asyncio

from cse.storage.memory import MemoryStore
from cse.storage.port import WriteSet


class GatedStore(MemoryStore):
    """``written`` has the write sets that have come to the gate; ``failure`` is raised instead of writing."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.written: list[WriteSet] = []
        self.failure: BaseException | None = None
        self.closed = 0

    def let_one_through(self) -> None:
        """Open the gate for the write that waits there."""
        self.gate.set()
        self.gate.clear()

    async def write(self, changes: WriteSet) -> None:
        self.written.append(changes)
        self.arrived.set()
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        await super().write(changes)

    async def close(self) -> None:
        self.closed += 1
