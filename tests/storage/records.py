"""Records for tests of stores."""

from __future__ import annotations

from collections.abc import Iterable

from cse.storage.port import AnswerRecord, InstanceRecord, OutboxRecord, ResourceRecord, WriteSet

SOON = "20260101T000000,000000"
LATE = "20990101T000000,000000"


def resource(ri: str, pi: str = "cb", body: bytes = b"{}") -> ResourceRecord:
    return ResourceRecord(ri, pi, 3, "Cae", body)


def instance(seq: int, parent: str = "cnt-1", name: str | None = None, expires: str = LATE,
             key: str | None = None) -> InstanceRecord:
    return InstanceRecord(seq, f"cin-{seq:x}", parent, name, 4, expires, 3, b'{"con":"%d"}' % seq, key)


def event(number: int, body: bytes = b"{}") -> OutboxRecord:
    return OutboxRecord(number, "sub-1", "http://127.0.0.1:1/n", b'{"nec":2}', body)


def answer(number: int, body: bytes = b"{}") -> AnswerRecord:
    return AnswerRecord(number, b"key %d" % number, b"digest", body)


def put(*records: ResourceRecord | InstanceRecord | OutboxRecord) -> WriteSet:
    """Return a write set that puts the records."""
    changes = WriteSet()
    for record in records:
        if isinstance(record, ResourceRecord):
            changes.resources[record.ri] = record
        elif isinstance(record, InstanceRecord):
            changes.instances[record.seq] = record
        else:
            changes.outbox[record.id] = record
    return changes


def numbers(records: Iterable[InstanceRecord]) -> list[int]:
    return [record.seq for record in records]
