"""Group commit: units of work that come while a write is under way share the next one, and its sync.

A unit of work changes the working set in memory at once and the store a moment later. In between, reads go through
the committer, which lays what is pending over what the store has; nothing is answered before it is durable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import islice

from cse.storage.batch import MISSING, Batch, Missing, Shelf, pending, shelf_of, visible
from cse.storage.port import InstanceRecord, Store, StoreError, WriteSet

logger = logging.getLogger(__name__)


#: Turns of the loop from bytes that have arrived to a unit that is submitted.
TURNS = 2
#: A batch gathers no longer than this, however many units keep coming: turns may be long.
GATHER_S = 0.05


class Committer:
    """The only writer of a CSE's store; lives in one event loop.

    ``revision`` counts the units submitted, ``durable`` is the highest of them that is in the store for good; after
    a failure, which takes all others back, they are the same.
    ``failed`` says why the committer has stopped; empty while it works. After a failed write nothing is written any
    more: what the disk holds is known, what a second try would do to it is not.
    """

    def __init__(self, store: Store, *, max_batch: int = 1000, linger_s: float = 0.0) -> None:
        self.store = store
        self.revision = 0
        self.durable = 0
        self.batches = 0
        self.failed = ""
        self._max_batch = max_batch
        self._linger_s = linger_s
        self._closed = False
        self._batches: list[Batch] = []  # oldest first; the first is in flight once it is not open
        self._writer: asyncio.Task[None] | None = None

    def submit(self, changes: WriteSet, undo: Callable[[], None] | None = None) -> asyncio.Future[None]:
        """Take a unit of work; the future resolves when it is durable and fails with StoreError when it never will.

        A cancelled future changes nothing for the unit: it is written all the same.

        ``undo`` takes the unit's effect in memory back; it is called before the future fails. Raises StoreError at
        once when the committer has stopped; then ``undo`` is not called.
        """
        if self.failed or self._closed:
            raise StoreError(self.failed or "the store is closed")
        batch = self._batches[-1] if self._batches else None
        if batch is None or not batch.open or batch.units >= self._max_batch or not batch.fits(changes):
            batch = self._begin()
        self.revision += 1
        batch.add(changes, self.revision, undo)
        if batch.units >= self._max_batch:
            batch.settle()
        return batch.wait()

    async def settled(self, revision: int | None = None) -> None:
        """Wait until a unit (default: all submitted so far) is durable; does not suspend when it is.

        Raises StoreError when it never will be.
        """
        wanted = self.revision if revision is None else revision
        if wanted <= self.durable:
            return
        batch = next((batch for batch in self._batches if batch.revision >= wanted), None)
        if batch is None:
            raise StoreError(self.failed or f"revision {wanted} was not submitted, the latest is {self.revision}")
        await batch.wait()

    async def close(self) -> None:
        """Write what was submitted, then close the store."""
        if self._closed:
            return
        self._closed = True
        try:
            while self._batches:
                await asyncio.wait([self._batches[-1].wait()])
        finally:
            await self.store.close()

    def pending_instance(self, seq: int) -> InstanceRecord | Missing | None:
        """Return an instance that is not in the store yet, None when its removal is not; else MISSING."""
        return pending(self._batches, seq)

    async def instance(self, seq: int) -> InstanceRecord | None:
        """Return one instance by number."""
        if not self._batches:
            return await self.store.instance(seq)
        batches = self._batches[:]  # what is pending now counts, also when it becomes durable during the read
        found = pending(batches, seq)
        return visible(batches, await self.store.instance(seq)) if found is MISSING else found

    async def instance_named(self, parent: str, name: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this name."""
        batches = self._batches[:]
        for batch in reversed(batches):
            seq = batch.names.get((parent, name))
            if seq is not None:
                found = pending(batches, seq)
                return None if found is MISSING else found
        return visible(batches, await self.store.instance_named(parent, name))

    async def instance_with_key(self, parent: str, key: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this key."""
        batches = self._batches[:]
        for batch in reversed(batches):
            seq = batch.keys.get((parent, key))
            if seq is not None:
                found = pending(batches, seq)
                return None if found is MISSING else found
        return visible(batches, await self.store.instance_with_key(parent, key))

    async def newest(self, parent: str, *, before: int | None = None) -> InstanceRecord | None:
        """Return the newest instance of a parent, or the newest with ``seq < before``."""
        shelf = self._shelf(parent)
        if shelf is None:
            return await self.store.newest(parent, before=before)
        newest = next((shelf.put[seq] for seq in reversed(shelf.put) if before is None or seq < before), None)
        stored = await self._newest_stored(shelf, parent, before)
        return stored if newest is None or (stored is not None and stored.seq > newest.seq) else newest

    async def instances(self, parent: str, *, after: int = 0, limit: int | None = None) -> Sequence[InstanceRecord]:
        """Return instances of a parent with ``seq > after``, oldest first, at most ``limit``."""
        shelf = self._shelf(parent)
        if shelf is None:
            return await self.store.instances(parent, after=after, limit=limit)
        found = await self._instances_stored(shelf, parent, after, limit)
        found += [instance for seq, instance in shelf.put.items() if seq > after]
        found.sort(key=_number)
        return found[:limit]

    async def instance_keys(self, parent: str, *, after: int = 0) -> Sequence[tuple[int, str | None, str]]:
        """Return (seq, name, expires) of all instances of a parent with ``seq > after``, oldest first."""
        shelf = self._shelf(parent)
        if shelf is None:
            return await self.store.instance_keys(parent, after=after)
        keys: list[tuple[int, str | None, str]] = []
        if not shelf.dropped:
            stored = await self.store.instance_keys(parent, after=max(after, shelf.floor))
            keys = [key for key in stored if not shelf.overrides(key[0])]
        keys += [(seq, put.name, put.expires) for seq, put in shelf.put.items() if seq > after]
        keys.sort(key=_number)
        return keys

    async def expired(self, now: str, limit: int) -> Sequence[InstanceRecord]:
        """Return at most ``limit`` instances with ``expires <= now``."""
        if not self._batches:
            return await self.store.expired(now, limit)
        batches = self._batches[:]
        asked = limit
        while True:
            stored = await self.store.expired(now, asked)
            found = {was.seq: now_ for was in stored if (now_ := visible(batches, was)) is not None}
            if len(found) >= limit or len(stored) < asked:
                break
            asked *= 2
        for batch in batches:
            for seq in batch.changes.instances:
                put = pending(batches, seq)
                if isinstance(put, InstanceRecord):
                    found[seq] = put
        return list(islice((instance for instance in found.values() if instance.expires <= now), limit))

    def _shelf(self, parent: str) -> Shelf | None:
        return shelf_of(self._batches, parent) if self._batches else None

    async def _newest_stored(self, shelf: Shelf, parent: str, before: int | None) -> InstanceRecord | None:
        """Return the newest instance in the store that nothing pending hides or replaces."""
        if shelf.dropped:
            return None
        stored = await self.store.newest(parent, before=before)
        while stored is not None and shelf.overrides(stored.seq):
            stored = await self.store.newest(parent, before=stored.seq)
        return None if stored is None or stored.seq <= shelf.floor else stored

    async def _instances_stored(self, shelf: Shelf, parent: str, after: int, limit: int | None) -> list[InstanceRecord]:
        """Return ``limit`` instances in the store that nothing pending hides or replaces, all when it has fewer."""
        found: list[InstanceRecord] = []
        after = max(after, shelf.floor)
        while not shelf.dropped:
            page = await self.store.instances(parent, after=after, limit=limit)
            found += [instance for instance in page if not shelf.overrides(instance.seq)]
            if limit is None or len(page) < limit or len(found) >= limit:
                break
            after = page[-1].seq
        return found

    def _begin(self) -> Batch:
        """Open a new batch; a write begins once everything that is ready in this turn of the loop has joined."""
        batch = Batch()
        self._batches.append(batch)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_batches())
        return batch

    async def _write_batches(self) -> None:
        """Write batch after batch until none is left. However it ends, every waiting caller gets its answer."""
        try:
            while self._batches:
                batch = self._batches[0]
                await self._gather(batch)
                batch.open = False
                await self.store.write(batch.changes)
                del self._batches[0]
                self.durable = batch.revision
                self.batches += 1
                batch.end()
        except StoreError as error:
            self._fail(str(error))
        except BaseException as error:
            self._fail(f"the write was given up: {type(error).__name__} {error}".rstrip())
            if not isinstance(error, Exception):
                raise
            logger.exception("unexpected error of the store")
        finally:
            self._writer = None

    async def _gather(self, batch: Batch) -> None:
        """Let more units join as long as every other turn of the loop brings some, for ``GATHER_S`` at the most.

        With ``linger_s`` it waits so long before.
        """
        if self._linger_s and batch.units < self._max_batch:
            await asyncio.sleep(self._linger_s)
        units, time = 0, asyncio.get_running_loop().time
        until = time() + GATHER_S
        while units < batch.units < self._max_batch and time() < until:
            units = batch.units
            for _ in range(TURNS):
                await asyncio.sleep(0)

    def _fail(self, reason: str) -> None:
        """Stop: take everything back that is not durable, the latest first, then tell the callers."""
        self.failed = reason
        self.revision = self.durable
        logger.error("the store has failed and takes no more changes: %s", reason)
        batches, self._batches = self._batches, []
        for batch in reversed(batches):
            for undo in reversed(batch.undo):
                try:
                    undo()
                except Exception:
                    logger.exception("an undo failed, the working set differs from the store")
        for batch in batches:
            batch.end(reason)


def _number(item: tuple[int, *tuple[object, ...]]) -> int:
    return item[0]
