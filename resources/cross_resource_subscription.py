"""crossResourceSubscription: one notification when events of several resources coincide (TS-0001 9.6.58)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resources.common import CR, CSTN, MANDATORY, NP, UNANNOUNCED, UNIVERSAL
from resources.complex_types import event_notification_criteria_set, set_of_notification_stats_info
from resources.datatypes import list_of
from resources.duration import seconds_of_duration
from resources.enumerations import event_evaluation_mode, time_window_type
from resources.errors import BadRequest
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import (
    any_uri,
    boolean_type,
    duration,
    event_cat,
    list_of_any_uri,
    list_of_uris,
    positive_integer,
)
from resources.subscription import check_targets, verify_targets

PERIODIC, SLIDING = 1, 2

#: Evaluation modes (``eem``), the default first.
ALL_PRESENT, SOME_PRESENT, SOME_OR_ALL_MISSING, ALL_MISSING, SOME_MISSING = range(1, 6)

#: Resources and subscriptions of one: each notification writes which of them have come.
MOST_MEMBERS = 1_000

#: The shortest window: an end of a window is work.
SHORTEST_WINDOW_S = 0.1


def _check_members(attributes: Mapping[str, Any]) -> None:
    """CRS-1: what is subscribed to, and by which criteria."""
    resources, criteria = attributes.get("rrat") or (), attributes.get("encs", {}).get("encn", ())
    if not resources and not attributes.get("srat"):
        raise BadRequest("rrat, srat: expected the addresses of resources in rrat, of subscriptions in srat, or both")
    members = len(resources) + len(attributes.get("srat", ()))
    if members > MOST_MEMBERS:
        raise BadRequest(f"rrat, srat: {members} members are more than {MOST_MEMBERS}")
    if resources and len(criteria) not in (1, len(resources)):
        raise BadRequest(f"encs: has {len(criteria)} entries; with rrat expected one for all of its {len(resources)} "
                         "resources, or one for each")


def _check_window(attributes: Mapping[str, Any]) -> None:
    """CRS-4, CRS-5: a window that ends, and a mode that it can be evaluated by."""
    if attributes["tws"].startswith("-") or seconds_of_duration(attributes["tws"]) < SHORTEST_WINDOW_S:
        raise BadRequest(f"tws: {attributes['tws']} is no window; the shortest is PT{SHORTEST_WINDOW_S}S")
    if attributes["twt"] == SLIDING and attributes.get("eem") in (SOME_OR_ALL_MISSING, ALL_MISSING):
        raise BadRequest(f"eem: {attributes['eem']} needs periodic windows (twt {PERIODIC}): a sliding one begins with "
                         "a notification")


async def _check(change: Change) -> None:
    if change.current is None:
        _check_members(change.attributes)
        change.attributes["cr"] = change.originator
    if change.current is None or not change.given.keys().isdisjoint(("twt", "tws", "eem")):
        _check_window(change.attributes)
    if change.current is None or "nu" in change.given:
        check_targets(change)
        await verify_targets(change)


CROSS_RESOURCE_SUBSCRIPTION = ResourceType(
    number=48,
    short="crs",
    name="crossResourceSubscription",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        *UNANNOUNCED,
        replace(CR, single=True),
        CSTN,
        row("rrat", "regularResourcesAsTarget", list_of_uris, update=NP),
        row("srat", "subscriptionResourcesAsTarget", list_of_uris, update=NP),
        row("rrats", "regularResourcesAsTargetSubscriptions", list_of_uris, create=NP, update=NP),
        row("twt", "timeWindowType", time_window_type, create=MANDATORY, single=True),
        row("tws", "timeWindowSize", duration, create=MANDATORY, single=True),
        row("encs", "eventNotificationCriteriaSet", event_notification_criteria_set, update=NP),
        row("nec", "notificationEventCat", event_cat, update=NP),
        row("exc", "expirationCounter", positive_integer),
        row("nu", "notificationURI", list_of_any_uri, create=MANDATORY, single=True),
        row("su", "subscriberURI", any_uri, update=NP),
        row("eem", "eventEvaluationMode", event_evaluation_mode, release=4),
        row("nse", "notificationStatsEnable", boolean_type, release=4),
        row("nsi", "notificationStatsInfo", list_of(set_of_notification_stats_info), create=NP, update=NP, release=4),
    ),
    virtual=("ntsr",),
    subscribable=False,
    release=3,
    hooks=Hooks(check=_check),
)
