"""Content-Format numbers and the serialisations behind them (TS-0008 6.2.4)."""

from __future__ import annotations

from collections.abc import Mapping

from cse.codecs import Codec, Codecs
from resources.errors import OriginatorError, ReceiverError
from resources.status import Status

#: The number to send for a serialisation comes first, by its media type; the others are understood.
MEDIA_TYPES: Mapping[int, str] = {
    50: "application/json",
    60: "application/cbor",
    41: "application/xml",
    10000: "application/vnd.onem2m-res+xml",
    10014: "application/vnd.onem2m-res+xml",
    10001: "application/vnd.onem2m-res+json",
    10010: "application/vnd.onem2m-res+cbor",
    10002: "application/vnd.onem2m-ntfy+xml",
    10003: "application/vnd.onem2m-ntfy+json",
    10011: "application/vnd.onem2m-ntfy+cbor",
    10006: "application/vnd.onem2m-preq+xml",
    10007: "application/vnd.onem2m-preq+json",
    10012: "application/vnd.onem2m-preq+cbor",
    10008: "application/vnd.onem2m-prsp+xml",
    10009: "application/vnd.onem2m-prsp+json",
    10013: "application/vnd.onem2m-prsp+cbor",
}
_NUMBERS: Mapping[str, int] = {media_type: number for number, media_type in reversed(list(MEDIA_TYPES.items()))}


def number_of(codec: Codec) -> int:
    """The Content-Format of content in a serialisation."""
    return _NUMBERS[codec.media_type]


def codec_of(codecs: Codecs, number: int | None) -> Codec:
    """The serialisation of a payload. Raises OriginatorError 4015 for one that is not declared or not read here."""
    codec = codecs.by_media_type.get(MEDIA_TYPES.get(number, "")) if number is not None else None
    if codec is None:
        raise OriginatorError(
            f"Content-Format: {'missing' if number is None else number}; this CSE reads {_readable(codecs)}",
            Status.UNSUPPORTED_MEDIA_TYPE,
        )
    return codec


def answer_codec(codecs: Codecs, number: int) -> Codec:
    """The serialisation that an Accept asks for. Raises ReceiverError 5207 if there is none."""
    codec = codecs.by_media_type.get(MEDIA_TYPES.get(number, ""))
    if codec is None:
        raise ReceiverError(f"Accept: {number}; this CSE answers in {_readable(codecs)}", Status.NOT_ACCEPTABLE)
    return codec


def _readable(codecs: Codecs) -> str:
    return ", ".join(f"{number_of(codec)} ({codec.media_type})" for codec in codecs.by_name.values())
