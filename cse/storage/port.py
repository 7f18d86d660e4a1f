"""The storage port: what the core needs of a store, and nothing of any product.

One CSE is the only writer of its store. Structural resources are the working set in memory and are only written;
instances (history) are read back. All reads see what was written before. ``WriteSet`` is what changes together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol


class ResourceRecord(NamedTuple):
    """A structural resource at rest; ``body`` is the JSON object of its attributes.

    ``state`` is a JSON object that no request sees, or empty: what the resource's behaviour goes on with.
    """

    ri: str
    pi: str
    ty: int
    creator: str
    body: bytes
    state: bytes = b""


class InstanceRecord(NamedTuple):
    """An instance at rest: ``seq`` is its number in the CSE, ascending in order of creation (CNT-10).

    ``name`` is its resourceName, or None when that equals the resource ID; ``size`` is ``cs`` in bytes; ``expires``
    its ``et``; ``body`` the JSON object of its attributes. ``key`` is what no other instance of its parent may have
    (the time of a timeSeriesInstance), or None.
    """

    seq: int
    ri: str
    pi: str
    name: str | None
    ty: int
    expires: str
    size: int
    body: bytes
    key: str | None = None


class OutboxRecord(NamedTuple):
    """A notification that has to be delivered: ``id`` ascending in order of events, ``body`` the JSON of its content.

    ``target`` is an entry of ``nu`` or ``su``; ``subscription`` the resource ID it belongs to. ``meta`` is JSON that
    the notification layer needs to go on after a restart (event category, batch state).
    """

    id: int
    subscription: str
    target: str
    meta: bytes
    body: bytes


class AnswerRecord(NamedTuple):
    """An answer that was given: ``number`` ascending, ``key`` and ``digest`` those of the request, ``body`` JSON."""

    number: int
    key: bytes
    digest: bytes
    body: bytes


#: A resource as it is when the write begins: what changes often in one write is encoded once.
LateRecord = Callable[[], ResourceRecord]


class WriteSet:
    """What is written in one step, all or nothing. A value of None means: remove.

    ``trimmed`` maps a parent's resource ID to a ``seq``: its instances up to and including that one are gone.
    ``dropped`` are resource IDs of deleted parents: all of their instances are gone. ``forgotten``: answers up to and
    including that number are gone. Order of application: instances, resources and answers are put, then ``trimmed``,
    ``dropped``, ``forgotten`` and removals win over puts.
    """

    __slots__ = ("answers", "dropped", "forgotten", "instances", "outbox", "resources", "trimmed")

    def __init__(
        self,
        *,
        resources: dict[str, ResourceRecord | LateRecord | None] | None = None,
        instances: dict[int, InstanceRecord | None] | None = None,
        trimmed: dict[str, int] | None = None,
        dropped: set[str] | None = None,
        outbox: dict[int, OutboxRecord | None] | None = None,
        answers: dict[int, AnswerRecord] | None = None,
        forgotten: int = 0,
    ) -> None:
        self.resources = resources or {}
        self.instances = instances or {}
        self.trimmed = trimmed or {}
        self.dropped = dropped or set()
        self.outbox = outbox or {}
        self.answers = answers or {}
        self.forgotten = forgotten

    def merge(self, later: WriteSet) -> None:
        """Add a later write set; where both speak of one thing the later one counts."""
        if later.resources:
            self.resources.update(later.resources)
        if later.instances:
            self.instances.update(later.instances)
        if later.trimmed:
            self.trimmed.update(later.trimmed)
        if later.dropped:
            self.dropped |= later.dropped
        if later.outbox:
            self.outbox.update(later.outbox)
        if later.answers:
            self.answers.update(later.answers)
        if later.forgotten > self.forgotten:
            self.forgotten = later.forgotten

    def records(self) -> list[ResourceRecord]:
        """Return the resources that are put; called when the write begins."""
        return [record() if callable(record) else record for record in self.resources.values() if record is not None]

    def kept(self) -> list[InstanceRecord]:
        """Return the instances put here that ``trimmed`` and ``dropped`` leave in place."""
        trimmed, dropped = self.trimmed, self.dropped
        if not trimmed and not dropped:
            return [record for record in self.instances.values() if record is not None]
        return [
            record
            for record in self.instances.values()
            if record is not None and record.pi not in dropped and trimmed.get(record.pi, 0) < record.seq
        ]

    def answers_kept(self) -> list[AnswerRecord]:
        """Return the answers put here that ``forgotten`` leaves in place."""
        return [record for number, record in self.answers.items() if number > self.forgotten]

    def __bool__(self) -> bool:
        return bool(self.resources or self.instances or self.trimmed or self.dropped or self.outbox or self.answers
                    or self.forgotten)  # fmt: skip


class Store(Protocol):
    """A product behind the port. Opened and migrated by its factory; ``close`` ends it.

    ``suspends`` tells whether a read may give way to other tasks: where it does not, what is done between reads
    needs no lock.
    """

    suspends: bool

    async def load(self) -> Iterable[ResourceRecord]:
        """Return all structural resources, parents before children."""

    async def write(self, changes: WriteSet) -> None:
        """Apply all of ``changes`` or nothing, durable on return. Raises StoreError.

        ``changes.records()`` is called before the first other task can run: late records are read then.
        """

    async def instance(self, seq: int) -> InstanceRecord | None:
        """Return one instance by number."""

    async def instance_named(self, parent: str, name: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` (resource ID) whose ``name`` column is ``name``."""

    async def instance_with_key(self, parent: str, key: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` (resource ID) whose ``key`` column is ``key``."""

    async def newest(self, parent: str, *, before: int | None = None) -> InstanceRecord | None:
        """Return the newest instance of a parent, or the newest with ``seq < before``."""

    async def instances(self, parent: str, *, after: int = 0, limit: int | None = None) -> Sequence[InstanceRecord]:
        """Return instances of a parent with ``seq > after``, oldest first, at most ``limit``."""

    async def instance_keys(self, parent: str, *, after: int = 0) -> Sequence[tuple[int, str | None, str]]:
        """Return (seq, name, expires) of all instances of a parent with ``seq > after``, oldest first.

        The cheap form of ``instances`` for discovery: no body is read.
        """

    async def expired(self, now: str, limit: int) -> Sequence[InstanceRecord]:
        """Return at most ``limit`` instances with ``expires <= now``."""

    async def outbox(self) -> Sequence[OutboxRecord]:
        """Return all outbox records by ascending id."""

    async def answers(self) -> Sequence[AnswerRecord]:
        """Return all answers by ascending number."""

    async def high_water(self) -> tuple[int, int]:
        """Return the highest instance ``seq`` and outbox ``id`` ever given out (0 when none).

        A number is never given out twice, also not after its record was removed and the store reopened.
        """

    async def close(self) -> None:
        """Finish; a later open finds everything that was written."""


class StoreError(Exception):
    """The store could not read or write; nothing of the write set was applied."""
