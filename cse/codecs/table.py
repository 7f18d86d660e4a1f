"""The table of serialisations: by short name and by media type (TS-0004 8, TS-0009 6.4).

A binding asks the table once per message and gets a ``Codec``: two look-ups in dictionaries at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cse.codecs import json
from cse.codecs.json import Limits
from resources.errors import OriginatorError
from resources.status import Status

REQUEST_ROOT, RESPONSE_ROOT = "m2m:rqp", "m2m:rsp"
_USES = ("res", "ntfy", "preq", "prsp")


@dataclass(frozen=True, slots=True)
class Codec:
    """One serialisation. ``is_text``: it is UTF-8 text (a text frame of a WebSocket), else bytes.

    ``encode`` and ``decode`` are for content (``pc``, one root element). ``encode_primitive(members, root)`` and
    ``decode_primitive(data, root, limits)`` are for whole primitives as objects (``cse.parameters``); ``root`` is
    ``m2m:rqp`` or ``m2m:rsp`` and is written in XML alone. What is encoded may hold ``Raw``; encoding raises
    ReceiverError 5207 for what the serialisation cannot say, decoding BadRequest (4000).
    """

    name: str
    media_type: str
    is_text: bool
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, Limits], Any]
    encode_primitive: Callable[[Mapping[str, Any], str], bytes]
    decode_primitive: Callable[[bytes, str, Limits], Any]

    @property
    def media_types(self) -> tuple[str, ...]:
        """The general media type and those of oneM2M (``application/vnd.onem2m-res+json``)."""
        return (self.media_type, *(f"application/vnd.onem2m-{use}+{self.name}" for use in _USES))


class Codecs:
    """The serialisations that a CSE offers; the first is the one it prefers.

    ``by_media_type`` has the general and the oneM2M media types in lower case, without parameters.
    """

    __slots__ = ("by_media_type", "by_name", "preferred")

    def __init__(self, *codecs: Codec) -> None:
        self.preferred = codecs[0]
        self.by_name: Mapping[str, Codec] = {codec.name: codec for codec in codecs}
        self.by_media_type: Mapping[str, Codec] = {
            media_type: codec for codec in codecs for media_type in codec.media_types
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, the preferred one first: what ``csz`` of the CSEBase says."""
        return tuple(self.by_name)

    def of_media_type(self, media_type: str) -> Codec:
        """The codec of a media type, with parameters or without. Raises OriginatorError 4015."""
        codec = self.by_media_type.get(media_type)
        if codec is None:
            codec = self.by_media_type.get(media_type.partition(";")[0].strip().lower())
        if codec is None:
            raise OriginatorError(
                f"{media_type[:80] or 'no media type'}: this CSE reads "
                f"{', '.join(known.media_type for known in self.by_name.values())}",
                Status.UNSUPPORTED_MEDIA_TYPE,
            )
        return codec

    def of_name(self, name: str) -> Codec | None:
        """The codec of a short name or of a media type, as ``csz``, ``?ct=`` and topics have it; None if unknown."""
        return self.by_name.get(name) or self.by_media_type.get(name)

    def first_of(self, names: Iterable[str]) -> Codec | None:
        """The first of these that this CSE has, as in ``csz`` of a target or the sub-protocols of a handshake."""
        return next((codec for codec in map(self.of_name, names) if codec is not None), None)


def target_codec(url: str, codecs: Codecs) -> tuple[str, Codec]:
    """Return the URL of a target without ``ct`` in its query, and the codec that ``ct`` asks for: JSON without it.

    Raises OriginatorError 4015 for one that this CSE does not have.
    """
    address, mark, query = url.partition("?")
    if not mark or "ct=" not in query:
        return url, JSON
    fields = query.split("&")
    wanted = [field.removeprefix("ct=") for field in fields if field.startswith("ct=")]
    codec = codecs.of_name(wanted[-1]) if wanted else JSON
    if codec is None:
        raise OriginatorError(
            f"ct={wanted[-1][:20]}: expected one of {', '.join(codecs.names)}", Status.UNSUPPORTED_MEDIA_TYPE
        )
    rest = "&".join(field for field in fields if field and not field.startswith("ct="))
    return f"{address}?{rest}" if rest else address, codec


def _decode_primitive(data: bytes, root: str, limits: Limits) -> Any:  # noqa: ARG001 - JSON primitives stand bare
    return json.decode(data, limits)


def _encode_primitive(members: Mapping[str, Any], root: str) -> bytes:  # noqa: ARG001 - JSON primitives stand bare
    return json.encode(members)


#: What every CSE has.
JSON = Codec("json", "application/json", True, json.encode, json.decode, _encode_primitive, _decode_primitive)
JSON_ONLY = Codecs(JSON)
