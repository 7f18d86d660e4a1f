"""What a CSE sent to the tester, read by the letter of the binding: what breaks it is told, not refused (TS-0009 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from conformance_tests.http.content import Undecodable, decode, resource_type_of
from conformance_tests.http.mapping import HEADERS, address_of
from conformance_tests.primitive import CREATE, DELETE, NOTIFY, RETRIEVE, UPDATE, Request

_OPERATIONS = {"POST": NOTIFY, "GET": RETRIEVE, "PUT": UPDATE, "DELETE": DELETE}
_NOTIFICATIONS = frozenset({"m2m:sgn", "m2m:agn", "m2m:rsp", "m2m:rqp", "m2m:seci"})
_PARAMETERS = {name.lower(): short for short, name in HEADERS.items()}


@dataclass(slots=True)
class Received:
    """A request of the CSE to the tester.

    ``request.to`` is the target named by the path below the endpoint, ``""`` when the request was sent to the URL of
    the endpoint itself. ``faults`` tell where it breaks the binding. ``arrived_s`` is ``time.monotonic()``. The texts
    are the messages on the wire; ``wire_response`` is empty as long as there is no answer, ``rsc`` is what was
    answered.
    """

    request: Request
    faults: list[str]
    arrived_s: float
    wire_request: str
    media_type: str = ""
    wire_response: str = ""
    rsc: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def pc(self) -> Any:
        """The content, None when there is none or it cannot be decoded."""
        return self.request.pc

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """The ``m2m:sgn`` objects: the one of a single notification, all of an aggregated one."""
        content = self.pc if isinstance(self.pc, dict) else {}
        aggregated = content.get("m2m:agn")
        if isinstance(aggregated, dict):
            single = aggregated.get("m2m:sgn", aggregated.get("sgn"))
        else:
            single = content.get("m2m:sgn")
        return [one for one in (single if isinstance(single, list) else [single]) if isinstance(one, dict)]

    @property
    def is_verification(self) -> bool:
        """Whether this asks if the target wants the notifications of a new subscription."""
        return any(one.get("vrq") in (True, "true", "1") for one in self.notifications)


def read(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[Request, list[str]]:
    """Read a request; ``path`` is what follows the endpoint, header names are in lower case.

    Returns the primitive and where the message breaks the binding.
    """
    faults: list[str] = []
    request = Request(
        _OPERATIONS.get(method, 0),
        address_of(path),
        _required(headers, "x-m2m-origin", "X-M2M-Origin", faults),
        _required(headers, "x-m2m-ri", "X-M2M-RI", faults),
        parameters={short: headers[name] for name, short in _PARAMETERS.items() if name in headers},
    )
    _required(headers, "x-m2m-rvi", "X-M2M-RVI", faults)
    if request.op == 0:
        faults.append(f"method {method} is not used by oneM2M")
    if "x-m2m-rtu" in headers:
        request.parameters["rtu"] = headers["x-m2m-rtu"].split("&")
    if query:
        request.parameters["query"] = _fields(query)
    _read_content(request, headers.get("content-type"), body, faults)
    return request, faults


def _required(headers: Mapping[str, str], key: str, name: str, faults: list[str]) -> str | None:
    value = headers.get(key)
    if value is None:
        faults.append(f"no {name}")
    elif not value.strip():
        faults.append(f"{name} is empty")
    return value


def _fields(query: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        fields.setdefault(unquote(name), []).extend(unquote(one) for one in value.split("+"))
    return fields


def _read_content(request: Request, content_type: str | None, body: bytes, faults: list[str]) -> None:
    """Read content and what the Content-Type says of the operation."""
    if content_type is not None:
        try:
            request.ty = resource_type_of(content_type)
        except ValueError:
            faults.append(f"Content-Type {content_type!r:.100}: ty is no number")
        if request.ty is not None and request.op == NOTIFY:
            request.op = CREATE
    if not body:
        if request.op in (CREATE, UPDATE, NOTIFY):
            faults.append("no content")
        return
    if content_type is None:
        faults.append("content without Content-Type")
    try:
        request.pc = decode(body, content_type or "application/json")
    except Undecodable as error:
        faults.append(str(error))
        return
    _check_root(request, faults)


def _check_root(request: Request, faults: list[str]) -> None:
    content = request.pc
    if not isinstance(content, dict) or len(content) != 1:
        faults.append("content is not an object with exactly one member")
    elif request.op == NOTIFY and not content.keys() <= _NOTIFICATIONS:
        faults.append(
            f"content of a NOTIFY is {next(iter(content))!r:.60}, none of {', '.join(sorted(_NOTIFICATIONS))}"
        )
