"""Commands that only read the catalogue: list, explain, coverage."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from conformance_tests import coverage, coverage_page
from conformance_tests.case import Case
from conformance_tests.commands.reading import read_catalogue, with_wire
from conformance_tests.commands.running import declare_selection
from conformance_tests.errors import OK, CommandError
from conformance_tests.explaining import explain, explain_wire
from conformance_tests.http.wire_cases import WireCase
from conformance_tests.loading import Catalogue
from conformance_tests.reports.text import one_line
from conformance_tests.selection import known, matches, select

#: More cases than these are not explained at once.
_MOST_EXPLAINED = 20


def declare_list(parser: argparse.ArgumentParser) -> None:
    """Declare ``list``."""
    declare_selection(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command_function=list_cases)


def declare_explain(parser: argparse.ArgumentParser) -> None:
    """Declare ``explain``."""
    parser.add_argument("id", metavar="ID", help="identifier of a case, its beginning, a pattern, a rule")
    parser.set_defaults(command_function=explain_case)


def declare_coverage(parser: argparse.ArgumentParser) -> None:
    """Declare ``coverage``."""
    parser.add_argument("--markdown", action="store_true", help="print a page with all of it, and the reasons")
    parser.add_argument("--reasons", action="store_true", help="also print why something has no case")
    parser.set_defaults(command_function=cover)


def list_cases(options: argparse.Namespace) -> int:
    """Print the cases as a table, or as JSON."""
    cases = select(with_wire(read_catalogue().cases), options.select, options.skip)
    if options.json:
        names = ("id", "area", "purpose", "refs", "needs", "note")
        print(json.dumps([{name: getattr(case, name) for name in names} for case in cases], indent=1))
        return OK
    ids = max(len(case.id) for case in cases)
    areas = max(len(case.area) for case in cases)
    for case in cases:
        print(f"{case.id:<{ids}}  {case.area:<{areas}}  {one_line(case.purpose, 100)}")
    print(f"\n{len(cases):,} cases")
    return OK


def explain_case(options: argparse.Namespace) -> int:
    """Print what a case does."""
    catalogue = read_catalogue()
    cases = with_wire(catalogue.cases)
    found = [case for case in cases if case.id == options.id] or [case for case in cases if matches(case, options.id)]
    if not found:
        raise CommandError(f"no case is named by {options.id!r}: {known(cases, options.id)}")
    if len(found) > _MOST_EXPLAINED:
        raise CommandError(f"{options.id!r} names {len(found)} cases, at most {_MOST_EXPLAINED} are explained at once")
    print(f"\n\n{'-' * 80}\n\n".join(_explained(one, catalogue) for one in found))
    return OK


def _explained(case: Case | WireCase, catalogue: Catalogue) -> str:
    return explain(case, catalogue.types) if isinstance(case, Case) else explain_wire(case)


def cover(options: argparse.Namespace) -> int:
    """Print what is covered."""
    catalogue = read_catalogue()
    if options.markdown:
        wire = [case for case in with_wire(catalogue.cases) if isinstance(case, WireCase)]
        print("\n".join(coverage_page.page(catalogue, wire)))
        return OK
    tables = (("TS-0018 group", coverage.purposes(catalogue)), ("Section of rules", coverage.rules(catalogue)))
    for title, rows in tables:
        print("\n".join(coverage.lines(title, rows)), end="\n\n")
    for title, rows in tables if options.reasons else ():
        print("\n".join(_reasons(title, rows)), end="\n\n")
    return OK


def _reasons(title: str, rows: list[coverage.Row]) -> Iterator[str]:
    yield f"Not covered, by {title}:"
    yield ""
    for reason, names in coverage.reasons(rows):
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        yield f"  {len(names)}: {reason} ({listed})"
