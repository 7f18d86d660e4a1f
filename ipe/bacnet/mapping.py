"""Properties of objects to values and back. Pure: no socket, no library.

A value comes as application tags (ASHRAE 135 clause 20.2): pairs of tag number and octets. What the value of an
object is made of is known from its type; anything else is no value of it, however well it is framed.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipe.driver import PointError
from ipe.floats import shortest
from ipe.points import Column, Point, Value, finite, integer, nearest, yes_or_no

NULL, BOOLEAN, UNSIGNED, SIGNED, REAL, DOUBLE, ENUMERATED = 0, 1, 2, 3, 4, 5, 9
TEXT, OBJECT = 7, 12
#: A property of an object: type, instance, property, array index.
Reference = tuple[int, int, int, int | None]
Tags = Sequence[tuple[int, bytes]]

PRESENT_VALUE, COV_INCREMENT = 85, 22
#: Type of object: its number, the tag of its value, whether outputs and values of it are usually commanded.
OBJECT_TYPES: Mapping[str, tuple[int, int, bool]] = {
    "analog-input": (0, REAL, False), "analog-output": (1, REAL, True), "analog-value": (2, REAL, True),
    "binary-input": (3, ENUMERATED, False), "binary-output": (4, ENUMERATED, True),
    "binary-value": (5, ENUMERATED, True), "loop": (12, REAL, False), "multi-state-input": (13, UNSIGNED, False),
    "multi-state-output": (14, UNSIGNED, True), "multi-state-value": (19, UNSIGNED, True),
    "accumulator": (23, UNSIGNED, False), "pulse-converter": (24, REAL, False), "integer-value": (45, SIGNED, True),
    "large-analog-value": (46, DOUBLE, True), "positive-integer-value": (48, UNSIGNED, True),
}  # fmt: skip
TYPE_NAMES = {number: name for name, (number, _, _) in OBJECT_TYPES.items()}
TWO_STATES = frozenset({"binary-input", "binary-output", "binary-value"})
PROPERTIES = {
    "present-value": PRESENT_VALUE, "cov-increment": COV_INCREMENT, "deadband": 25, "event-state": 36,
    "high-limit": 45, "low-limit": 59, "max-pres-value": 65, "min-pres-value": 69, "number-of-states": 74,
    "out-of-service": 81, "priority-array": 87, "reliability": 103, "relinquish-default": 104, "tracking-value": 164,
}  # fmt: skip
#: Properties with a value of the same kind as the present value.
LIKE_PRESENT = frozenset({PRESENT_VALUE, 25, 45, 59, 65, 69, COV_INCREMENT, 104})
#: Engineering units (clause 21) in the words of a point list.
UNITS = {
    3: "A", 5: "V", 16: "J", 17: "kJ", 18: "Wh", 19: "kWh", 27: "Hz", 29: "%RH", 37: "lx", 47: "W", 48: "kW", 49: "MW",
    53: "Pa", 54: "kPa", 55: "bar", 62: "°C", 63: "K", 64: "°F", 71: "h", 72: "min", 73: "s", 80: "m3", 82: "L",
    85: "m3/s", 87: "L/s", 88: "L/min", 96: "ppm", 98: "%", 135: "m3/h", 146: "MWh",
}  # fmt: skip
LAST_INSTANCE = 4194302


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point is: object, property, and whether the device is asked to tell of changes."""

    object_type: str
    instance: int
    property_id: int = PRESENT_VALUE
    index: int | None = None
    cov: bool = False
    cov_increment: float | None = None

    @property
    def reference(self) -> Reference:
        """The numbers on the wire."""
        return OBJECT_TYPES[self.object_type][0], self.instance, self.property_id, self.index

    @property
    def tag(self) -> int:
        """The tag of a present value."""
        return OBJECT_TYPES[self.object_type][1]

    def __str__(self) -> str:
        name = next((name for name, number in PROPERTIES.items() if number == self.property_id), str(self.property_id))
        index = "" if self.index is None else f"[{self.index}]"
        return f"{self.object_type},{self.instance}/{name}{index}"


BacnetPoint = Point[Place]


def _hyphened(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text).lower()


def _object_type(text: str) -> str:
    name = _hyphened(text)
    if name not in OBJECT_TYPES:
        raise ValueError(f"expected one of {', '.join(OBJECT_TYPES)}{nearest(name, OBJECT_TYPES)}")
    return name


def _property(text: str) -> int:
    name = _hyphened(text)
    if name in PROPERTIES:
        return PROPERTIES[name]
    try:
        return integer(0, 4194303)(text)
    except ValueError:
        raise ValueError(
            f"expected the number of a property or one of {', '.join(PROPERTIES)}{nearest(name, PROPERTIES)}") from None


