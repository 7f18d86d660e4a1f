"""Permuted purposes: one entry of the catalogue times the rows of its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance_tests.case import CatalogueError

Row = Mapping[str, Any]
Table = Mapping[str, Row]

_PLACEHOLDER = re.compile(r"<<|<([a-z_][\w.-]*)>")


def expand(entry: Mapping[str, Any], table: Callable[[str], Table]) -> Iterator[dict[str, Any]]:
    """Yield the cases of an entry: itself, or with ``for`` one per combination of the rows of its axes."""
    axes = entry.get("for")
    if axes is None:
        yield dict(entry)
        return
    rest = {key: value for key, value in entry.items() if key != "for"}
    for row in _combinations(axes, {}, table):
        case = fill(rest, row)
        yield case | {part: _spliced(case[part]) for part in ("given", "steps", "needs", "refs") if part in case}


def _combinations(axes: list[Any], before: Row, table: Callable[[str], Table]) -> Iterator[Row]:
    """Yield the product of the axes; an axis may use the columns of those before it."""
    if not axes:
        yield before
        return
    for row in rows(fill(axes[0], before) if before else axes[0], table):
        yield from _combinations(axes[1:], {**before, **row}, table)


def _spliced(parts: list[Any]) -> list[Any]:
    """Return the list with a column that holds several put in its place."""
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


def rows(axis: Any, table: Callable[[str], Table]) -> list[Row]:
    """Return the rows of an axis: a list of mappings, or ``{table, only, except, as}``."""
    if isinstance(axis, list):
        return axis
    source = table(axis["table"])
    wanted = axis.get("only", list(source))
    if unknown := [key for key in [*wanted, *axis.get("except", ())] if key not in source]:
        raise CatalogueError(f"the table {axis['table']} has no row {', '.join(map(str, unknown))}")
    found: list[Row] = [{"key": key, **source[key]} for key in wanted if key not in axis.get("except", ())]
    return [{axis["as"]: row} for row in found] if "as" in axis else found


def fill(value: Any, row: Row) -> Any:
    """Return the value with ``<column>`` replaced everywhere: by the value itself where a text is nothing else."""
    if isinstance(value, str):
        return _fill_text(value, row)
    if isinstance(value, Mapping):
        return {fill(key, row): fill(inner, row) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, row) for inner in value]
    return value


def _fill_text(text: str, row: Row) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[1]:
        return _reach(whole[1], row)
    return _PLACEHOLDER.sub(lambda match: str(_reach(match[1], row)) if match[1] else "<", text)


def _reach(name: str, row: Row) -> Any:
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise CatalogueError(f"no row has a column <{name}>; there are {', '.join(map(str, row))}")
        value = value[part]
    return value
