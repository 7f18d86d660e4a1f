"""A store that forgets when the process ends: for tests, and for a CSE that needs no history."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from cse.settings import StoreSettings
from cse.storage.port import AnswerRecord, InstanceRecord, OutboxRecord, ResourceRecord, Store, WriteSet

Key = TypeVar("Key")
Record = TypeVar("Record")


async def open_store(settings: StoreSettings) -> Store:  # noqa: ARG001 - as every store
    """Open an empty store."""
    return MemoryStore()


class MemoryStore:
    """The port on dictionaries; ``_shelves`` has the ascending numbers of each parent's instances."""

    suspends = False

    def __init__(self) -> None:
        self._resources: dict[str, ResourceRecord] = {}
        self._instances: dict[int, InstanceRecord] = {}
        self._shelves: dict[str, list[int]] = {}
        self._names: dict[tuple[str, str], int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._outbox: dict[int, OutboxRecord] = {}
        self._answers: dict[int, AnswerRecord] = {}
        self._high_seq = 0
        self._high_id = 0

    async def load(self) -> Iterable[ResourceRecord]:
        """Return all structural resources, parents before children."""
        return list(self._resources.values())

    async def write(self, changes: WriteSet) -> None:
        """Apply all of ``changes``; never suspends, so no reader sees a part."""
        _apply(self._resources, {ri: None for ri, record in changes.resources.items() if record is None})
        _apply(self._resources, {record.ri: record for record in changes.records()})
        _apply(self._outbox, changes.outbox)
        for number in [one for one in self._answers if one <= changes.forgotten]:
            del self._answers[number]
        self._answers.update((record.number, record) for record in changes.answers_kept())
        self._high_seq = max(self._high_seq, *changes.instances, 0)
        self._high_id = max(self._high_id, *changes.outbox, 0)
        self._remove([seq for seq, record in changes.instances.items() if record is None])
        for parent, seq in changes.trimmed.items():
            shelf = self._shelf(parent)
            self._remove(shelf[: bisect_right(shelf, seq)])
        for parent in changes.dropped:
            self._remove(self._shelf(parent)[:])
        for record in changes.kept():
            self._put(record)

    async def instance(self, seq: int) -> InstanceRecord | None:
        """Return one instance by number."""
        return self._instances.get(seq)

    async def instance_named(self, parent: str, name: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this name."""
        seq = self._names.get((parent, name))
        return None if seq is None else self._instances[seq]

    async def instance_with_key(self, parent: str, key: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this key."""
        seq = self._keys.get((parent, key))
        return None if seq is None else self._instances[seq]

    async def newest(self, parent: str, *, before: int | None = None) -> InstanceRecord | None:
        """Return the newest instance of a parent, or the newest with ``seq < before``."""
        shelf = self._shelf(parent)
        index = len(shelf) if before is None else bisect_left(shelf, before)
        return self._instances[shelf[index - 1]] if index else None

    async def instances(self, parent: str, *, after: int = 0, limit: int | None = None) -> Sequence[InstanceRecord]:
        """Return instances of a parent with ``seq > after``, oldest first, at most ``limit``."""
        shelf = self._shelf(parent)
        first = bisect_right(shelf, after)
        return [self._instances[seq] for seq in shelf[first : None if limit is None else first + limit]]

    async def instance_keys(self, parent: str, *, after: int = 0) -> Sequence[tuple[int, str | None, str]]:
        """Return (seq, name, expires) of all instances of a parent with ``seq > after``, oldest first."""
        return [(record.seq, record.name, record.expires) for record in await self.instances(parent, after=after)]

    async def expired(self, now: str, limit: int) -> Sequence[InstanceRecord]:
        """Return at most ``limit`` instances with ``expires <= now``, those that expired first."""
        due = [record for record in self._instances.values() if record.expires <= now]
        return sorted(due, key=lambda record: (record.expires, record.seq))[:limit]

    async def outbox(self) -> Sequence[OutboxRecord]:
        """Return all outbox records by ascending id."""
        return sorted(self._outbox.values())

    async def answers(self) -> Sequence[AnswerRecord]:
        """Return all answers by ascending number."""
        return sorted(self._answers.values())

    async def high_water(self) -> tuple[int, int]:
        """Return the highest instance ``seq`` and outbox ``id`` ever given out."""
        return self._high_seq, self._high_id

    async def close(self) -> None:
        """Nothing to finish."""

    def _shelf(self, parent: str) -> list[int]:
        return self._shelves.get(parent, [])

    def _put(self, record: InstanceRecord) -> None:
        if record.seq not in self._instances:
            insort(self._shelves.setdefault(record.pi, []), record.seq)
        self._instances[record.seq] = record
        if record.name is not None:
            self._names[record.pi, record.name] = record.seq
        if record.key is not None:
            self._keys[record.pi, record.key] = record.seq

    def _remove(self, numbers: Iterable[int]) -> None:
        for seq in numbers:
            record = self._instances.pop(seq, None)
            if record is None:
                continue
            shelf = self._shelves[record.pi]
            del shelf[bisect_left(shelf, seq)]
            if not shelf:
                del self._shelves[record.pi]
            if record.name is not None:
                del self._names[record.pi, record.name]
            if record.key is not None:
                del self._keys[record.pi, record.key]


def _apply(table: dict[Key, Record], changes: Mapping[Key, Record | None]) -> None:
    """Put and remove; a key that comes back after its removal goes to the end."""
    for key, record in changes.items():
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
