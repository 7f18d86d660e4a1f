"""JSON with hard limits (TS-0004 8.4): UTF-8 only, no NaN, no duplicate member names, bounded depth and size."""

from __future__ import annotations

import json as _json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from resources.errors import BadRequest

#: JSON that is already encoded; it may stand anywhere in a value given to ``encode``.
Raw = msgspec.Raw

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
_LEAST, _GREATEST = -(2**63), 2**64 - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_members`` counts members of objects and elements of arrays together."""

    max_depth: int = 32
    max_members: int = 20_000


def encode(value: Any) -> bytes:
    """Write a value as compact JSON; parts may be ``Raw``."""
    return _encoder.encode(value)


def decode(data: bytes, limits: Limits) -> Any:
    """Read strict JSON; raises BadRequest (4000) that says what is wrong and where."""
    try:
        value = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(_reason(data, error, limits)) from None
    if _measure(value, limits) != _names(data):
        _refuse_duplicates(data)
    return value


def _names(data: bytes) -> int:
    """Count the member names in the text, -1 where only a full reading can tell.

    A name is a quote and a colon. So is a quote inside a string before a colon, but that one is escaped; a string
    that starts with a colon counts too many, which never hides a duplicate. Blanks before a colon and names that
    end in a backslash would count too few.
    """
    text = str(data, "latin-1")  # to ask bytes what is in them costs an exception, which they drop
    if " :" in text or "\n:" in text or "\t:" in text or "\r:" in text or '\\\\":' in text:
        return -1
    return text.count('":') - text.count('\\":')


def plain(value: Any) -> Any:
    """The value with its encoded parts read, for another serialisation."""
    return _decoder.decode(_encoder.encode(value))


def _measure(value: Any, limits: Limits) -> int:
    """Check depth, size and the range of integers level by level; return the number of object members."""
    flat = _flat(value, limits)
    if flat:
        return flat
    if type(value) is int:
        check_integer(value)
    named = listed = depth = 0
    level = [value] if isinstance(value, (dict, list)) else []
    while level:
        depth += 1
        if depth > limits.max_depth:
            raise BadRequest(_too_deep(limits))
        below: list[Any] = []
        parts: Iterable[Any]
        for container in level:
            if type(container) is dict:
                named += len(container)
                parts = container.values()
            else:
                listed += len(container)
                parts = container
            for part in parts:
                kind = type(part)
                if kind is dict or kind is list:
                    below.append(part)
                elif kind is int:
                    check_integer(part)
        if named + listed > limits.max_members:
            raise BadRequest(f"JSON: more than {limits.max_members} members and elements; send less at once")
        level = below
    return named


def _flat(value: Any, limits: Limits) -> int:
    """The same for the usual body, one object of plain members in another; 0 when it is not that."""
    if type(value) is not dict or len(value) != 1 or limits.max_depth < 2:
        return 0
    (inside,) = value.values()
    if type(inside) is not dict or len(inside) >= limits.max_members:
        return 0
    for part in inside.values():
        if type(part) is not str and part is not True and part is not False and part is not None:
            return 0
    return 1 + len(inside)


def check_integer(value: int, where: str = "JSON") -> None:
    """Refuse an integer beyond 64 bits; raises BadRequest."""
    if not _LEAST <= value <= _GREATEST:
        raise BadRequest(f"{where}: an integer of {value.bit_length()} bits; allowed are {_LEAST} to {_GREATEST}")


def _refuse_duplicates(data: bytes) -> None:
    _json.loads(data, object_pairs_hook=_unique, parse_int=len, parse_float=len)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadRequest(f"JSON: member {name[:64]!r} occurs twice in one object; names must be unique")
            seen.add(name)


def _too_deep(limits: Limits) -> str:
    return f"JSON: nested deeper than {limits.max_depth} levels"


def _reason(data: bytes, error: Exception, limits: Limits) -> str:
    if isinstance(error, RecursionError):
        return _too_deep(limits)
    if isinstance(error, UnicodeDecodeError):
        return f"JSON: {error.reason} in a string; the text must be UTF-8"
    if not data.strip():
        return "JSON: empty; expected one object"
    text = str(error)
    if "truncated" in text:
        return f"JSON: ends too early at byte {len(data)}"
    return f"JSON: {text.removeprefix('JSON is malformed: ')}"
