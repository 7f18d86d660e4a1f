"""What is given up when too many notifications wait: the storage priority of the subscriptions decides (SUB-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cse.notifications.lane import Lane
from cse.notifications.outlet import Outlet
from cse.notifications.parcel import Parcel
from cse.notifications.policy import PLAIN
from cse.storage.port import OutboxRecord

if TYPE_CHECKING:
    from cse.notifications.delivery import Delivery


class Lot(NamedTuple):
    """What waits and could be given up, in the order in which it would be: least important first, then oldest."""

    importance: tuple[bool, int]
    first_id: int
    ids: list[int]


def shed(delivery: Delivery, number: int) -> list[int]:
    """Forget about so many of the least important notifications; returns their outbox ids."""
    gone: set[int] = set()
    for lot in sorted(_lots(delivery)):
        if len(gone) >= number:
            break
        gone.update(lot.ids)
    for outlet in delivery.outlets.values():
        _leave(outlet, gone)
    for lanes in delivery.lanes.values():
        for lane in lanes.values():
            _leave(lane, gone)
    return sorted(gone)


def _lots(delivery: Delivery) -> list[Lot]:
    queued = [parcel for outlet in delivery.outlets.values() for parcel in outlet.queue]
    lanes = [lane for lanes in delivery.lanes.values() for lane in lanes.values()]
    held = [parcel for lane in lanes for parcel in lane.held]
    lots = [Lot(_importance(parcel.lane), parcel.records[0].id, parcel.ids) for parcel in (*queued, *held)
            if not parcel.final and not parcel.under_way]
    return lots + [Lot(_importance(lane), record.id, [record.id]) for lane in lanes for record in lane.collected]


def _importance(lane: Lane | None) -> tuple[bool, int]:
    return (PLAIN if lane is None else lane.policy).priority


def _leave(place: Outlet | Lane, gone: set[int]) -> None:
    """Take what is given up out of a queue, or out of a lane."""
    parcels = place.queue if isinstance(place, Outlet) else place.held
    kept = [parcel for parcel in parcels if not _dropped(parcel, gone)]
    parcels.clear()
    parcels.extend(kept)
    if isinstance(place, Lane):
        left: list[OutboxRecord] = [record for record in place.collected if record.id not in gone]
        place.collected[:] = left


def _dropped(parcel: Parcel, gone: set[int]) -> bool:
    parcel.dropped = parcel.dropped or parcel.records[0].id in gone
    return parcel.dropped
