"""CBOR to values and back by RFC 8949, as much of it as oneM2M uses; tags and what JSON cannot say are refused."""

from __future__ import annotations

import math
import struct
from typing import Any

_DEEPEST = 64
_SIMPLE = {20: False, 21: True, 22: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


def encode(value: Any) -> bytes:
    """Write a value; raises ValueError for what is no value of JSON."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(name) + encode(inner) for name, inner in value.items())
    raise ValueError(f"CBOR: {value!r:.60} is no value of JSON")


def decode(data: bytes) -> Any:
    """Read one item that is all of the data; raises ValueError that says where it is none."""
    reader = _Reader(data)
    try:
        value = reader.item(0)
    except _Break:
        raise ValueError("an end of nothing") from None
    if reader.at != len(data):
        raise ValueError(f"{len(data) - reader.at} bytes behind the item")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | low]) + number.to_bytes(size, "big")
    raise ValueError(f"CBOR: {number} has more than 64 bits")


class _Break(Exception):
    """The end of something without a length."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def item(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST}")
        start = self.at
        first = self._take(1)[0]
        major, low = first >> 5, first & 31
        if first == 0xFF:
            raise _Break
        if major == 7:
            return self._simple(low, start)
        length = None if low == 31 and major in (3, 4, 5) else self._argument(low, start)
        match major:
            case 0 | 1 if length is not None:
                return length if major == 0 else -1 - length
            case 3:
                return self._text(length, depth)
            case 4:
                return list(self._items(length, depth))
            case 5:
                return self._map(length, depth)
        raise ValueError(f"{'a byte string' if major == 2 else 'a tag'} at byte {start}")

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) < count:
            raise ValueError(f"ends at byte {len(self._data)}, too early")
        self.at += count
        return taken

    def _argument(self, low: int, start: int) -> int:
        if low < 24:
            return low
        if low > 27:
            raise ValueError(f"a head that means nothing at byte {start}")
        return int.from_bytes(self._take(1 << low - 24), "big")

    def _simple(self, low: int, start: int) -> Any:
        if low in _FLOATS:
            number: float = struct.unpack(_FLOATS[low], self._take(1 << low - 24))[0]
            if not math.isfinite(number):
                raise ValueError(f"{number} at byte {start}")
            return number
        if low not in _SIMPLE:
            raise ValueError(f"a simple value that JSON has not at byte {start}")
        return _SIMPLE[low]

    def _items(self, length: int | None, depth: int) -> list[Any]:
        found: list[Any] = []
        while length is None or len(found) < length:
            try:
                found.append(self.item(depth + 1))
            except _Break:
                if length is not None:
                    raise ValueError(f"ends before its {length} items at byte {self.at}") from None
                break
        return found

    def _text(self, length: int | None, depth: int) -> str:
        if length is not None:
            return self._take(length).decode()
        parts = self._items(None, depth)
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("a text is put together of what is no text")
        return "".join(parts)

    def _map(self, length: int | None, depth: int) -> dict[str, Any]:
        parts = self._items(None if length is None else 2 * length, depth)
        names = parts[::2]
        if len(parts) % 2 or not all(isinstance(name, str) for name in names):
            raise ValueError("a member without a value, or with a name that is no text")
        if len(set(names)) < len(names):
            raise ValueError("a name occurs twice in a map")
        return dict(zip(names, parts[1::2], strict=True))
