"""The point list: what to read from a field device and how often, one row per point.

The columns below are common to every protocol; a protocol adds its own (``Column`` rows) and says how their values
become an address. Every mistake names file, line and column and says what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from ipe.arbitration import Limits
from ipe.columns import (
    Column,
    Value,
    deadband,
    finite,
    integer,
    name_text,
    nearest,
    nonzero,
    one_of,
    optional,
    plain_text,
    positive,
    words,
    yes_or_no,
)
from ipe.counters import Rules
from ipe.sdt import ModelMismatch, Place, place_of
from ipe.sheets import Row, SheetError, is_xlsx, read_rows

__all__ = [
    "COMMON", "Column", "Entry", "Mistake", "Point", "PointListError", "Value", "deadband", "finite", "integer",
    "name_text", "nearest", "nonzero", "one_of", "plain_text", "positive", "read_list", "read_points", "yes_or_no",
]  # fmt: skip

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a list. ``line`` 0: the whole file; ``column`` '': more than one, or none."""

    path: str
    line: int
    column: str
    text: str
    place: str = "line"

    def __str__(self) -> str:
        line = f", {self.place} {self.line}" if self.line else ""
        return f"{self.path}{line}{f', column {self.column!r}' if self.column else ''}: {self.text}"


class PointListError(Exception):
    """A point list cannot be used; ``mistakes`` are all of them, the message is the first."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        more = f" (and {len(mistakes) - 1} more: `banyan ipe check` shows all)" if len(mistakes) > 1 else ""
        super().__init__(f"{mistakes[0]}{more}")
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Point(Generic[A]):
    """One value of a device: ``name`` is the name of its container, ``address`` where the protocol finds it.

    ``deadband`` None: every reading is pushed; a number: only when the value moved by more than it since the last
    push, or ``max_age_s`` passed. ``limits``: what may be commanded. ``counter``: the rules of a cumulative register
    in whole counts, each worth ``resolution``; None for any other value. ``plausible``: the lowest and highest that
    can be measured, None being any; what is outside is told as out of range. ``device`` is the logical device that
    the point belongs to, ``module`` and ``datapoint`` name its ``place`` in a device model of the standard.
    ``history``: a key of ``HISTORIES``, the resource that keeps its values.
    """

    name: str
    address: A
    unit: str = ""
    period_s: float = 60.0
    writable: bool = False
    description: str = ""
    deadband: float | None = None
    max_age_s: float = 3600.0
    limits: Limits = field(default=Limits())
    default_on_release: float | None = None
    counter: Rules | None = None
    resolution: float = 1.0
    device: str = ""
    module: str = ""
    datapoint: str = ""
    tags: tuple[str, ...] = ()
    location: str = ""
    height_m: float | None = None
    plausible: tuple[float | None, float | None] = (None, None)
    history: str = "container"
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Entry(Generic[A]):
    """A row of a list: its texts, what they mean by column, and its point."""

    line: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    point: Point[A]


#: What keeps the values of a point; a time series also tells which ones are missing.
HISTORIES = ("container", "timeseries")

#: Columns that become a field of the point of the same name.
PLAIN = (
    Column("name", name_text),
    Column("unit", plain_text, ""),
    Column("period_s", positive, "60"),
    Column("writable", yes_or_no, "no"),
    Column("description", plain_text, ""),
    Column("deadband", deadband, ""),
    Column("max_age_s", positive, "3600"),
    Column("default_on_release", optional(finite), ""),
    Column("device", plain_text, ""),
    Column("module", plain_text, ""),
    Column("datapoint", plain_text, ""),
    Column("tags", words, ""),
    Column("location", plain_text, ""),
    Column("height_m", optional(finite), ""),
    Column("history", one_of(HISTORIES), "container"),
)
PLAUSIBLE = (
    Column("plausible_lowest", optional(finite), ""),
    Column("plausible_highest", optional(finite), ""),
)
LIMITS = (
    Column("lowest", optional(finite), ""),
    Column("highest", optional(finite), ""),
    Column("max_rate_per_s", optional(positive), ""),
    Column("lease_s", optional(positive), ""),
)
COUNTER = (
    Column("modulus", optional(integer(1)), ""),
    Column("resolution", optional(positive), ""),
    Column("max_per_s", optional(positive), ""),
    Column("dip", optional(integer(0)), ""),
)
COMMON = (*PLAIN, *PLAUSIBLE, *LIMITS, Column("kind", one_of(("value", "counter")), "value"), *COUNTER)


def read_points(
    path: Path, columns: Sequence[Column], address: Callable[[Mapping[str, Any]], A]
) -> tuple[Point[A], ...]:
    """Read the points of a list; as ``read_list``."""
    return tuple(entry.point for entry in read_list(path, columns, address))


def read_list(path: Path, columns: Sequence[Column], address: Callable[[Mapping[str, Any]], A]) -> list[Entry[A]]:
    """Read a point list: CSV (UTF-8, comma separated) or XLSX (sheet ``points``, else the first).

    ``columns`` are those of the protocol; ``address`` makes the address of a parsed row and raises ValueError when
    the columns do not fit each other. Raises PointListError with all mistakes.
    """
    reader = _Reader(path, {column.name: column for column in (*COMMON, *columns)}, address)
    entries = reader.read()
    if reader.mistakes:
        raise PointListError(sorted(reader.mistakes, key=lambda mistake: mistake.line))
    return entries


class _Reader(Generic[A]):
    """Reads one file and remembers every mistake."""

    def __init__(self, path: Path, known: Mapping[str, Column], address: Callable[[Mapping[str, Any]], A]) -> None:
        self._path = path
        self._known = known
        self._address = address
        self.mistakes: list[Mistake] = []

    def read(self) -> list[Entry[A]]:
        try:
            rows = read_rows(self._path)
        except SheetError as error:
            self._wrong(0, "", str(error))
            return []
        if not rows:
            self._wrong(0, "", f"is empty; expected a header line such as {','.join(self._known)}")
            return []
        header = self._header(rows[0])
        if header is None:
            return []
        entries = [entry for row in rows[1:] if (entry := self._entry(header, row)) is not None]
        self._check_unique(header, rows[1:])
        return entries

    def _header(self, row: Row) -> list[str] | None:
        """Return the columns; None when one is missing without which no row means anything."""
        line, cells = row
        for name in dict.fromkeys(cells):
            if name not in self._known:
                near = nearest(name, self._known)
                self._wrong(line, "", f"unknown column {name!r}{near}; columns are {', '.join(self._known)}")
            if cells.count(name) > 1:
                self._wrong(line, "", f"column {name!r} appears twice; once would be right")
        needed = [column.name for column in self._known.values() if column.default is None]
        missing = [name for name in needed if name not in cells]
        for name in missing:
            self._wrong(line, "", f"column {name!r} is missing")
        return None if missing else cells

    def _entry(self, header: list[str], row: Row) -> Entry[A] | None:
        line, cells = row
        if len(cells) != len(header):
            self._wrong(line, "", f"has {len(cells)} cells; expected {len(header)}, as many as the header")
            return None
        before = len(self.mistakes)
        texts = dict(zip(header, cells, strict=True))
        values = {name: self._value(line, column, texts.get(name, "")) for name, column in self._known.items()}
        if len(self.mistakes) > before:
            return None
        try:
            point = _point(values, self._address(values))
        except _Unfit as error:
            self._wrong(line, error.column, str(error))
        except ValueError as error:
            self._wrong(line, "", str(error))
        else:
            return Entry(line, texts, values, point)
        return None

    def _value(self, line: int, column: Column, text: str) -> Any:
        if not text:
            if column.default is None:
                self._wrong(line, column.name, "is empty; a value is needed")
                return None
            text = column.default
        try:
            return column.parse(text)
        except ValueError as error:
            self._wrong(line, column.name, f"{text!r}: {error}")
            return None

    def _check_unique(self, header: list[str], rows: Iterable[Row]) -> None:
        at = header.index("name")
        seen: dict[str, int] = {}
        for line, cells in rows:
            name = cells[at] if at < len(cells) else ""
            if name in seen:
                place = self._place
                self._wrong(line, "name", f"{name!r} is already on {place} {seen[name]}; names must differ")
            elif name:
                seen[name] = line

    @property
    def _place(self) -> str:
        return "row" if is_xlsx(self._path) else "line"

    def _wrong(self, line: int, column: str, text: str) -> None:
        self.mistakes.append(Mistake(str(self._path), line, column, text, self._place))


class _Unfit(ValueError):
    """Columns that do not fit each other; ``column`` is the one to change."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


