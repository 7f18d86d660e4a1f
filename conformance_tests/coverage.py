"""What the catalogue covers: test purposes of TS-0018 by group, rules of behaviour by section."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance_tests.loading import Catalogue

#: Identifier of a test purpose of TS-0018, in its older and its newer form; the suite tests CSEs, not AEs.
_PURPOSE = re.compile(r"(?:TC_|TP/oneM2M/)(CSE|AE)[_/]([A-Z]+)[_/]")

#: Name of the row of cases that no purpose of TS-0018 stands behind.
OWN = "own cases"


@dataclass(slots=True)
class Row:
    """A group or section: what there is, what is covered, and why the rest is not (None: no reason given)."""

    name: str
    covered: set[str] = field(default_factory=set)
    uncovered: dict[str, str | None] = field(default_factory=dict)
    cases: set[str] = field(default_factory=set)

    @property
    def known(self) -> int:
        """How many purposes or rules there are."""
        return len(self.covered) + len(self.uncovered)

    @property
    def unexplained(self) -> list[str]:
        """What is neither covered nor explained."""
        return [name for name, reason in self.uncovered.items() if reason is None]


def purposes(catalogue: Catalogue) -> list[Row]:
    """Return the groups of TS-0018 with their test purposes, and a last row for the suite's own cases."""
    rows: dict[str, Row] = {}
    own = Row(OWN)
    for case in catalogue.cases:
        group = group_of(case.id)
        row = rows.setdefault(group, Row(group)) if group else own
        row.covered.add(case.id)
        row.cases.add(case.id)
    for name, reason in catalogue.uncovered.items():
        row = rows.setdefault(group_of(name) or "other", Row(group_of(name) or "other"))
        if name not in row.covered:
            row.uncovered[name] = reason
    return [*(rows[name] for name in sorted(rows, key=lambda name: ("-" in name, name))), own]


def rules(catalogue: Catalogue) -> list[Row]:
    """Return the sections of rules, with the cases that name one in their references."""
    references = {case.id: set(case.refs) for case in catalogue.cases}
    named: set[str] = set().union(*references.values())
    rows = []
    for section in catalogue.sections:
        entries: Mapping[str, str | None] = section["rules"]
        row = Row(f"{section['section']} {section['title']}")
        row.covered = {rule for rule in entries if rule in named}
        row.uncovered = {rule: reason for rule, reason in entries.items() if rule not in named}
        row.cases = {case_id for case_id, refs in references.items() if refs & entries.keys()}
        rows.append(row)
    return rows


def group_of(case_id: str) -> str:
    """Return the group of a test purpose (``DMR``, ``AE-DMR``); empty for a case of the suite's own."""
    found = _PURPOSE.match(case_id)
    if not found:
        return ""
    return found[2] if found[1] == "CSE" else f"AE-{found[2]}"


def lines(title: str, rows: list[Row]) -> Iterator[str]:
    """Return a table for a terminal."""
    width = max(len(title), *(len(row.name) for row in rows)) if rows else len(title)
    yield f"{title:<{width}}  {'known':>6} {'covered':>8} {'explained':>10} {'missing':>8} {'cases':>6}"
    for name, *numbers in _cells(rows):
        known, covered, explained, missing, cases = numbers
        yield f"{name:<{width}}  {known:>6} {covered:>8} {explained:>10} {missing:>8} {cases:>6}"


def reasons(rows: Iterable[Row]) -> Iterator[tuple[str, list[str]]]:
    """Return each reason with what it explains, the most frequent first; "no reason given" last."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for name, reason in row.uncovered.items():
            found.setdefault(reason or "", []).append(name)
    for reason in sorted(found, key=lambda one: (not one, -len(found[one]), one)):
        yield reason or "no reason given", found[reason]


def sum_of(rows: list[Row]) -> Row:
    """Return one row for all."""
    whole = Row("all")
    for row in rows:
        whole.covered |= row.covered
        whole.uncovered |= row.uncovered
        whole.cases |= row.cases
    return whole


def _cells(rows: list[Row]) -> Iterator[tuple[str, int, int, int, int, int]]:
    for row in [*rows, sum_of(rows)]:
        missing = len(row.unexplained)
        yield row.name, row.known, len(row.covered), len(row.uncovered) - missing, missing, len(row.cases)
