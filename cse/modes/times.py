"""When a request, its execution and its result are due: V3, V5, ORD-2, ORD-3."""

from __future__ import annotations

from cse.clock import seconds_of, timestamp
from cse.primitive import RequestPrimitive
from resources.errors import BadRequest, OriginatorError
from resources.status import Status


def moment(value: str | None, name: str, now: float) -> float | None:
    """Read a ``m2m:absRelTimestamp`` as seconds since the epoch; relative ones are milliseconds from ``now``."""
    if value is None:
        return None
    try:
        return now + int(value) / 1000 if value.lstrip("-").isdigit() else seconds_of(value)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name}: expected a timestamp such as 20260131T235959 or milliseconds from now, "
                         f"got {value!r}") from None


def check_expiration(request: RequestPrimitive, now: float) -> float | None:
    """V3: request expiration; relative times are milliseconds from arrival (ORD-3)."""
    if request.request_expiration is None:
        return None
    expiration = moment(request.request_expiration, "rqet", now)
    if expiration is not None and expiration <= now:
        raise OriginatorError("rqet: the request has expired", Status.REQUEST_TIMEOUT)
    return expiration


def check_result_expiration(request: RequestPrimitive, expiration: float | None, now: float) -> None:
    """V5: the result must live at least as long as the request."""
    if request.result_expiration is None:
        return
    result = moment(request.result_expiration, "rset", now)
    if result is not None and result <= now:
        raise OriginatorError("rset: the result would come too late", Status.REQUEST_TIMEOUT)
    if result is not None and expiration is not None and result < expiration:
        raise BadRequest("rset: is earlier than rqet; the result must live at least as long as the request")


def check_execution(request: RequestPrimitive, now: float) -> float:
    """V5, ORD-2: the moment of execution, now when ``oet`` is absent or past; never after ``rqet`` and ``rset``."""
    due = max(now, moment(request.operation_execution, "oet", now) or now)
    for name, value in (("rqet", request.request_expiration), ("rset", request.result_expiration)):
        until = moment(value, name, now)
        if until is not None and due > until:
            raise BadRequest(f"oet: is later than {name}; the operation must be done before")
    return due


def in_absolute_times(request: RequestPrimitive, now: float) -> None:
    """Have the times of a request mean the same later (ORD-3); ``rp`` counts from the result and stays (RTP-9)."""
    request.request_expiration = in_absolute_time(request.request_expiration, "rqet", now)
    request.result_expiration = in_absolute_time(request.result_expiration, "rset", now)
    request.operation_execution = in_absolute_time(request.operation_execution, "oet", now)


#: The last moment that a timestamp can say.
END_OF_TIME = 253_402_300_799.0


def in_absolute_time(value: str | None, name: str, now: float) -> str | None:
    """A time as a timestamp, which it may be already."""
    when = moment(value, name, now)
    if when is None or value is None or not value.lstrip("-").isdigit():
        return value
    return timestamp(min(max(when, 0.0), END_OF_TIME))
