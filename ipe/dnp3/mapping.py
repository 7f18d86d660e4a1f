"""Points to objects and back, and which objects to read together (IEEE 1815). Pure: no socket."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ipe.driver import DeviceFault, PointError
from ipe.floats import scaled, shortest, unscaled
from ipe.points import Column, Point, Value, finite, integer, nonzero, one_of, yes_or_no

#: The group of the static objects of each kind of point (IEEE 1815 annex A).
GROUPS: Mapping[str, int] = {
    "binary_input": 1, "double_bit_input": 3, "binary_output": 10, "counter": 20, "frozen_counter": 21,
    "analog_input": 30, "analog_output": 40,
}  # fmt: skip
#: The highest static variation of each kind.
VARIATIONS: Mapping[str, int] = {
    "binary_input": 2, "double_bit_input": 2, "binary_output": 2, "counter": 8, "frozen_counter": 12,
    "analog_input": 6, "analog_output": 4,
}  # fmt: skip
BINARY = frozenset({"binary_input", "double_bit_input", "binary_output"})
WRITABLE = frozenset({"binary_output", "analog_output"})
#: How an analog output is commanded: the variation of group 41 and the layout of its value.
ANALOG_COMMANDS: Mapping[str, tuple[int, str]] = {
    "int32": (1, "<i"), "int16": (2, "<h"), "float32": (3, "<f"), "float64": (4, "<d"),
}  # fmt: skip
#: How a binary output is commanded: the control codes for on and off.
CONTROLS: Mapping[str, tuple[int, int]] = {"latch": (0x03, 0x04), "trip_close": (0x41, 0x81)}
#: How long the relay of a ``trip_close`` is held.
PULSE_MS = 100
LAST_INDEX = 0xFFFF
#: Objects that are read for nothing between two points, rather than asked for in two ranges.
MAX_GAP = 16

ONLINE, STATE = 0x01, 0x80
#: Flags with which a value is not to be trusted; bits 5 and 6 differ from kind to kind.
DOUBTS: Mapping[int, str] = {0x02: "has not been updated since a restart", 0x04: "has lost its source"}
BINARY_DOUBTS: Mapping[int, str] = {**DOUBTS, 0x20: "chatters and is filtered"}
ANALOG_DOUBTS: Mapping[int, str] = {**DOUBTS, 0x20: "is over its range", 0x40: "fails its reference check"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point is: value = raw * scale + offset. ``operate`` and ``output`` say how it is commanded.

    ``variation`` is the layout of the object that is asked for, 0 leaving it to the outstation.
    """

    kind: str
    index: int
    variation: int = 0
    event: bool = False
    scale: float = 1.0
    offset: float = 0.0
    operate: str = "select"
    output: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.index}"


Dnp3Point = Point[Place]


