"""subscription: who is told about what, and how (TS-0001 9.6.8, TS-0004 7.4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.common import ACPI, CR, CSTN, DACI, ET, LBL, MANDATORY, NP, OA, UNIVERSAL, unannounced
from resources.complex_types import (
    batch_notify,
    event_notification_criteria,
    rate_limit,
    set_of_notification_stats_info,
)
from resources.datatypes import Invalid, list_of, shown
from resources.duration import seconds_of_duration
from resources.enumerations import notification_content_type, pending_notification
from resources.errors import BadRequest, NoPrivilege, OriginatorError, ReceiverError
from resources.model import Change, Hooks, Permission, ResourceType, row
from resources.simple_types import (
    any_uri,
    boolean_type,
    duration,
    event_cat,
    identifier,
    list_of_any_uri,
    list_of_uris,
    positive_integer,
)
from resources.status import Status

#: Allowed notification content types by event type, the default first (SUB-4).
CONTENT_TYPES: dict[int, tuple[int, ...]] = {
    1: (1, 2, 3),
    2: (1, 3),
    3: (1, 3),
    4: (1, 3),
    5: (1, 3),
    6: (4,),
    7: (2,),
    8: (5,),
}
#: Content types of a subscription to operations (``om``), which has no event type.
OPERATION_CONTENT_TYPES = (1, 2, 3)

UPDATE_OF_RESOURCE = 1
NO_CHILD = 5
TRIGGER_RECEIVED = 6
BLOCKING_UPDATE = 7
MISSING_DATA = 8

#: Event types that go with no other, and those of one resource type alone (SUB-11).
ALONE = frozenset({BLOCKING_UPDATE, MISSING_DATA})
EVENTS_OF = {NO_CHILD: "container", TRIGGER_RECEIVED: "AE"}

#: Long names of the types a notification can be addressed to by resource ID.
TARGET_TYPES = ("AE", "CSEBase", "remoteCSE", "crossResourceSubscription")
#: A group is one when it forwards to ``nfu`` (GRP-20).
GROUP = "group"
#: Notification targets of one subscription.
MOST_TARGETS = 100
TARGET_SCHEMES = ("http", "https", "coap", "coaps", "coap+tcp", "coaps+tcp", "mqtt", "mqtts", "ws", "wss")

#: Attributes a blocking subscription must not have (SUB-5).
POLICIES = ("exc", "gpi", "nfu", "bn", "rl", "psn", "pn", "nsp", "ln", "nec", "su", "acrs")


def event_types(criteria: Mapping[str, Any]) -> list[int]:
    """Event types of an ``enc`` (SUB-10): net 1 when it names neither events nor operations."""
    events: list[int] = criteria.get("net") or []
    return events if events or criteria.get("om") else [UPDATE_OF_RESOURCE]


def is_url(target: str) -> bool:
    """True for a notification target that is a URL and not a resource ID."""
    return "://" in target


def resource_of(target: str) -> str:
    """The resource ID of a notification target: without the ``?ct=`` suffix."""
    return target.partition("?")[0]


def check_targets(change: Change) -> None:
    """SUB-2: at least one target; each a resource ID of something that can be notified, or a URL of a binding.

    One that is named twice is told once.
    """
    targets = change.attributes["nu"] = list(dict.fromkeys(change.attributes["nu"]))
    if not targets:
        raise BadRequest("nu: is empty; expected at least one notification target")
    if len(targets) > MOST_TARGETS:
        raise BadRequest(f"nu: has {len(targets)} notification targets; expected at most {MOST_TARGETS}")
    for index, target in enumerate(targets):
        if is_url(target):
            _check_scheme(index, target)
        else:
            _check_resource(change, index, target)


def _check_scheme(index: int, target: str) -> None:
    scheme = target.partition("://")[0].lower()
    if scheme not in TARGET_SCHEMES:
        raise BadRequest(f"nu[{index}]: scheme {shown(scheme)} is unknown; expected one of {', '.join(TARGET_SCHEMES)}")


def _check_resource(change: Change, index: int, target: str) -> None:
    try:
        identifier.check(resource_of(target))
    except Invalid as problem:
        raise BadRequest(f"nu[{index}]: {problem.problem}, or a URL") from None
    resource = change.find(resource_of(target))
    if resource is not None and resource.type.name == GROUP and "nfu" in change.attributes:
        return
    if resource is not None and resource.type.name not in TARGET_TYPES:
        raise BadRequest(f"nu[{index}]: {shown(target)} is {resource.type.phrase}; "
                         f"expected one of {', '.join(TARGET_TYPES)}, or a URL")


def _check_criteria(change: Change, criteria: Mapping[str, Any]) -> None:
    """SUB-3: what may stand together in ``enc`` and what fits the subscribed-to resource."""
    if "net" in criteria and "om" in criteria:
        raise BadRequest("enc: has net and om; expected one of them")
    parent = change.parent
    assert parent is not None  # only a CSEBase has none
    possible = change.child_types(parent)
    for number in criteria.get("chty", ()):
        if number not in possible:
            raise BadRequest(f"enc.chty: type {number} cannot be a child of {parent.type.name}; "
                             f"possible are {', '.join(map(str, sorted(possible)))}")
    missing_data = MISSING_DATA in criteria.get("net", ())
    if (missing_data or "md" in criteria) and parent.type.name != "timeSeries":
        raise BadRequest(f"enc: md and net {MISSING_DATA} are for a timeSeries; the parent is {parent.type.phrase}")
    if missing_data and "md" not in criteria:
        raise BadRequest(f"enc: net {MISSING_DATA} needs md, the number of missing points and a duration")


def _check_events(change: Change, criteria: Mapping[str, Any]) -> None:
    """SUB-11: event types that stand alone, and those that only one type of resource has."""
    assert change.parent is not None
    events, parent = set(criteria.get("net", ())), change.parent.type.name
    for event in ALONE & events:
        if len(events) > 1:
            raise BadRequest(f"enc.net: {event} stands alone; expected no other event type with it")
    for event, type_ in EVENTS_OF.items():
        if event in events and parent != type_:
            raise BadRequest(f"enc.net: {event} is an event of a {type_} alone; the parent is a {parent}")


def _check_rate(change: Change) -> None:
    """SUB-22: a rate limit lets something through, in a window that takes some time."""
    limit = change.attributes.get("rl")
    if limit is not None and (limit["mnn"] < 1 or seconds_of_duration(limit["tww"]) <= 0):
        raise BadRequest("rl: expected at least one notification (mnn) in a window longer than nothing (tww); with "
                         f"mnn {limit['mnn']} and tww {limit['tww']} none would ever be sent")


def _check_content_type(change: Change, criteria: Mapping[str, Any]) -> None:
    """SUB-4: ``nct`` must suit every event type; left out at CREATE it is the first that does."""
    events = event_types(criteria)
    first = CONTENT_TYPES[events[0]] if events else OPERATION_CONTENT_TYPES
    allowed = [number for number in first if all(number in CONTENT_TYPES[event] for event in events)]
    if change.current is None and "nct" not in change.given and allowed:
        change.attributes["nct"] = allowed[0]
    elif change.attributes["nct"] not in allowed:
        possible = f"expected {' or '.join(map(str, allowed))}" if allowed else "these event types share none"
        raise BadRequest(f"nct: {change.attributes['nct']} does not suit net {events}; {possible}")


def _check_blocking(change: Change, criteria: Mapping[str, Any]) -> None:
    """SUB-5: a blocking subscription is the only one at its parent and has one target, ``enc`` and no policies."""
    if BLOCKING_UPDATE not in criteria.get("net", ()):
        return
    current = change.current
    if current is not None and BLOCKING_UPDATE not in current.attributes.get("enc", {}).get("net", ()):
        raise BadRequest(f"enc.net: {BLOCKING_UPDATE} (blocking update) cannot be set by an UPDATE")
    more = criteria.keys() - {"net", "atr"}
    if more or len(set(criteria["net"])) > 1:
        raise BadRequest(f"enc: net {BLOCKING_UPDATE} goes with atr only, not with other events or {sorted(more)}")
    for name in POLICIES:
        if name in change.attributes:
            raise BadRequest(f"{name}: is not possible with net {BLOCKING_UPDATE} (blocking update)")
    targets = change.attributes["nu"]
    if len(targets) != 1 or is_url(targets[0]):
        raise BadRequest(f"nu: net {BLOCKING_UPDATE} needs exactly one target, a resource ID")
    assert change.parent is not None
    for sibling in change.parent.children.values():
        if sibling is not current and BLOCKING_UPDATE in (sibling.attributes.get("enc") or {}).get("net", ()):
            raise OriginatorError(
                f"enc.net: {sibling.rn} already is the blocking subscription here; one is possible",
                Status.BLOCKING_SUBSCRIPTION_ALREADY_EXISTS,
            )


def _is_own(change: Change, target: str) -> bool:
    """True when the target is the originator itself, by ID or by one of its points of access."""
    if not is_url(target):
        return change.same_entity(resource_of(target), change.originator)
    entity = change.find(change.originator)
    points = entity.attributes.get("poa", ()) if entity is not None else ()
    return any(target == point or target.startswith((f"{point.rstrip('/')}/", f"{point}?")) for point in points)


def _told(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Whoever is told, each with the name of the attribute that says so."""
    told = dict.fromkeys(attributes["nu"], "nu")
    if "nfu" in attributes:
        told.setdefault(attributes["nfu"], "nfu")
    return told