def _point(values: Mapping[str, Any], address: A) -> Point[A]:
    plain = {column.name: values[column.name] for column in PLAIN}
    if plain["history"] == "timeseries" and plain["deadband"] is not None:
        raise _Unfit("deadband", "a time series gets every reading, or the others are missing; expected nothing here")
    return Point(address=address, **plain, limits=_limits(values), counter=_rules(values),
                 resolution=values["resolution"] or 1.0, plausible=_plausible(values), place=_place(values))


def _place(values: Mapping[str, Any]) -> Place | None:
    try:
        place = place_of(values["device"], values["module"], values["datapoint"])
    except ModelMismatch as error:
        raise _Unfit(error.column, str(error)) from None
    if place is not None and place.container == values["name"]:
        raise _Unfit("name", f"{place.container} is the name of the flexContainer of device and module; "
                     "expected another one")
    return place


def _plausible(values: Mapping[str, Any]) -> tuple[float | None, float | None]:
    lowest, highest = values["plausible_lowest"], values["plausible_highest"]
    if lowest is not None and highest is not None and lowest > highest:
        raise _Unfit("plausible_highest", f"{highest:g} is below the plausible_lowest, {lowest:g}")
    return lowest, highest


def _limits(values: Mapping[str, Any]) -> Limits:
    lowest, highest, default = values["lowest"], values["highest"], values["default_on_release"]
    if lowest is not None and highest is not None and lowest > highest:
        raise _Unfit("highest", f"{highest:g} is below the lowest, {lowest:g}")
    limits = Limits(lowest, highest, values["max_rate_per_s"], values["lease_s"])
    if default is not None and not values["writable"]:
        raise _Unfit("default_on_release", "is for points that are written; expected writable yes, or nothing here")
    if default is not None and not limits.allow(default):
        raise _Unfit("default_on_release", f"{default:g} is outside of lowest and highest")
    return limits


def _rules(values: Mapping[str, Any]) -> Rules | None:
    if values["kind"] == "counter":
        return Rules(modulus=values["modulus"], max_per_s=values["max_per_s"], dip=values["dip"] or 0)
    for column in COUNTER:
        if values[column.name] is not None:
            raise _Unfit(column.name, "is for counters; expected kind counter, or nothing here")
    return None
