"""The point list: what to read from a field device and how often, one CSV row per point.

The columns below are common to every protocol; a protocol adds its own (``Column`` rows) and says how their values
become an address. An error names file, line and column and says what would be right.
"""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

A = TypeVar("A")
Value = int | float | bool

NAME = re.compile(r"[A-Za-z0-9\-._]+")
RESERVED = frozenset({"la", "ol", "status", "access", "command_access"})


class PointListError(Exception):
    """A point list cannot be used; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Point(Generic[A]):
    """One value of a device: ``name`` is the name of its container, ``address`` where the protocol finds it.

    ``deadband`` None: every reading is pushed; a number: only when the value moved by more than it since the last
    push, or ``max_age_s`` passed.
    """

    name: str
    address: A
    unit: str = ""
    period_s: float = 60.0
    writable: bool = False
    description: str = ""
    deadband: float | None = None
    max_age_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: ``parse`` raises ValueError with what would be right; ``default`` None: mandatory."""

    name: str
    parse: Callable[[str], Any]
    default: str | None = None


def name_text(text: str) -> str:
    """Read a point name, which becomes a resource name."""
    if not NAME.fullmatch(text):
        raise ValueError("expected letters, digits and - . _ (it becomes a resource name)")
    if text in RESERVED:
        raise ValueError(f"this name is taken; not allowed are {', '.join(sorted(RESERVED))}")
    return text


def plain_text(text: str) -> str:
    """Read any text."""
    return text


def yes_or_no(text: str) -> bool:
    """Read ``yes`` or ``no``."""
    if text.lower() in {"yes", "true", "1"}:
        return True
    if text.lower() in {"no", "false", "0"}:
        return False
    raise ValueError("expected yes or no")


def finite(text: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError("expected a number with a decimal point, such as 0.1") from None
    if not math.isfinite(number):
        raise ValueError("expected a finite number")
    return number


def positive(text: str) -> float:
    """Read a number above zero."""
    number = finite(text)
    if number <= 0:
        raise ValueError("expected a number above 0")
    return number


def deadband(text: str) -> float | None:
    """Read an optional number of at least zero; empty is None."""
    if not text:
        return None
    number = finite(text)
    if number < 0:
        raise ValueError("expected a number of at least 0, or nothing to push every reading")
    return number


def integer(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of an integer within bounds; ``0x`` numbers are read too."""

    def parse(text: str) -> int:
        try:
            number = int(text, 0)
        except ValueError:
            raise ValueError(f"expected an integer from {lowest} to {highest}") from None
        if not lowest <= number <= highest:
            raise ValueError(f"expected an integer from {lowest} to {highest}")
        return number

    return parse


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """Return a parser of one of these words; a wrong word is answered with the nearest one."""
    known = list(names)

    def parse(text: str) -> str:
        if text in known:
            return text
        raise ValueError(f"expected one of {', '.join(known)}{nearest(text, known)}")

    return parse


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean …?)`` when one of the known words is near, else nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


COMMON = (
    Column("name", name_text),
    Column("unit", plain_text, ""),
    Column("period_s", positive, "60"),
    Column("writable", yes_or_no, "no"),
    Column("description", plain_text, ""),
    Column("deadband", deadband, ""),
    Column("max_age_s", positive, "3600"),
)


def read_points(
    path: Path, columns: Sequence[Column], address: Callable[[Mapping[str, Any]], A]
) -> tuple[Point[A], ...]:
    """Read a point list (UTF-8, comma separated, ``#`` starts a comment line).

    ``columns`` are those of the protocol; ``address`` makes the address of a parsed row and raises ValueError when
    the columns do not fit each other. Raises PointListError.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PointListError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    known = {column.name: column for column in (*COMMON, *columns)}
    rows = [(number, _cells(line)) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not rows:
        raise PointListError(f"{path}: is empty; expected a header line such as {','.join(known)}")
    header = _header(path, *rows[0], known)
    points = [_point(f"{path}, line {number}", header, cells, known, address) for number, cells in rows[1:]]
    _check_unique(path, [(number, point.name) for (number, _), point in zip(rows[1:], points, strict=True)])
    return tuple(points)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line]))]


def _header(path: Path, number: int, cells: list[str], known: Mapping[str, Column]) -> list[str]:
    for name in cells:
        if name not in known:
            raise PointListError(
                f"{path}, line {number}: unknown column {name!r}{nearest(name, known)}; columns are {', '.join(known)}"
            )
        if cells.count(name) > 1:
            raise PointListError(f"{path}, line {number}: column {name!r} appears twice; once would be right")
    for column in known.values():
        if column.default is None and column.name not in cells:
            raise PointListError(f"{path}, line {number}: column {column.name!r} is missing")
    return cells


def _point(
    where: str,
    header: list[str],
    cells: list[str],
    known: Mapping[str, Column],
    address: Callable[[Mapping[str, Any]], A],
) -> Point[A]:
    if len(cells) != len(header):
        raise PointListError(f"{where}: has {len(cells)} cells; expected {len(header)}, as many as the header")
    texts = dict(zip(header, cells, strict=True))
    row = {name: _value(where, column, texts.get(name, "")) for name, column in known.items()}
    try:
        place = address(row)
    except ValueError as error:
        raise PointListError(f"{where}: {error}") from None
    return Point(address=place, **{column.name: row[column.name] for column in COMMON})


def _value(where: str, column: Column, text: str) -> Any:
    if not text:
        if column.default is None:
            raise PointListError(f"{where}, column {column.name!r}: is empty; a value is needed")
        text = column.default
    try:
        return column.parse(text)
    except ValueError as error:
        raise PointListError(f"{where}, column {column.name!r}: {text!r}: {error}") from None


def _check_unique(path: Path, names: list[tuple[int, str]]) -> None:
    seen: dict[str, int] = {}
    for number, name in names:
        if name in seen:
            raise PointListError(
                f"{path}, line {number}, column 'name': {name!r} is already on line {seen[name]}; names must differ"
            )
        seen[name] = number
