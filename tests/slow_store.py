"""A memory store that lets others run inside every call, as a store on a disk does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cse.storage.memory import MemoryStore
from cse.storage.port import InstanceRecord, WriteSet


class SlowStore(MemoryStore):
    """Each call gives way ``turns`` times before it answers with what was there when it came."""

    suspends = True

    def __init__(self, turns: int = 3) -> None:
        super().__init__()
        self.turns = turns

    async def _give_way(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)

    async def write(self, changes: WriteSet) -> None:
        """Write, and give way before."""
        await self._give_way()
        await super().write(changes)

    async def instance(self, seq: int) -> InstanceRecord | None:
        """Read, then give way."""
        found = await super().instance(seq)
        await self._give_way()
        return found

    async def instance_named(self, parent: str, name: str) -> InstanceRecord | None:
        """Read, then give way."""
        found = await super().instance_named(parent, name)
        await self._give_way()
        return found

    async def instance_with_key(self, parent: str, key: str) -> InstanceRecord | None:
        """Read, then give way."""
        found = await super().instance_with_key(parent, key)
        await self._give_way()
        return found

    async def newest(self, parent: str, *, before: int | None = None) -> InstanceRecord | None:
        """Read, then give way."""
        found = await super().newest(parent, before=before)
        await self._give_way()
        return found

    async def instances(self, parent: str, *, after: int = 0, limit: int | None = None) -> Sequence[InstanceRecord]:
        """Read, then give way."""
        found = list(await super().instances(parent, after=after, limit=limit))
        await self._give_way()
        return found

    async def instance_keys(self, parent: str, *, after: int = 0) -> Sequence[tuple[int, str | None, str]]:
        """Read, then give way."""
        found = [(record.seq, record.name, record.expires)
                 for record in await super().instances(parent, after=after)]
        await self._give_way()
        return found