async def verify_targets(change: Change) -> None:
    """SUB-6: every new target other than the originator's own must accept a verification request.

    So must whoever a group forwards to (``nfu``): the group answers for itself alone. One after the other: a list of
    foreign targets must not become a burst of requests before the first refusal.
    """
    known = () if change.current is None else _told(change.current.attributes)
    targets = {target: name for target, name in _told(change.attributes).items()
               if target not in known and not _is_own(change, target)}
    if not targets or not change.verify:
        return
    creator = change.originator if change.current is None else change.current.creator
    content = {"m2m:sgn": {"vrq": True, "sur": change.attributes["ri"], "cr": creator}}
    for target, name in targets.items():
        status = await change.notify(target, content)
        if status is not Status.OK:
            raise ReceiverError(
                f"{name}: {shown(target)} did not accept the verification request, it answered "
                f"{status.value} {status.name}; expected {Status.OK.value}",
                Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED,
            )


async def _check(change: Change) -> None:
    parent = change.parent
    if change.current is None:
        assert parent is not None
        if not change.permitted(parent, Permission.RETRIEVE):
            raise NoPrivilege(f"to: a subscription needs the RETRIEVE permission on {parent.path}")
    elif change.given.keys().isdisjoint(("nu", "enc", "nct", *POLICIES)):
        return
    criteria = change.attributes.get("enc") or {}
    check_targets(change)
    _check_criteria(change, criteria)
    _check_content_type(change, criteria)
    _check_blocking(change, criteria)
    _check_events(change, criteria)
    _check_rate(change)
    if change.current is None and not all(_is_own(change, target) for target in change.attributes["nu"]):
        change.attributes["cr"] = change.originator
    await verify_targets(change)


