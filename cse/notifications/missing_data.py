"""Subscriptions to missing points of a time series: windows of ``md`` that open with a missing point (TS-7, SUB-4).

The window of a subscription is in its ``state``, so that it outlives a restart. Times in microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cse.clock import timestamp_of
from cse.notifications.subscription import MISSING_DATA, Subscription
from resources.duration import seconds_of_duration
from resources.model import Resource

if TYPE_CHECKING:
    from cse.notifications.notifier import Notifier
    from cse.work import Work

#: The part of a subscription's ``state`` with its open window.
WINDOW = "md"
#: A notification lists no more points than this, the newest.
LISTED = 1000


class Missing(NamedTuple):
    """A point that was expected at ``expected`` and was missing at ``noticed``."""

    expected: int
    noticed: int


def missing_data(notifier: Notifier, work: Work, series: Resource, points: Sequence[Missing]) -> None:
    """Count missing points in the windows of the subscriptions to a series, and notify of those that are full.

    Points that are noticed together (after a restart) make one notification per window.
    """
    for subscription in notifier.matching(series, MISSING_DATA, series.attributes):
        criteria = subscription.resource.attributes["enc"]["md"]
        window = (subscription.resource.state or {}).get(WINDOW)
        full = False
        for point in points:
            if window is None or point.noticed >= window["end"]:
                if window is not None and full:
                    _notify(notifier, work, subscription, window)
                full, window = False, _opened(point, criteria)
            window = _counted(window, point)
            full = window["count"] >= criteria["num"]
        if window is not None and full:
            _notify(notifier, work, subscription, window)
        work.keep(subscription.resource, **{WINDOW: window})


def _opened(point: Missing, criteria: Mapping[str, Any]) -> dict[str, Any]:
    end = point.noticed + round(seconds_of_duration(criteria["dur"]) * 1_000_000)
    return {"end": end, "count": 0, "points": []}


def _counted(window: Mapping[str, Any], point: Missing) -> dict[str, Any]:
    points = [*window["points"], timestamp_of(point.expected)]
    return {"end": window["end"], "count": window["count"] + 1, "points": points[-LISTED:]}


def _notify(notifier: Notifier, work: Work, subscription: Subscription, window: Mapping[str, Any]) -> None:
    content = {"m2m:tsn": {"mdlt": window["points"], "mdc": window["count"]}}
    notifier.emit(work, subscription, MISSING_DATA, content)
