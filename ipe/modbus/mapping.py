"""Registers to values and back, and which registers to read together. Pure: no socket.

A register holds 16 bits. A value of more than 16 bits fills several; their order is not standardised, so it is told
per point: ``word_order`` big puts the most significant register first, ``byte_order`` big the most significant byte
of a register first. The four names in vendors' manuals: ABCD big/big, CDAB little/big, BADC big/little, DCBA
little/little (word order/byte order).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ipe.driver import PointError
from ipe.floats import scaled, shortest, unscaled
from ipe.points import Column, Point, Value, finite, integer, nonzero, one_of

FORMATS = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
BITS = tuple(f"bit{position}" for position in range(16))
TYPES = (*FORMATS, "bool", *BITS)
BIT_TABLES = frozenset({"coil", "discrete"})
WRITABLE_TABLES = frozenset({"coil", "holding"})
TABLES = ("holding", "input", "coil", "discrete")
MAX_REGISTERS = 125
MAX_BITS = 2000
LAST_ADDRESS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Register:
    """Where a point is and how it is encoded: value = raw * scale + offset; ``address`` counts from 0."""

    unit_id: int
    table: str
    address: int
    type: str = "uint16"
    word_order: str = "big"
    byte_order: str = "big"
    scale: float = 1.0
    offset: float = 0.0

    @property
    def count(self) -> int:
        """How many registers (or bits, in a bit table) the point fills."""
        return struct.calcsize(f">{FORMATS[self.type]}") // 2 if self.type in FORMATS else 1

    def __str__(self) -> str:
        return f"{self.unit_id}/{self.table}/{self.address}"


ModbusPoint = Point[Register]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of registers or bits read in one request, and the points in it."""

    unit_id: int
    table: str
    start: int
    count: int
    points: tuple[ModbusPoint, ...]


COLUMNS = (
    Column("unit_id", integer(0, 255), "1"),
    Column("table", one_of(TABLES), "holding"),
    Column("address", integer(0, LAST_ADDRESS)),
    Column("type", one_of(TYPES)),
    Column("word_order", one_of(("big", "little")), "big"),
    Column("byte_order", one_of(("big", "little")), "big"),
    Column("scale", nonzero, "1"),
    Column("offset", finite, "0"),
)


def register_of(row: Mapping[str, Any]) -> Register:
    """Make the address of a parsed row; raises ValueError when its columns do not fit each other."""
    register = Register(**{column.name: row[column.name] for column in COLUMNS})
    bit_table = register.table in BIT_TABLES
    if bit_table != (register.type == "bool"):
        right = "'bool'" if bit_table else "a number type, or 'bit0' to 'bit15' for one bit of a register"
        raise ValueError(f"type {register.type!r} does not fit table {register.table!r}; expected {right}")
    if register.address + register.count - 1 > LAST_ADDRESS:
        raise ValueError(f"a {register.type} at address {register.address} ends behind the last address {LAST_ADDRESS}")
    if row["writable"] and register.table not in WRITABLE_TABLES:
        raise ValueError(f"table {register.table!r} cannot be written; writable points are in 'holding' or 'coil'")
    if row["writable"] and register.type in BITS:
        raise ValueError("one bit of a register cannot be written alone; make the whole register a writable uint16")
    return register


def decode(register: Register, words: Sequence[int]) -> Value:
    """Turn the point's registers (or its one bit) into its value; raises PointError for a float that is no number."""
    if register.type == "bool":
        return bool(words[0])
    if register.type in BITS:
        (word,) = struct.unpack(">H", _ordered(register, struct.pack(">H", words[0])))
        return bool(word >> BITS.index(register.type) & 1)
    raw = struct.unpack(f">{FORMATS[register.type]}", _ordered(register, struct.pack(f">{len(words)}H", *words)))[0]
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise PointError(f"the device answers {raw}, which is no number")
        raw = shortest(raw) if register.type == "float32" else raw
    return scaled(raw, register.scale, register.offset)


def encode(register: Register, value: Value) -> list[int]:
    """Turn a value into registers (or one bit); raises PointError when the type cannot hold it."""
    if register.type == "bool":
        if value not in (0, 1):
            raise PointError(f"{value} does not fit a bit; expected true, false, 1 or 0")
        return [int(value)]
    if isinstance(value, bool):
        raise PointError(f"expected a number for a {register.type}, got {str(value).lower()}")
    if not math.isfinite(value):
        raise PointError(f"{value} is no finite number")
    raw = unscaled(value, register.scale, register.offset)
    if register.type not in ("float32", "float64"):
        raw = raw if isinstance(raw, int) else round(raw)
    try:
        packed = struct.pack(f">{FORMATS[register.type]}", raw)
    except (struct.error, OverflowError):
        raise PointError(f"{value} does not fit; expected {_bounds(register)}") from None
    return list(struct.unpack(f">{register.count}H", _ordered(register, packed)))


def plan(points: Iterable[ModbusPoint], *, max_gap: int, apart: frozenset[str] = frozenset()) -> list[Block]:
    """Group points into as few reads as allowed.

    ``max_gap`` is how many unused addresses may lie between two points of one read; points named in ``apart`` are
    read alone.
    """
    blocks: list[Block] = []
    ordered = sorted(points, key=lambda point: (point.address.unit_id, point.address.table, point.address.address))
    for (unit_id, table), group in groupby(ordered, key=lambda point: (point.address.unit_id, point.address.table)):
        run: list[ModbusPoint] = []
        limit = MAX_BITS if table in BIT_TABLES else MAX_REGISTERS
        for point in group:
            if point.name in apart:
                blocks.append(_block(unit_id, table, [point]))
            elif run and not _joins(run, point, limit, max_gap):
                blocks.append(_block(unit_id, table, run))
                run = [point]
            else:
                run.append(point)
        if run:
            blocks.append(_block(unit_id, table, run))
    return blocks


def words_of(block: Block, point: ModbusPoint, words: Sequence[int]) -> Sequence[int]:
    """Cut a point's registers out of those of its block."""
    first = point.address.address - block.start
    return words[first : first + point.address.count]


def _joins(run: list[ModbusPoint], point: ModbusPoint, limit: int, max_gap: int) -> bool:
    start, end = run[0].address.address, _end(run)
    place = point.address
    return place.address - end <= max_gap and max(end, place.address + place.count) - start <= limit


def _block(unit_id: int, table: str, run: list[ModbusPoint]) -> Block:
    start = run[0].address.address
    return Block(unit_id, table, start, _end(run) - start, tuple(run))


def _end(run: list[ModbusPoint]) -> int:
    return max(point.address.address + point.address.count for point in run)


def _ordered(register: Register, data: bytes) -> bytes:
    """Bring wire order to big endian, or back: both swaps undo themselves."""
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    if register.byte_order == "little":
        words = [word[::-1] for word in words]
    if register.word_order == "little":
        words.reverse()
    return b"".join(words)


def _bounds(register: Register) -> str:
    if register.type.startswith("float"):
        return f"a number that a {register.type} can hold"
    bits = 16 * register.count
    signed = register.type.startswith("int")
    lowest, highest = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    edges = sorted(scaled(edge, register.scale, register.offset) for edge in (lowest, highest))
    return f"{edges[0]} to {edges[1]} for a {register.type} with scale {register.scale:g}"
