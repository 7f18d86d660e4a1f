"""Instances of a parent (container): numbering, newest and oldest, retention (CNT-1 … CNT-10).

Memory per parent is bounded: the newest record and a short queue of the oldest keys, refilled from the store. The
cost of a create does not depend on how many instances there are.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from cse.storage.committer import Committer
from cse.storage.port import InstanceRecord
from cse.work import Work
from resources.model import Resource

#: How many instances are read and tested in one turn of the loop.
PAGE = 200

#: How many of the oldest keys are fetched at a time.
HEAD = 64

#: How many keys of instances are kept for discovery, of all parents together: about 10 MiB.
KEPT_KEYS = 50_000

Key = tuple[int, str | None, str]

_INSTANCE_ID = re.compile(r"[a-z]+-([0-9a-f]{1,15})")


def instance_id(short: str, seq: int) -> str:
    """Resource ID of an instance: it carries the number, so it is found without an index."""
    return f"{short}-{seq:x}"


def seq_of(identifier: str) -> int | None:
    """Number in an instance's resource ID; None when the text is no such ID."""
    match = _INSTANCE_ID.fullmatch(identifier)
    return int(match.group(1), 16) if match else None


def is_generated(short: str, name: str) -> bool:
    """True for a name that an instance of the type gets, or may get, from its number."""
    return name.startswith(f"{short}-") and seq_of(name) is not None


def name_of(record: InstanceRecord) -> str:
    """The resourceName of an instance."""
    return record.name or record.ri


