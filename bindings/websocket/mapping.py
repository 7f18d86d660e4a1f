"""Messages to primitives and back (TS-0020 6); pure: no socket, no WebSocket library.

One message is one whole primitive, a request or a response, in the serialisation of the sub-protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cse.codecs import REQUEST_ROOT, RESPONSE_ROOT, Codec, Codecs, Limits
from cse.parameters import (
    object_from_request,
    object_from_response,
    refusal,
    request_from_object,
    response_from_object,
)
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.errors import CseError

#: Names of sub-protocols, in the form of TS-0020 and in that of the IANA registry, which devices in the field use.
_SUBPROTOCOL = re.compile(r"oneM2M\.(?:R2\.0\.)?(json|cbor|xml)", re.IGNORECASE)
#: The root element of an XML response, behind declaration and comments; other serialisations have no root.
_XML_RESPONSE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^<]*>\s*)*<(?:[\w.-]+:)?rsp[\s/>]")


class Unreadable(Exception):
    """A message that is no primitive; ``answer`` is what its sender is told, None where nothing is."""

    def __init__(self, answer: ResponsePrimitive | None) -> None:
        super().__init__()
        self.answer = answer


def chosen(offered: Iterable[str], codecs: Codecs) -> tuple[str, Codec] | None:
    """The first sub-protocol of those a client offers (values of Sec-WebSocket-Protocol) that is spoken here."""
    for name in (name.strip() for value in offered for name in value.split(",")):
        codec = codec_of(name, codecs)
        if codec is not None:
            return name, codec
    return None


def codec_of(subprotocol: str, codecs: Codecs) -> Codec | None:
    """The serialisation of a sub-protocol; None for one that is not spoken here."""
    found = _SUBPROTOCOL.fullmatch(subprotocol)
    return None if found is None else codecs.of_name(found[1].lower())


def subprotocol_of(codec: Codec) -> str:
    """The sub-protocol that has a serialisation."""
    return f"oneM2M.{codec.name}"


def primitive_of(data: bytes, codec: Codec, limits: Limits) -> RequestPrimitive | ResponsePrimitive:
    """Read a message; raises Unreadable."""
    root = RESPONSE_ROOT if codec.name == "xml" and _XML_RESPONSE.match(data, 0, 1000) else REQUEST_ROOT
    try:
        value = codec.decode_primitive(data, root, limits)
    except CseError as error:
        raise Unreadable(None if root is RESPONSE_ROOT else refusal(error)) from None
    members = value if type(value) is dict else {}
    answers = "rsc" in members and "op" not in members
    try:
        return response_from_object(members) if answers else request_from_object(value)
    except CseError as error:  # who answers wrongly is not answered: two peers could go on with that for ever
        raise Unreadable(None if answers else refusal(error, members)) from None


def message_of(primitive: RequestPrimitive | ResponsePrimitive, codec: Codec) -> bytes:
    """Write a message; raises ReceiverError 5207 for what the serialisation cannot say."""
    if isinstance(primitive, ResponsePrimitive):
        return codec.encode_primitive(object_from_response(primitive), RESPONSE_ROOT)
    return codec.encode_primitive(object_from_request(primitive), REQUEST_ROOT)
