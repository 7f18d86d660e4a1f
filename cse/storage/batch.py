"""One batch of the committer: units of work that are written in one step, and what of them a reader has to see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cse.storage.port import InstanceRecord, LateRecord, ResourceRecord, StoreError, WriteSet


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Nothing is pending about an instance; the store has to be asked."""


class Batch:
    """Merged units of work; ``open`` until its write begins. ``revision`` is that of its last unit.

    Late records are read when the write begins, unless a unit may come that is not in this batch: then ``settle``
    reads them before, so that a crash between two batches never leaves a part of a unit.
    """

    __slots__ = (
        "changes", "early", "keys", "names", "open", "removed", "revision", "shelves", "undo", "units", "waiters",
    )  # fmt: skip

    def __init__(self) -> None:
        self.changes = WriteSet()
        self.open = True
        self.early = False
        self.revision = 0
        self.units = 0
        self.undo: list[Callable[[], None]] = []
        self.shelves: dict[str, list[int]] = {}
        self.names: dict[tuple[str, str], int] = {}
        self.keys: dict[tuple[str, str], int] = {}
        self.removed: set[int] = set()
        self.waiters: list[asyncio.Future[None]] = []

    def fits(self, changes: WriteSet) -> bool:
        """Tell whether a later unit can be merged without a change of meaning.

        It cannot when it puts something under an identifier that this batch removes: in one write set the removal
        would win over an instance, and a resource would keep the place it had.
        """
        mine = self.changes
        for ri, resource in changes.resources.items():
            if resource is not None and mine.resources.get(ri, resource) is None:
                return False
        return not mine.dropped or not any(
            instance is not None and instance.pi in mine.dropped for instance in changes.instances.values()
        )

    def add(self, changes: WriteSet, revision: int, undo: Callable[[], None] | None) -> None:
        """Merge a unit of work."""
        self.changes.merge(changes)
        if self.early:
            _settle(self.changes.resources, changes.resources)
        elif changes.dropped or None in changes.resources.values():
            self.settle()  # the next unit may not fit
        self.revision = revision
        self.units += 1
        if undo is not None:
            self.undo.append(undo)
        for seq, instance in changes.instances.items():
            if instance is None:
                self.removed.add(seq)
                continue
            shelf = self.shelves.get(instance.pi)
            if shelf is None:
                self.shelves[instance.pi] = [seq]
            else:
                shelf.append(seq)
            if instance.name is not None:
                self.names[instance.pi, instance.name] = seq
            if instance.key is not None:
                self.keys[instance.pi, instance.key] = seq

    def settle(self) -> None:
        """Read late records now, and those of units to come as they come."""
        self.early = True
        _settle(self.changes.resources, self.changes.resources)

    def wait(self) -> asyncio.Future[None]:
        """Return a future that ends with the batch; each caller has his own and may cancel it."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        return waiter

    def end(self, failure: str = "") -> None:
        """Tell all callers that the batch is durable, or that it never will be."""
        for waiter in self.waiters:
            if waiter.done():
                continue
            if failure:
                waiter.set_exception(StoreError(failure))
                waiter.exception()  # marks it as seen: a caller may have gone away
            else:
                waiter.set_result(None)

    def hides(self, instance: InstanceRecord) -> bool:
        """Tell whether this batch trims, drops or removes an instance."""
        changes = self.changes
        return (
            instance.seq in self.removed
            or instance.pi in changes.dropped
            or changes.trimmed.get(instance.pi, 0) >= instance.seq
        )


def _settle(resources: dict[str, ResourceRecord | LateRecord | None], names: Iterable[str]) -> None:
    for ri in tuple(names):
        record = resources[ri]
        if callable(record):
            resources[ri] = record()


def pending(batches: Sequence[Batch], seq: int) -> InstanceRecord | Missing | None:
    """Return what the batches, oldest first, say about an instance; None when it is removed."""
    found: InstanceRecord | Missing | None = MISSING
    for batch in batches:
        if seq in batch.changes.instances:
            found = batch.changes.instances[seq]
        if isinstance(found, InstanceRecord) and batch.hides(found):
            found = None
    return found


def visible(batches: Sequence[Batch], stored: InstanceRecord | None) -> InstanceRecord | None:
    """Return an instance that was read from the store as it is after the batches; None when it is gone."""
    found = stored
    for batch in batches:
        if found is None:
            break
        found = None if batch.hides(found) else batch.changes.instances.get(found.seq, found)
    return found


@dataclass(slots=True)
class Shelf:
    """What batches say about the instances of one parent.

    Stored instances count unless ``dropped``, numbered up to ``floor`` or in ``removed``; ``put`` come on top.
    """

    put: dict[int, InstanceRecord] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    floor: int = 0
    dropped: bool = False

    def overrides(self, seq: int) -> bool:
        """Tell whether a stored number is gone or replaced."""
        return seq in self.removed or seq in self.put


def shelf_of(batches: Sequence[Batch], parent: str) -> Shelf | None:
    """Return the pending changes of a parent's instances; None when there are none."""
    shelf: Shelf | None = None
    for batch in batches:
        changes = batch.changes
        if not (batch.removed or parent in batch.shelves or parent in changes.trimmed or parent in changes.dropped):
            continue
        shelf = shelf or Shelf()
        _stack(shelf, batch, parent)
    if shelf is not None:
        shelf.put = {seq: shelf.put[seq] for seq in sorted(shelf.put) if seq > shelf.floor and seq not in shelf.removed}
    return shelf


def _stack(shelf: Shelf, batch: Batch, parent: str) -> None:
    """Lay one batch over what the earlier ones said."""
    if parent in batch.changes.dropped:
        shelf.dropped = True
        shelf.put.clear()
    else:
        for seq in batch.shelves.get(parent, ()):
            instance = batch.changes.instances[seq]
            if instance is not None:
                shelf.put[seq] = instance
    shelf.removed |= batch.removed
    shelf.floor = max(shelf.floor, batch.changes.trimmed.get(parent, 0))
