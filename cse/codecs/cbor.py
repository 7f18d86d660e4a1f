"""CBOR with hard limits (TS-0004 8.5, RFC 8949): what JSON can say and nothing else.

No tags (so no dates, regular expressions, big numbers or references), no byte strings, no simple values but false,
true and null, names are text and unique, no NaN and no infinity, nothing behind the one item. Indefinite lengths are
read; what is written has definite lengths and floats of 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from cbor2 import CBORDecodeEOF, CBORDecoder, CBORError, dumps

from cse.codecs import json
from cse.codecs.json import Limits, check_integer
from cse.codecs.table import Codec
from resources.errors import BadRequest

_INFINITE = float("inf")
#: Bytes of the argument behind the first byte of an item, by its low five bits.
_ARGUMENT = {24: 1, 25: 2, 26: 4, 27: 8}
_TEXT, _ARRAY, _MAP = 3, 4, 5
_PLAIN = frozenset({str, bool, type(None)})


class _NoTags(dict[int, Callable[..., Any]]):
    """Decoders of tags: every number there is leads to a refusal."""

    def get(self, tag: int, default: Any = None) -> Any:  # noqa: ARG002 - the port of the library
        return _refuse_tag

    __getitem__ = get

    def __contains__(self, tag: object) -> bool:
        return True


def _refuse_tag(*_: Any) -> Any:
    raise BadRequest("CBOR: has a tag; only maps, arrays, texts, numbers, false, true and null are used")


_NO_TAGS = _NoTags()


def encode(value: Any) -> bytes:
    """Write a value as CBOR; parts may be ``Raw``."""
    return dumps(json.plain(value))


def decode(data: bytes, limits: Limits) -> Any:
    """Read strict CBOR; raises BadRequest (4000) that says what is wrong."""
    if len(data) > limits.max_members:  # each item has a byte at least
        _count_items(data, limits)
    stream = BytesIO(data)
    try:
        value = CBORDecoder(
            stream, semantic_decoders=_NO_TAGS, tag_hook=_refuse_tag, max_depth=limits.max_depth,
            allow_duplicate_keys=False, strict_hashable_types=True,
        ).decode()
    except BadRequest:
        raise
    except (CBORError, ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise BadRequest(_reason(data, error)) from None
    if stream.tell() != len(data):
        raise BadRequest(f"CBOR: {len(data) - stream.tell()} bytes behind the end of the item; expected one item")
    _measure(value, limits)
    return value


def _count_items(data: bytes, limits: Limits) -> None:
    """Refuse a large body of small items before it becomes a hundred times as large in memory.

    Items stand one after the other whatever they are in, so that their heads alone need to be looked at.
    """
    most, at, end = 2 * limits.max_members + 2, 0, len(data)
    while at < end:
        most -= 1
        if most < 0:
            raise BadRequest(_too_many(limits))
        first = data[at]
        major, low = first >> 5, first & 31
        size = _ARGUMENT.get(low, 0)
        at += 1 + size
        if major in {2, _TEXT} and low < 28:
            at += int.from_bytes(data[at - size : at], "big") if size else low


def _measure(value: Any, limits: Limits) -> None:
    """Check kinds and size level by level; depth was checked while reading."""
    count = 0
    level = [[value]]
    while level:
        below: list[Any] = []
        for parts in level:
            for part in parts:
                kind = type(part)
                if kind is dict:
                    count += len(part)
                    _check_names(part)
                    below.append(part.values())
                elif kind is list:
                    count += len(part)
                    below.append(part)
                elif kind not in _PLAIN:
                    _check_number(part, kind)
        if count > limits.max_members:
            raise BadRequest(_too_many(limits))
        level = below


def _check_names(members: Mapping[Any, Any]) -> None:
    for name in members:
        if type(name) is not str:
            raise BadRequest(f"CBOR: a member name is no text but {type(name).__name__}; expected short names")


def _check_number(value: Any, kind: type) -> None:
    if kind is int:
        check_integer(value, "CBOR")
    elif kind is not float:
        raise BadRequest(f"CBOR: {'a byte string' if kind is bytes else f'a value of kind {kind.__name__}'}; "
                         "expected a map, an array, a text, a number, false, true or null")
    elif not -_INFINITE < value < _INFINITE:
        raise BadRequest(f"CBOR: {value} is no number of oneM2M; expected a finite one")


def _too_many(limits: Limits) -> str:
    return f"CBOR: more than {limits.max_members} members and elements; send less at once"


def _reason(data: bytes, error: BaseException) -> str:
    if not data:
        return "CBOR: empty; expected one map"
    if isinstance(error, CBORDecodeEOF):
        return f"CBOR: ends too early at byte {len(data)}"
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, BadRequest):
            return cause.message
        error, cause = cause, cause.__cause__
    return f"CBOR: {error}"[:200]


def _encode_primitive(members: Mapping[str, Any], root: str) -> bytes:  # noqa: ARG001 - primitives stand bare
    return encode(members)


def _decode_primitive(data: bytes, root: str, limits: Limits) -> Any:  # noqa: ARG001 - primitives stand bare
    return decode(data, limits)


CBOR = Codec("cbor", "application/cbor", False, encode, decode, _encode_primitive, _decode_primitive)