_PARENTS = """
accessControlPolicy action AE AEContactList authorizationDecision authorizationInformation authorizationPolicy
backgroundDataTransfer container CSEBase delivery dependency dynamicAuthorizationConsultation eventConfig execInstance
flexContainer group locationPolicy m2mServiceSubscriptionProfile mgmtCmd mgmtObj multimediaSession node
notificationTargetMgmtPolicyRef notificationTargetPolicy ontology ontologyRepository policyDeletionRules
primitiveProfile processManagement remoteCSE request role schedule semanticDescriptor semanticMashupInstance
semanticMashupJobProfile semanticMashupResult serviceSubscribedAppRule serviceSubscribedNode state statsCollect
statsConfig timeSeries timeSyncBeacon token transaction transactionMgmt triggerRequest
"""

SUBSCRIPTION = ResourceType(
    number=23,
    short="sub",
    name="subscription",
    parents=tuple(_PARENTS.split()),
    attributes=(
        *UNIVERSAL,
        unannounced(ET),
        unannounced(ACPI),
        unannounced(LBL),
        unannounced(DACI),
        CR,
        CSTN,
        row("enc", "eventNotificationCriteria", event_notification_criteria),
        row("exc", "expirationCounter", positive_integer),
        row("nu", "notificationURI", list_of_any_uri, create=MANDATORY, single=True),
        row("gpi", "groupID", any_uri),
        row("nfu", "notificationForwardingURI", any_uri),
        row("bn", "batchNotify", batch_notify),
        row("rl", "rateLimit", rate_limit),
        row("psn", "preSubscriptionNotify", positive_integer, update=NP),
        row("pn", "pendingNotification", pending_notification),
        row("nsp", "notificationStoragePriority", positive_integer),
        row("ln", "latestNotify", boolean_type),
        row("nct", "notificationContentType", notification_content_type, single=True, default=1),
        row("nec", "notificationEventCat", event_cat),
        row("su", "subscriberURI", any_uri, update=NP),
        row("acrs", "associatedCrossResourceSub", list_of_uris, release=3),
        row("nse", "notificationStatsEnable", boolean_type, release=4),
        row("nsi", "notificationStatsInfo", list_of(set_of_notification_stats_info), create=NP, update=NP, release=4),
        row("eeno", "enableEventNotificationOriginator", boolean_type, release=4),
        row("ma", "maxAge", duration, announce=OA, release=4),
    ),
    virtual=("ntsr",),
    subscribable=False,
    hooks=Hooks(check=_check),
)