def _optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: parse(text) if text else None


COLUMNS = (
    Column("object_type", _object_type),
    Column("instance", integer(0, LAST_INSTANCE)),
    Column("property", _property, "present-value"),
    Column("array_index", _optional(integer(1, 65535)), ""),
    Column("cov", yes_or_no, "no"),
    Column("cov_increment", _optional(finite), ""),
)


def place_of(row: Mapping[str, Any]) -> Place:
    """Make the address of a parsed row; raises ValueError when its columns do not fit each other."""
    place = Place(
        row["object_type"], row["instance"], row["property"], row["array_index"], row["cov"], row["cov_increment"])
    if place.cov and (place.property_id != PRESENT_VALUE or place.index is not None):
        raise ValueError("cov is for the whole present-value; write cov no, the point is polled then")
    if place.cov_increment is not None and (not place.cov or place.tag not in (REAL, DOUBLE)):
        raise ValueError("cov_increment needs cov yes and an object with an analog value")
    if place.cov_increment is not None and place.cov_increment < 0:
        raise ValueError("cov_increment is below 0; expected a number of at least 0")
    if row["writable"] and place.property_id not in LIKE_PRESENT:
        raise ValueError(f"{place} cannot be written; writable are the present value, its limits and its default")
    return place


def decode(place: Place, tags: Tags) -> Value:
    """Turn the tags of a property into its value; raises PointError when they are no value of it."""
    if len(tags) != 1:
        raise PointError(f"the device answers {len(tags)} values; expected one (array_index picks one of an array)")
    number, data = tags[0]
    if number == NULL:
        raise PointError("the device answers Null: there is no value now")
    if place.property_id in LIKE_PRESENT and number != place.tag:
        raise PointError(f"the device answers a value of type {number}; expected type {place.tag}")
    if number == ENUMERATED and place.object_type in TWO_STATES and place.property_id in LIKE_PRESENT:
        if data not in (b"\0", b"\1"):
            raise PointError(f"the device answers {data.hex()}; expected 0 or 1 for a binary object")
        return data == b"\1"
    return _number(number, data)


def _number(number: int, data: bytes) -> Value:
    if number == BOOLEAN and data in (b"\0", b"\1"):
        return data == b"\1"
    if number in (UNSIGNED, ENUMERATED, SIGNED) and 1 <= len(data) <= 8:
        return int.from_bytes(data, "big", signed=number == SIGNED)
    if (number, len(data)) not in ((REAL, 4), (DOUBLE, 8)):
        raise PointError(f"the device answers {len(data)} octets of type {number}, which is no number")
    (real,) = struct.unpack(">f" if number == REAL else ">d", data)
    if not math.isfinite(real):
        raise PointError(f"the device answers {real}, which is no number")
    return shortest(real) if number == REAL else float(real)


def encode(place: Place, value: Value) -> tuple[int, int | float]:
    """Return tag number and number for a value; raises PointError when the object cannot hold it."""
    tag = place.tag
    if tag == ENUMERATED:
        if value not in (0, 1):
            raise PointError(f"{value} does not fit {place}; expected true, false, 1 or 0")
        return tag, int(value)
    if isinstance(value, bool) or not math.isfinite(value):
        raise PointError(f"{str(value).lower()} does not fit {place}; expected a finite number")
    if tag in (REAL, DOUBLE):
        if tag == REAL and abs(value) > 3.4028235e38:
            raise PointError(f"{value} does not fit {place}; expected at most 3.4e38")
        return tag, float(value)
    lowest, highest = (-(1 << 31), (1 << 31) - 1) if tag == SIGNED else (0, (1 << 32) - 1)
    if value != int(value) or not lowest <= value <= highest:
        raise PointError(f"{value} does not fit {place}; expected an integer from {lowest} to {highest}")
    return tag, int(value)


def object_of(tags: Tags) -> tuple[int, int] | None:
    """Read an object identifier: type and instance; None when it is none."""
    if len(tags) != 1 or tags[0][0] != OBJECT or len(tags[0][1]) != 4:
        return None
    number = int.from_bytes(tags[0][1], "big")
    return number >> 22, number & 0x3FFFFF


def text_of(tags: Tags) -> str:
    """Read a character string; empty when it is none."""
    if len(tags) != 1 or tags[0][0] != TEXT or not tags[0][1]:
        return ""
    encoding = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}.get(tags[0][1][0], "ascii")
    return "".join(c for c in tags[0][1][1:].decode(encoding, "replace") if c.isprintable())
