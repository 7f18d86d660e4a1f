"""CMDH: rules for requests that are kept for later or go to another CSE, by event category (TS-0001 D.12).

Pure functions of the rules, a request and the time. The rules are compiled from the management objects of the node
that this CSE is on (``cse.behaviours.cmdh_rules``). Times are milliseconds, -1 means without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cse.clock import seconds_of
from cse.identifiers import Identity
from cse.primitive import RequestPrimitive
from cse.schedules import Schedule
from resources.errors import BadRequest, CseError, ReceiverError
from resources.status import Status

#: Event category of rules for all categories that have none of their own.
DEFAULT = 0
#: Names of requestOrigin besides IDs: AEs that are registered here, this CSE itself.
LOCAL_AE, THIS_CSE = "localAE", "thisCSE"


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """The event category of requests without one, by originator (cmdhDefEcValue)."""

    origins: Sequence[str]
    category: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Allowed parameters, by originator and category: (least, most) by field of the request (cmdhLimits)."""

    origins: Sequence[str]
    categories: frozenset[int]
    times: Mapping[str, tuple[int, int]]
    aggregation: frozenset[bool]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force; what is by category may have an entry for DEFAULT.

    ``defaults`` are values by field of the request, ``buffers`` sizes in bytes. ``access`` has the identifiers of the
    schedules that say when other CSEs may be reached; none is never.
    """

    categories: Sequence[CategoryRule] = ()
    defaults: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    limits: Sequence[Limit] = ()
    access: Mapping[int, Sequence[str]] = field(default_factory=dict)
    buffers: Mapping[int, int] = field(default_factory=dict)


#: Fields of a request that have defaults and limits, and their short names.
TIMES = {
    "request_expiration": "rqet", "result_expiration": "rset", "operation_execution": "oet", "result_persistence": "rp",
}


def complete(rules: Rules, identity: Identity, request: RequestPrimitive) -> None:
    """Fill in what a request leaves open: its category, then times and aggregation of that category."""
    if request.event_category is None:
        request.event_category = next(
            (rule.category for rule in rules.categories if applies(rule.origins, identity, request)), None)
    defaults = by_category(rules.defaults, request.event_category)
    for name, value in (defaults or {}).items():
        if getattr(request, name) is None:
            setattr(request, name, value)


def check_limits(rules: Rules, identity: Identity, request: RequestPrimitive, now_s: float) -> None:
    """Raise BadRequest when a parameter is outside of the first limits that fit the request."""
    for limit in rules.limits:
        if request.event_category in limit.categories and applies(limit.origins, identity, request):
            _check_limit(limit, request, now_s)
            return


def _check_limit(limit: Limit, request: RequestPrimitive, now_s: float) -> None:
    for name, (least, most) in limit.times.items():
        value = getattr(request, name)
        if value is None:
            continue
        left_ms = milliseconds(value, now_s)
        if left_ms < max(least, 0) or (most >= 0 and left_ms > most):
            allowed = f"{max(least, 0)} to {most} ms" if most >= 0 else f"at least {max(least, 0)} ms"
            raise BadRequest(f"{TIMES[name]}: {value} is not allowed for event category {request.event_category} by "
                             f"the CMDH policy of this CSE; allowed are {allowed} from now")
    if request.delivery_aggregation is not None and request.delivery_aggregation not in limit.aggregation:
        raise BadRequest(f"da: {request.delivery_aggregation} is not allowed for event category "
                         f"{request.event_category} by the CMDH policy of this CSE")


def check_buffer(rules: Rules, category: int | None, waiting_bytes: int, size_bytes: int) -> None:
    """Raise NOT_ACCEPTABLE (5207) when one more request of the category is more than may wait."""
    most = by_category(rules.buffers, category)
    if most is not None and waiting_bytes + size_bytes > most:
        raise ReceiverError(f"ec: requests of event category {category} that wait may have {most} bytes together by "
                            f"the CMDH policy of this CSE; {waiting_bytes} wait already", Status.NOT_ACCEPTABLE)


def next_access(category: int | None, schedules: Iterable[Schedule], now_s: float) -> float:
    """When another CSE may be reached for a request of the category, now or later. Raises 5103: never."""
    moments = [moment for one in schedules if (moment := one.next_active(now_s)) is not None]
    if not moments:
        raise CseError(f"to: the CMDH policy of this CSE lets no request of event category {category} use a network",
                       Status.TARGET_NOT_REACHABLE)
    return min(moments)


def by_category(table: Mapping[int, Any], category: int | None) -> Any:
    """The entry for a category, else the one for all others."""
    return table.get(category if category is not None else DEFAULT, table.get(DEFAULT))


def applies(origins: Sequence[str], identity: Identity, request: RequestPrimitive) -> bool:
    """True when a rule is for the originator of a request."""
    originator = identity.entity(request.originator)
    local = not originator.startswith("/")
    return any(
        (local and one == LOCAL_AE) or (originator == identity.cse_id and one == THIS_CSE)
        or identity.entity(one) == originator
        for one in origins
    )


def milliseconds(value: str, now_s: float) -> int:
    """A ``m2m:absRelTimestamp`` as milliseconds from now; raises BadRequest when it is none."""
    try:
        return int(value) if value.lstrip("-").isdigit() else round((seconds_of(value) - now_s) * 1000)
    except (ValueError, OverflowError):
        raise BadRequest(f"{value!r} is no timestamp") from None
