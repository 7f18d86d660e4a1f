"""The ``<request>`` resource: a request primitive and its outcome as attributes, and back (RTP-4, RTP-5, RTP-9)."""

from __future__ import annotations

from typing import Any

from cse.clock import timestamp
from cse.codecs import decode, encode
from cse.core import LIMITS, Core
from cse.modes.times import in_absolute_time
from cse.parameters import object_from_request, object_from_response, request_from_object
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.model import Resource
from resources.status import Status

#: m2m:requestStatus.
COMPLETED, FAILED, PENDING, FORWARDED, PARTIALLY_COMPLETED = 1, 2, 3, 4, 5

BLOCKING, SYNCHRONOUS, ASYNCHRONOUS, FLEX = 3, 1, 2, 4

#: Members of a primitive that have an attribute of their own; all others are ``mi``.
_OWN = {"op": "op", "to": "tg", "fr": "org", "rqi": "rid", "pc": "pc"}
#: Members of a response that ``ors`` has.
_OUTCOME = frozenset({"rsc", "rqi", "pc", "cnst", "cnot"})


def attributes_of(request: RequestPrimitive, until: str) -> dict[str, Any]:
    """Attributes of a new ``<request>``; the times of the request are absolute already."""
    members = decode(encode(object_from_request(request)), LIMITS)
    found = {short: members.pop(name) for name, short in _OWN.items() if name in members}
    members.setdefault("rvi", "1")
    pending = {"rsc": Status.ACCEPTED.value, "rqi": request.request_id}
    return {**found, "mi": members, "lbl": [request.originator], "rs": PENDING, "ors": pending,
            "et": until}


def state_of(request: RequestPrimitive) -> dict[str, Any]:
    """What the attributes do not say and the execution needs: the peer, and that a release 1 peer named no release."""
    known = {"address": request.source_address, "entity": request.authenticated,
             "unversioned": request.release_version is None or None}
    return {name: value for name, value in known.items() if value is not None}


def primitive_of(resource: Resource) -> RequestPrimitive:
    """The request that is kept, to be performed now and answered at once. Raises BadRequest when it cannot be read."""
    attributes, state = resource.attributes, resource.state or {}
    members = {**attributes["mi"], **{name: attributes[short] for name, short in _OWN.items() if short in attributes}}
    members.pop("rt", None)
    members.pop("oet", None)
    if state.get("unversioned"):
        del members["rvi"]
    request = request_from_object(members)
    request.source_address, request.authenticated = state.get("address"), state.get("entity")
    return request


def outcome(core: Core, resource: Resource, response: ResponsePrimitive, now: float) -> dict[str, Any]:
    """What changes when the result is there: ``rs``, ``ors`` and, counted from now, ``et``."""
    attributes = resource.attributes
    return {"rs": COMPLETED if response.status.succeeded else FAILED,
            "ors": result_of(core, attributes, response, now),
            "et": kept_until(core, attributes["mi"], now)}


def result_of(core: Core, attributes: dict[str, Any], response: ResponsePrimitive, now: float) -> dict[str, Any]:
    """The ``ors`` of a response: it comes from this CSE and goes to the originator."""
    members = object_from_response(response)
    shown = {name: value for name, value in members.items() if name in _OUTCOME}
    shown.update(rqi=attributes["rid"], to=response.to or attributes["org"], fr=core.identity.cse_id,
                 ot=timestamp(now))
    decoded: dict[str, Any] = decode(encode(shown), LIMITS)
    return decoded


def is_asynchronous(mode: int | None, targets: list[str] | None) -> bool:
    """True when somebody is told the result: flex-blocking with somebody to tell is meant so, too (RTP-1)."""
    return mode == ASYNCHRONOUS or (mode == FLEX and bool(targets))


def kept_until(core: Core, meta: dict[str, Any], now: float) -> str:
    """How long a result is kept: as long as ``rp`` wants, without it the local time; never less than ``rset``."""
    persistence = _text(meta.get("rp"))
    if persistence is None:
        wanted = timestamp(now + core.settings.request_lifetime_s)
    else:
        wanted = in_absolute_time(persistence, "rp", now) or timestamp(now)
    return limited(core, max(wanted, meta.get("rset") or ""))


def limited(core: Core, until: str) -> str:
    """At most the longest lifetime of this CSE."""
    return min(until, timestamp(core.clock.time() + core.settings.max_expiration_s))


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
