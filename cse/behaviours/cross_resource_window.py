"""Time windows of a crossResourceSubscription: what has come within one, and whether that is an event (CRS-4, CRS-5).

A window is a JSON object, part of the state of its resource: ``came`` are the numbers of the members that have
notified, ``ends`` its end in seconds since the epoch, None while no window is open, ``told`` whether it has had its
notification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from resources.cross_resource_subscription import (
    ALL_MISSING,
    ALL_PRESENT,
    PERIODIC,
    SOME_MISSING,
    SOME_OR_ALL_MISSING,
    SOME_PRESENT,
)
from resources.duration import seconds_of_duration

Window = dict[str, Any]


def first(attributes: Mapping[str, Any], now: float) -> Window:
    """The window that begins with the resource; a sliding one begins with a notification."""
    return _opened(now + size_s(attributes) if attributes["twt"] == PERIODIC else None)


def _opened(ends: float | None) -> Window:
    return {"came": [], "ends": ends, "told": False}


def size_s(attributes: Mapping[str, Any]) -> float:
    """``tws`` in seconds."""
    return seconds_of_duration(attributes["tws"])


def arrived(attributes: Mapping[str, Any], window: Window, numbers: Iterable[int], now: float) -> Window:
    """The window after notifications of these members."""
    ends = now + size_s(attributes) if window["ends"] is None else window["ends"]
    return {**window, "came": sorted({*window["came"], *numbers}), "ends": ends}


def complete(attributes: Mapping[str, Any], window: Window, total: int) -> bool:
    """True when what is waited for has come before the end: everything, where everything is waited for."""
    return attributes.get("eem", ALL_PRESENT) == ALL_PRESENT and not window["told"] and len(window["came"]) == total


def told(attributes: Mapping[str, Any], window: Window) -> Window:
    """The window after its notification: a sliding one is over."""
    return {**window, "told": True} if attributes["twt"] == PERIODIC else _opened(None)


def ended(attributes: Mapping[str, Any], window: Window, now: float) -> Window:
    """The window after this one; a periodic one follows at once, those that were missed meanwhile are left out."""
    if attributes["twt"] != PERIODIC:
        return _opened(None)
    size, ends = size_s(attributes), window["ends"]
    return _opened(ends + size * (int((now - ends) / size) + 1))


def is_event(attributes: Mapping[str, Any], window: Window, total: int) -> bool:
    """True when a window that ends is one to be told, by its evaluation mode."""
    count = len(window["came"])
    return not window["told"] and {
        ALL_PRESENT: count == total,
        SOME_PRESENT: count > 0,
        SOME_OR_ALL_MISSING: count < total,
        ALL_MISSING: count == 0,
        SOME_MISSING: 0 < count < total,
    }[attributes.get("eem", ALL_PRESENT)]