@dataclass(frozen=True, slots=True)
class Range:
    """Objects of one kind that follow each other."""

    kind: str
    variation: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command object: group, variation, and its octets up to the status."""

    group: int
    variation: int
    octets: bytes


COLUMNS = (
    Column("kind_of_point", one_of(GROUPS)),
    Column("index", integer(0, LAST_INDEX)),
    Column("variation", integer(0, max(VARIATIONS.values())), "0"),
    Column("event", yes_or_no, "no"),
    Column("scale", nonzero, "1"),
    Column("offset", finite, "0"),
    Column("operate", one_of(("select", "direct")), "select"),
    Column("output", one_of(("", *CONTROLS, *ANALOG_COMMANDS)), ""),
)


def place_of(row: Mapping[str, Any]) -> Place:
    """Make the address of a parsed row; raises ValueError when its columns do not fit each other."""
    kind, output = row["kind_of_point"], row["output"]
    if row["writable"] and kind not in WRITABLE:
        raise ValueError(f"a {kind} cannot be written; writable points are {' or '.join(sorted(WRITABLE))}")
    if row["variation"] > VARIATIONS[kind]:
        raise ValueError(f"a {kind} has the variations 1 to {VARIATIONS[kind]}, or 0 for what the outstation prefers")
    if kind in BINARY and (row["scale"], row["offset"]) != (1, 0):
        raise ValueError(f"a {kind} is true or false; it has no scale and no offset")
    ways: Mapping[str, Any] = CONTROLS if kind == "binary_output" else ANALOG_COMMANDS if kind in WRITABLE else {}
    if output and output not in ways:
        right = f"one of {', '.join(ways)}" if ways else "nothing, for it cannot be commanded"
        raise ValueError(f"output {output!r} does not fit a {kind}; expected {right}")
    return Place(
        kind, row["index"], row["variation"], row["event"], row["scale"], row["offset"], row["operate"],
        output or ("latch" if kind == "binary_output" else "float32"))  # fmt: skip


def plan(points: Iterable[Dnp3Point]) -> list[Range]:
    """Return the fewest ranges that hold the points, none with a gap of more than ``MAX_GAP`` objects."""
    ranges: list[Range] = []
    places = sorted({(each.address.kind, each.address.variation, each.address.index) for each in points})
    for (kind, variation), group in groupby(places, key=lambda place: place[:2]):
        first = last = -1
        for *_, index in group:
            if first >= 0 and index - last > MAX_GAP:
                ranges.append(Range(kind, variation, first, last))
                first = -1
            first, last = index if first < 0 else first, index
        ranges.append(Range(kind, variation, first, last))
    return ranges


def value_of(place: Place, raw: float | bool, flags: int) -> Value:
    """Return the value of an object.

    Raises DeviceFault when its flags say that it is not to be trusted, PointError when it is no number.
    """
    doubts = BINARY_DOUBTS if place.kind in BINARY else ANALOG_DOUBTS if place.kind.startswith("analog") else DOUBTS
    said = [text for bit, text in doubts.items() if flags & bit]
    if not flags & ONLINE:
        said.insert(0, "is offline")
    if said:
        raise DeviceFault(f"{place}: the outstation says that the point {' and '.join(said)}")
    if isinstance(raw, bool):
        return raw
    if not math.isfinite(raw):
        raise PointError(f"{place}: the outstation answers {raw}, which is no number")
    return scaled(_short(raw), place.scale, place.offset)


def command_of(place: Place, value: Value) -> Command:
    """Return the command that sets a point; raises PointError when the value does not fit."""
    if place.kind == "binary_output":
        if value not in (0, 1):
            raise PointError(f"{value} does not fit a binary output; expected true, false, 1 or 0")
        control = CONTROLS[place.output][0 if value else 1]
        return Command(12, 1, struct.pack("<BBII", control, 1, PULSE_MS if place.output == "trip_close" else 0, 0))
    if isinstance(value, bool):
        raise PointError(f"expected a number for an analog output, got {str(value).lower()}")
    if not math.isfinite(value):
        raise PointError(f"{value} is no finite number")
    variation, layout = ANALOG_COMMANDS[place.output]
    raw = unscaled(value, place.scale, place.offset)
    try:
        return Command(41, variation, struct.pack(layout, raw if place.output.startswith("float") else round(raw)))
    except (struct.error, OverflowError):
        raise PointError(f"{value} does not fit; expected what an {place.output} can hold") from None


def rows_of(found: Sequence[tuple[str, int]]) -> list[dict[str, str]]:
    """Return the rows of a point list for objects that an outstation has."""
    return [
        {"name": f"{kind}_{index}", "kind_of_point": kind, "index": str(index),
         "writable": "yes" if kind in WRITABLE else "no"}
        for kind, index in sorted(found)
    ]  # fmt: skip


def _short(raw: float) -> float:
    """A float32 as its shortest decimal; what is no float32 as it is."""
    if isinstance(raw, int) or raw.is_integer():
        return raw
    try:
        single = struct.unpack("<f", struct.pack("<f", raw))[0]
    except OverflowError:
        return raw
    return shortest(raw) if single == raw else raw
