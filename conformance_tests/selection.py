"""Choosing cases: by identifier, pattern, area, rule or feature."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from conformance_tests.errors import CommandError


class Named(Protocol):
    """What cases of both kinds can be chosen by."""

    @property
    def id(self) -> str: ...  # noqa: D102

    @property
    def area(self) -> str: ...  # noqa: D102

    @property
    def refs(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102


One = TypeVar("One", bound=Named)


def select(cases: Sequence[One], wanted: Iterable[str], skipped: Iterable[str] = ()) -> tuple[One, ...]:
    """Return the cases that one of ``wanted`` names (all when there is none) and none of ``skipped``.

    An expression is an identifier or its beginning, a pattern with ``*``, an area, a rule or clause, or a feature;
    several may stand in one text, separated by commas. Raises CommandError for one that names no case.
    """
    areas = {case.area.casefold() for case in cases}
    chosen = _named(cases, wanted) if (wanted := _split(wanted, areas)) else {case.id for case in cases}
    chosen -= _named(cases, _split(skipped, areas))
    return tuple(case for case in cases if case.id in chosen)


def matches(case: Named, expression: str) -> bool:
    """Tell whether an expression names a case."""
    folded = expression.casefold()
    if folded in {case.area.casefold(), *(name.casefold() for name in (*case.refs, *case.needs))}:
        return True
    return (
        case.id == expression
        or fnmatchcase(case.id, expression)
        or case.id.startswith((f"{expression}_", f"{expression}/"))
    )


def known(cases: Iterable[Named], expression: str) -> str:
    """Return words about what an expression could have meant."""
    cases = list(cases)
    names = {name for case in cases for name in (case.id, case.area, *case.refs, *case.needs)}
    close = difflib.get_close_matches(expression, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {', '.join(close)}?"
    return f"areas are {', '.join(sorted({case.area for case in cases}))}"


def _named(cases: Sequence[Named], expressions: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for expression in expressions:
        named = {case.id for case in cases if matches(case, expression)}
        if not named:
            raise CommandError(f"no case is named by {expression!r}: {known(cases, expression)}")
        found |= named
    return found


def _split(expressions: Iterable[str], areas: set[str]) -> list[str]:
    """Return single expressions; the name of an area may have commas of its own."""
    parts = ([text] if text.strip().casefold() in areas else text.split(",") for text in expressions)
    return [one.strip() for part in parts for one in part if one.strip()]
