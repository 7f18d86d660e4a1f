"""Data point types to values and back (KNX 03.07.02). Pure: no socket."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xknx.dpt.dpt import DPTNumeric
from xknx.dpt.payload import DPTArray, DPTBinary
from xknx.exceptions import XKNXException
from xknx.telegram import GroupAddress

from ipe.driver import PointError
from ipe.floats import shortest
from ipe.points import Column, Point, Value, yes_or_no

Payload = DPTArray | DPTBinary
#: Main types that need no table: one bit, and enumerations of one octet, told as their numbers.
BIT, ENUMERATION = 1, 20
FLOAT = 14


@dataclass(frozen=True, slots=True)
class Group:
    """Where a point is written (``group``) and where it is heard (``status``): raw group addresses.

    ``ask``: somebody on the bus answers when it is read. ``dpt`` is the type, such as ``9.001``.
    """

    group: int
    status: int
    dpt: str
    ask: bool = True

    def __str__(self) -> str:
        return written(self.status)

    @property
    def main(self) -> int:
        """The main number of the type."""
        return int(self.dpt.partition(".")[0])


KnxPoint = Point[Group]


def written(raw: int) -> str:
    """Return a group address as it is written, with three levels."""
    return f"{raw >> 11}/{raw >> 8 & 7}/{raw & 0xFF}"


def group_text(text: str) -> int:
    """Read a group address of three or two levels, or the number that it is."""
    try:
        raw = GroupAddress(text).raw
    except XKNXException:
        raw = 0
    if not raw:
        raise ValueError("expected a group address such as 1/2/3 (0/0/1 to 31/7/255)")
    return raw


def dpt_text(text: str) -> str:
    """Read a type of numbers, of bits or of enumerations."""
    main = text.partition(".")[0]
    if main in {str(BIT), str(ENUMERATION)} and all(part.isdecimal() for part in text.split(".")):
        return text
    if text[:1].isdecimal() and DPTNumeric.parse_transcoder(text) is not None:
        return text
    raise ValueError("expected the number of a data point type with one number in it, such as 1.001, 5.001, 9.001, "
                     "13.010, 14.056 or 20.102")


COLUMNS = (
    Column("group", group_text),
    Column("status", lambda text: group_text(text) if text else 0, ""),
    Column("dpt", dpt_text),
    Column("ask", yes_or_no, "yes"),
)


def group_of(row: Mapping[str, Any]) -> Group:
    """Make the address of a parsed row."""
    return Group(row["group"], row["status"] or row["group"], row["dpt"], row["ask"])


def decode(group: Group, payload: Payload) -> Value:
    """Return the value of a telegram; raises PointError for one of another type, and for what is no number."""
    try:
        if group.main == BIT:
            return bool(_one(payload, DPTBinary, 2))
        if group.main == ENUMERATION:
            return _one(payload, DPTArray, 256)
        value = DPTNumeric.get_dpt(group.dpt).from_knx(payload)
    except (XKNXException, ValueError) as error:
        raise PointError(f"{group}: the bus tells {payload}, which is no {group.dpt}: {error}") from None
    if not math.isfinite(value):
        raise PointError(f"{group}: the bus tells {value}, which is no number")
    return shortest(value) if group.main == FLOAT else value


def encode(group: Group, value: Value) -> Payload:
    """Return what a telegram carries; raises PointError when the value does not fit."""
    if group.main == BIT:
        if value not in (0, 1):
            raise PointError(f"{value} does not fit a bit; expected true, false, 1 or 0")
        return DPTBinary(int(value))
    if isinstance(value, bool) or not math.isfinite(value):
        raise PointError(f"expected a finite number for a {group.dpt}, got {str(value).lower()}")
    if group.main == ENUMERATION:
        if value not in range(256):
            raise PointError(f"{value} does not fit; expected a whole number from 0 to 255")
        return DPTArray(int(value))
    type_ = DPTNumeric.get_dpt(group.dpt)
    try:
        return type_.to_knx(round(value) if type_.resolution == 1 else value)
    except (XKNXException, OverflowError):
        raise PointError(f"{value} does not fit; expected {type_.value_min:g} to {type_.value_max:g}") from None


def _one(payload: Payload, kind: type[Payload], end: int) -> int:
    """The one number of a payload; raises ValueError."""
    if not isinstance(payload, kind):
        raise ValueError("it is of another length")  # noqa: TRY004 a telegram is wrong, not an argument
    number = payload.value if isinstance(payload, DPTBinary) else payload.value[0]
    if (isinstance(payload, DPTArray) and len(payload.value) != 1) or number >= end:
        raise ValueError("it is of another length")
    return number
