"""What is given up when too many notifications wait: the storage priority of the subscriptions decides (SUB-25).

Of what is as important, the target that most wait for loses its oldest, so one that is dead does not push out others'.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from cse.notifications.lane import Lane
from cse.notifications.outlet import Outlet
from cse.notifications.parcel import Parcel
from cse.notifications.policy import PLAIN
from cse.storage.port import OutboxRecord

if TYPE_CHECKING:
    from cse.notifications.delivery import Delivery


class Lot(NamedTuple):
    """What waits and could be given up: least important first, then oldest."""

    importance: tuple[bool, int]
    first_id: int
    target: str
    ids: list[int]


def shed(delivery: Delivery, number: int, target: str | None = None) -> dict[str, list[int]]:
    """Forget about so many of the least important notifications, for a target or all; returns outbox ids by target."""
    outlets = [outlet for outlet in delivery.outlets.values() if target in (None, outlet.target)]
    lanes = [lane for lanes in delivery.lanes.values() for lane in lanes.values() if target in (None, lane.target)]
    waiting = dict(delivery.waiting)
    gone: dict[str, list[int]] = {}
    for _, lots in groupby(sorted(_lots(outlets, lanes)), key=lambda lot: lot.importance):
        for lot in _fairly(lots, waiting):
            if number <= 0:
                break
            gone.setdefault(lot.target, []).extend(lot.ids)
            number -= len(lot.ids)
    ids = {id_ for some in gone.values() for id_ in some}
    places: list[Outlet | Lane] = [*outlets, *lanes]
    for place in places:
        if place.target in gone:
            _leave(place, ids)
    return gone


def _fairly(lots: Iterable[Lot], waiting: dict[str, int]) -> Iterable[Lot]:
    """Lots of one importance in the order in which they go; ``waiting`` is how many are left for each target."""
    queues: dict[str, deque[Lot]] = {}
    for lot in lots:
        queues.setdefault(lot.target, deque()).append(lot)
    longest = [(-waiting.get(target, 0), target) for target in queues]
    heapq.heapify(longest)
    while longest:
        _, target = longest[0]
        lot = queues[target].popleft()
        yield lot
        waiting[target] = waiting.get(target, 0) - len(lot.ids)
        if queues[target]:
            heapq.heapreplace(longest, (-waiting[target], target))
        else:
            heapq.heappop(longest)


def _lots(outlets: Iterable[Outlet], lanes: Iterable[Lane]) -> Iterable[Lot]:
    queued = [(outlet.target, parcel) for outlet in outlets for parcel in outlet.queue]
    held = [(lane.target, parcel) for lane in lanes for parcel in lane.held]
    for target, parcel in (*queued, *held):
        if not parcel.final and not parcel.under_way:
            yield Lot(_importance(parcel.lane), parcel.records[0].id, target, parcel.ids)
    for lane in lanes:
        for record in lane.collected:
            yield Lot(_importance(lane), record.id, lane.target, [record.id])


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
