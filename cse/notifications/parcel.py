"""One NOTIFY on its way, and what the outbox notes about its notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse.codecs import Raw
from cse.storage.port import OutboxRecord

if TYPE_CHECKING:
    from cse.notifications.lane import Lane

#: ``meta`` of a record that outlives its subscription: it is neither counted (``exc``) nor held back nor dropped.
FINAL = b"final"
#: ``meta`` of a notification of a subscription without policies; with policies it is the ``moment`` of the event.
ORDINARY = b""


def moment(now_s: float) -> bytes:
    """``meta`` that says when an event was."""
    return b"%.3f" % now_s


def moment_of(record: OutboxRecord, now_s: float) -> float:
    """When the event of a record was, ``now_s`` where that was not noted."""
    return float(record.meta) if record.meta and record.meta != FINAL else now_s


@dataclass(slots=True, eq=False)
class Parcel:
    """One NOTIFY to one target: a single notification, or a batch of them. ``since`` is when it was accepted.

    ``lane`` is None for a notification without any policy. ``window`` is the beginning of the time window in which
    the rate limit lets it pass.
    """

    records: list[OutboxRecord]
    content: dict[str, Any]
    since: float
    lane: Lane | None = None
    category: int | None = None
    window: float | None = None
    under_way: bool = False
    dropped: bool = False

    @property
    def ids(self) -> list[int]:
        """Its outbox records."""
        return [record.id for record in self.records]

    @property
    def name(self) -> str:
        """Request identifier of each try to send it, over a restart too, so that a receiver knows a repetition."""
        first, last = self.records[0], self.records[-1]
        more = f"-{last.id}-{len(self.records)}" if last is not first else ""
        return f"{first.subscription}-{first.id}{more}"

    @property
    def final(self) -> bool:
        """True for what outlives its subscription."""
        return self.lane is None and self.records[0].meta == FINAL


def single(record: OutboxRecord, since: float) -> Parcel:
    """A parcel of one notification."""
    return Parcel([record], {"m2m:sgn": Raw(record.body)}, since)


def batch(records: Sequence[OutboxRecord], since: float) -> Parcel:
    """A parcel of several notifications, in the form of a batch also when it is one (SUB-22)."""
    return Parcel([*records], {"m2m:agn": {"m2m:sgn": [Raw(record.body) for record in records]}}, since)
