"""A unit of work: what one operation changes, written in one step and undone in one step if that fails."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from functools import partial
from typing import Any

from cse.codecs import encode
from cse.storage.committer import Committer
from cse.storage.port import InstanceRecord, OutboxRecord, ResourceRecord, StoreError, WriteSet
from resources.model import Resource


class Work:
    """Collects changes. The tree is changed while collecting; ``undo`` holds how to take that back.

    ``originator`` is who asked for them; empty for what the CSE does by itself.
    """

    __slots__ = ("changes", "consequences", "originator", "outbox", "touched", "undo")

    def __init__(self, originator: str = "") -> None:
        self.originator = originator
        self.changes = WriteSet()
        self.touched: list[Resource] = []
        self.undo: list[Callable[[], None]] = []
        self.outbox: list[OutboxRecord] = []
        self.consequences: list[Callable[[], None]] = []

    def put(self, resource: Resource) -> None:
        """Write a structural resource as it is now."""
        resource.encoded = None
        self.changes.resources[resource.ri] = _record(resource)
        self.touched.append(resource)

    def keep(self, resource: Resource, **parts: Any) -> None:
        """Set parts of what is kept with a resource and never shown (``state``), None removes, and write it."""
        kept = {name: value for name, value in {**(resource.state or {}), **parts}.items() if value is not None}
        self.keep_state(resource, kept or None)

    def keep_state(self, resource: Resource, state: dict[str, Any] | None) -> None:
        """Replace all that is kept with a resource and never shown, and write it."""
        before = resource.state
        resource.state = state

        def undo() -> None:
            resource.state = before

        self.undo.append(undo)
        self.put(resource)

    def put_later(self, resource: Resource) -> None:
        """Write a structural resource as it will be when the write begins: for counters that change all the time."""
        resource.encoded = None
        self.changes.resources[resource.ri] = partial(_record, resource)
        self.touched.append(resource)

    def remove(self, resource: Resource) -> None:
        """Remove a structural resource and all instances it holds."""
        self.touched.append(resource)
        self.changes.resources[resource.ri] = None
        if resource.type.instance is not None:
            self.changes.dropped.add(resource.ri)

    def put_instance(self, record: InstanceRecord) -> None:
        """Write an instance."""
        self.changes.instances[record.seq] = record

    def remove_instance(self, record: InstanceRecord) -> None:
        """Remove one instance."""
        self.changes.instances[record.seq] = None

    def send(self, record: OutboxRecord) -> None:
        """Write a notification that is to be delivered after the commit."""
        self.changes.outbox[record.id] = record
        self.outbox.append(record)

    def after(self, consequence: Callable[[], None]) -> None:
        """Call this once the unit of work is durable; not at all if it never is."""
        self.consequences.append(consequence)

    def __enter__(self) -> Work:
        """Collect; whatever fails meanwhile leaves no trace."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if kind is not None:
            self.abandon()

    def abandon(self) -> None:
        """Take back what was changed while collecting; nothing is handed over."""
        for step in reversed(self.undo):
            step()

    def submit(self, committer: Committer) -> Future[None]:
        """Hand the changes over; the future is done when they are durable. Raises StoreError, nothing changed."""
        try:
            future = committer.submit(self.changes, self._take_back)
        except StoreError:
            self._take_back()
            raise
        for resource in self.touched:
            resource.revision = committer.revision
        return future

    def _take_back(self) -> None:
        self.abandon()
        for resource in self.touched:
            resource.revision = 0  # a failed store takes nothing more: what is left is what it has


def _record(resource: Resource) -> ResourceRecord:
    if resource.encoded is None:
        resource.encoded = encode(resource.attributes)
    state = encode(resource.state) if resource.state else b""
    return ResourceRecord(
        resource.ri, resource.attributes["pi"], resource.type.number, resource.creator, resource.encoded, state
    )
