"""Topics, points of access and payloads to primitives and back (TS-0010 6); pure: no socket, no MQTT library.

A topic is ``<prefix>/oneM2M/<kind>/<originator>/<receiver>/<serialisation>``; without a prefix it begins with ``/``. In
its levels an entity is written as ``level_of`` says; a level that came is echoed in the answer as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cse.codecs import REQUEST_ROOT, RESPONSE_ROOT, Codec, Limits
from cse.parameters import (
    object_from_request,
    object_from_response,
    refusal,
    request_from_object,
    response_from_object,
)
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError

PORTS = {"mqtt": 1883, "mqtts": 8883}
REQUEST, RESPONSE, REGISTRATION, REGISTERED = "req", "resp", "reg_req", "reg_resp"
#: Kind of a request to the kind of its answer.
ANSWERS = {REQUEST: RESPONSE, REGISTRATION: REGISTERED}
#: Longest topic that is looked at; MQTT itself allows 65,535 bytes.
MAX_TOPIC = 1024
_ROOT = "oneM2M"
_TOPIC = re.compile(
    rf"(?:[^\x00]*?/)?{_ROOT}/(?P<kind>req|resp|reg_req|reg_resp)/(?P<originator>[^/]+)/(?P<receiver>[^/]+)"
    r"/(?P<type>[^/]+)"
)
#: What has a meaning of its own in a topic filter, or is not allowed in a topic (MQTT 3.1.1 4.7).
_UNFIT = re.compile(r"[+#\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the profile; ``type`` is the name of the serialisation, ``lead`` all before ``oneM2M``."""

    kind: str
    originator: str
    receiver: str
    type: str
    lead: str = "/"

    def __str__(self) -> str:
        return f"{self.lead}{_ROOT}/{self.kind}/{self.originator}/{self.receiver}/{self.type}"

    def answer(self, type_: str | None = None) -> Topic:
        """Where the answer to a request goes: the same levels in the same order."""
        return Topic(ANSWERS[self.kind], self.originator, self.receiver, type_ or self.type, self.lead)


@lru_cache(maxsize=1024)
def topic_of(text: str) -> Topic | None:
    """Read a topic; None for one that is not of the profile."""
    found = _TOPIC.fullmatch(text) if len(text) <= MAX_TOPIC else None
    if found is None:
        return None
    lead = text[: found.start("kind") - len(_ROOT) - 1]
    return Topic(found["kind"], found["originator"], found["receiver"], found["type"], lead)


def level_of(identifier: str) -> str:
    """Write an AE-ID, CSE-ID or credential-ID as a topic level.

    ``/in-cse`` is ``in-cse``, ``/in-cse/Cae1`` is ``in-cse:Cae1``, ``//sp/in-cse`` is ``:sp:in-cse``. Raises BadRequest
    for what cannot be a level.
    """
    if not identifier.strip("/") or " " in identifier or _UNFIT.search(identifier):
        raise BadRequest(f"{identifier[:80]!r} cannot be a level of a topic")
    if identifier.startswith("//"):
        return f":{identifier[2:]}".replace("/", ":")
    return identifier.removeprefix("/").replace("/", ":")


def lead_of(prefix: str) -> str:
    """What stands before ``oneM2M``: ``/``, or the topic prefix of a point of access and ``/``."""
    return f"{prefix.strip('/')}/" if prefix.strip("/") else "/"


def request_filters(lead: str, own: str) -> tuple[str, ...]:
    """What a receiver listens to; ``own`` is its level. Registrations come to a registrar alone."""
    return f"{lead}{_ROOT}/{REQUEST}/+/{own}/#", f"{lead}{_ROOT}/{REGISTRATION}/+/{own}/#"


def response_filter(lead: str, own: str, kind: str = RESPONSE) -> str:
    """What an originator listens to; with the kind ``reg_resp`` one that is about to register."""
    return f"{lead}{_ROOT}/{kind}/{own}/#"


@dataclass(frozen=True, slots=True)
class Address:
    """A broker: ``host`` and ``port``, with TLS or without."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def address_of(url: str) -> tuple[Address, str, Mapping[str, str]]:
    """Split ``mqtt(s)://host[:port][/path][?query]`` into broker, path without its first ``/``, and query.

    Raises ValueError for any other URL, and for credentials in one: they belong into a file.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"{_shown(url)!r} is no address of a broker; expected mqtt://host[:port][/prefix]")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address of a broker has no user and no password in it")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    path = unquote(parts.path.removeprefix("/"))
    if _UNFIT.search(path):
        raise ValueError(f"{_shown(url)!r}: + and # cannot be in a topic that is published to")
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    return Address(parts.hostname, port, parts.scheme == "mqtts"), path, query


def _shown(url: str) -> str:
    return url.partition("?")[0].rpartition("@")[2][:200]


def request_payload(request: RequestPrimitive, codec: Codec) -> bytes:
    """Write a whole request; raises ReceiverError 5207 for what the serialisation cannot say."""
    return codec.encode_primitive(object_from_request(request), REQUEST_ROOT)


def response_payload(response: ResponsePrimitive, codec: Codec) -> bytes:
    """Write a whole response; what the serialisation cannot say becomes an error that it can."""
    try:
        return codec.encode_primitive(object_from_response(response), RESPONSE_ROOT)
    except CseError as error:
        told = {"rqi": response.request_id, "rvi": response.release_version}
        return codec.encode_primitive(object_from_response(refusal(error, told)), RESPONSE_ROOT)


class Refused(Exception):
    """A payload that is no request; ``answer`` is what its sender is told."""

    def __init__(self, answer: ResponsePrimitive) -> None:
        super().__init__()
        self.answer = answer


def request_of(payload: bytes, codec: Codec, limits: Limits) -> RequestPrimitive:
    """Read a whole request; raises Refused."""
    members: Any = None
    try:
        members = codec.decode_primitive(payload, REQUEST_ROOT, limits)
        return request_from_object(members)
    except CseError as error:
        raise Refused(refusal(error, members if isinstance(members, dict) else {})) from None


def response_of(payload: bytes, codec: Codec, limits: Limits) -> ResponsePrimitive:
    """Read a whole response; raises BadRequest."""
    return response_from_object(codec.decode_primitive(payload, RESPONSE_ROOT, limits))