@dataclass(slots=True)
class Shelf:
    """What is kept in memory of a parent's instances. ``low``: everything up to this number is gone.

    ``turn`` is held from the first look at the parent's counters until they are changed.
    """

    newest: InstanceRecord | None = None
    low: int = 0
    head: deque[tuple[int, int]] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Instances:
    """Access to the instances of all parents of one CSE, and their numbering."""

    def __init__(self, committer: Committer, last_seq: int) -> None:
        self._committer = committer
        self._last_seq = last_seq
        self._keys: OrderedDict[str, tuple[int, Sequence[Key]]] = OrderedDict()

    def next_seq(self) -> int:
        """Give out the next number."""
        self._last_seq += 1
        return self._last_seq

    @property
    def last_seq(self) -> int:
        """The last number that was given out."""
        return self._last_seq

    async def shelf(self, parent: Resource) -> Shelf:
        """Return the shelf of a parent, made at first use."""
        shelf = parent.shelf
        if shelf is None:
            newest = await self._committer.newest(parent.ri)
            if parent.shelf is None:
                parent.shelf = Shelf(newest)
            shelf = parent.shelf
        assert isinstance(shelf, Shelf)
        return shelf

    @property
    def takes_turns(self) -> bool:
        """False when no read of the store gives way to other tasks: then nobody can come in between."""
        return self._committer.store.suspends

    async def turn(self, parent: Resource) -> AbstractAsyncContextManager[Any]:
        """Return what to hold while the counters or the children's names of a parent change."""
        if parent.type.instance is None or not self.takes_turns:
            return nullcontext()
        return (await self.shelf(parent)).turn

    async def find(self, identifier: str) -> InstanceRecord | None:
        """Return the instance with this resource ID."""
        seq = seq_of(identifier)
        record = await self._committer.instance(seq) if seq else None
        return record if record is not None and record.ri == identifier else None

    async def named(self, parent: Resource, name: str) -> InstanceRecord | None:
        """Return the instance of a parent with this name."""
        seq = seq_of(name)
        if seq:
            record = await self._committer.instance(seq)
            if record is not None and record.pi == parent.ri and record.name is None and record.ri == name:
                return record
        return await self._committer.instance_named(parent.ri, name)

    async def newest(self, parent: Resource) -> InstanceRecord | None:
        """Return the newest instance."""
        return (await self.shelf(parent)).newest

    async def oldest(self, parent: Resource) -> InstanceRecord | None:
        """Return the oldest instance."""
        shelf = await self.shelf(parent)
        found = await self._committer.instances(parent.ri, after=shelf.low, limit=1)
        return found[0] if found else None

    async def all(self, parent: Resource, *, after: int = 0, limit: int | None = None) -> list[InstanceRecord]:
        """Return instances, oldest first."""
        return list(await self._committer.instances(parent.ri, after=after, limit=limit))

    async def keys(self, parent: Resource) -> Sequence[Key]:
        """Return (seq, name, expires) of all instances, oldest first; those of what was asked for last are kept.

        Whatever happens to an instance counts its parent's ``revision`` on, so kept keys are never out of date.
        """
        revision, kept = self._keys.get(parent.ri, (-1, ()))
        if revision == parent.revision:
            self._keys.move_to_end(parent.ri)
            return kept
        revision = parent.revision
        keys = await self._committer.instance_keys(parent.ri)
        if len(keys) <= KEPT_KEYS:
            self._keys[parent.ri] = revision, keys
            self._keys.move_to_end(parent.ri)
        while sum(len(one) for _, one in self._keys.values()) > KEPT_KEYS:
            self._keys.popitem(last=False)
        return keys

    async def each(self, parent: Resource) -> AsyncIterator[InstanceRecord]:
        """Yield instances, oldest first, whatever their number; others get their turn between the pages."""
        page = await self.all(parent, limit=PAGE)
        while page:
            for record in page:
                yield record
            await asyncio.sleep(0)
            page = await self.all(parent, after=page[-1].seq, limit=PAGE) if len(page) == PAGE else []

    async def make_room(self, parent: Resource, limits: Mapping[str, Any], work: Work, count: int,
                        size: int) -> tuple[int, int]:
        """Remove oldest instances until at most ``mni`` and ``mbs`` of ``limits`` are left (CNT-3).

        ``count`` and ``size`` are the number and bytes that there would be; returned are those that remain. Removing
        is one range in the write set, whatever its length.
        """
        mni, mbs = limits.get("mni"), limits.get("mbs")
        if (mni is None or count <= mni) and (mbs is None or size <= mbs):
            return count, size
        shelf = await self.shelf(parent)
        low, newest = shelf.low, shelf.newest
        work.undo.append(lambda: _restore(shelf, low, newest))
        while (mni is not None and count > mni) or (mbs is not None and size > mbs):
            if not shelf.head and not await self._refill(parent, shelf):
                count = size = 0  # mni is 0: not even the new one stays
                break
            shelf.low, oldest_size = shelf.head.popleft()
            count -= 1
            size -= oldest_size
        if shelf.low != low:
            work.changes.trimmed[parent.ri] = shelf.low
            if shelf.newest is not None and shelf.newest.seq <= shelf.low:
                shelf.newest = None
        return count, size

    async def _refill(self, parent: Resource, shelf: Shelf) -> bool:
        records = await self._committer.instances(parent.ri, after=shelf.low, limit=HEAD)
        shelf.head.extend((record.seq, record.size) for record in records)
        return bool(records)

    async def clear(self, parent: Resource, work: Work, *, keep_newest: bool = False) -> tuple[int, int]:
        """Remove all instances of a parent, or all but the newest; returns number and bytes of those that remain."""
        shelf = await self.shelf(parent)
        low, newest = shelf.low, shelf.newest
        if newest is None:
            return 0, 0
        shelf.low = newest.seq - 1 if keep_newest else newest.seq
        shelf.newest = newest if keep_newest else None
        shelf.head.clear()
        work.changes.trimmed[parent.ri] = shelf.low
        work.undo.append(lambda: _restore(shelf, low, newest))
        return (1, newest.size) if keep_newest else (0, 0)

    def shelve(self, parent: Resource, record: InstanceRecord, work: Work) -> None:
        """Put a new instance on the shelf, which is at hand unless the parent is new; counters are the caller's."""
        if parent.shelf is None:
            parent.shelf = Shelf()
        shelf: Shelf = parent.shelf
        before, shelf.newest = shelf.newest, record
        work.put_instance(record)

        def undo() -> None:
            shelf.newest = before

        work.undo.append(undo)

    def replace(self, parent: Resource, record: InstanceRecord, work: Work) -> None:
        """Write an instance that is there with other attributes, the same size and name."""
        work.put_instance(record)
        shelf: Shelf | None = parent.shelf
        if shelf is None or shelf.newest is None or shelf.newest.seq != record.seq:
            return
        before, shelf.newest = shelf.newest, record

        def undo() -> None:
            shelf.newest = before

        work.undo.append(undo)

    async def drop_after(self, parent: Resource, seq: int, work: Work, count: int, size: int) -> tuple[int, int]:
        """Remove the instances with higher numbers; returns the number and bytes of those that remain."""
        shelf = await self.shelf(parent)
        low, newest = shelf.low, shelf.newest
        work.undo.append(lambda: _restore(shelf, low, newest))
        after: int | None = seq
        while after is not None:
            page = await self.all(parent, after=after, limit=PAGE)
            for record in page:
                work.remove_instance(record)
                count, size = count - 1, size - record.size
            after = page[-1].seq if len(page) == PAGE else None
        shelf.newest = await self._committer.newest(parent.ri, before=seq + 1)
        shelf.head.clear()
        return count, size

    async def take(self, parent: Resource, record: InstanceRecord, work: Work) -> None:
        """Remove one instance from the shelf and in the write set; counters are the caller's."""
        shelf = await self.shelf(parent)
        before = shelf.newest
        work.remove_instance(record)
        shelf.head.clear()
        if before is not None and before.seq == record.seq:
            shelf.newest = await self._committer.newest(parent.ri, before=record.seq)

        def undo() -> None:
            shelf.newest = before

        work.undo.append(undo)


def _restore(shelf: Shelf, low: int, newest: InstanceRecord | None) -> None:
    shelf.low, shelf.newest = low, newest
    shelf.head.clear()
