"""What the catalogue covers, as a page of the documentation (``coverage --markdown``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from conformance_tests import coverage
from conformance_tests.http.wire_cases import WireCase
from conformance_tests.loading import Catalogue
from conformance_tests.selection import Named

#: TS-0018 group -> what it is about.
_SUBJECTS = {
    "ANNC": "announcement",
    "DIS": "discovery",
    "DMR": "data management and repository: create, retrieve, update, delete",
    "FLXC": "flexContainers",
    "GEN": "general: addressing, parameters",
    "GMG": "groups",
    "LOC": "locations",
    "REG": "registration of AEs and CSEs",
    "SEC": "access control",
    "SUB": "subscriptions and notifications",
    "TS": "time series",
}
_INTRODUCTION = """\
# What the conformance suite covers

Printed from the catalogue; `banyan-conformance coverage --markdown > docs/conformance-coverage.md` renews it. How
to use the suite: [conformance suite](conformance.md).

{cases:,} cases of a CSE's behaviour and {wire:,} of malformed and hostile HTTP (`--wire`). A case counts as covering
what it names; whether a CSE passes it, a run tells. Which cases there are: `banyan-conformance list`."""
_RULES = """\
The rules that cases name in their references. What each is about stands in [rules and their tests](rules.md), which
holds our CSE's own tests against the same rules. A case may show several rules; it is counted in each section."""
_FEATURES = """\
What every CSE has to do needs no option. What it may leave out and does not show in its CSEBase does: it is tested when
it is claimed (`--claim`, `--without`, `claim` and `without` of a profile). Types are taken from `srt`, releases from
`srv` of the CSEBase."""


def page(catalogue: Catalogue, wire: Sequence[WireCase]) -> Iterator[str]:
    """Return the lines of the page."""
    yield _INTRODUCTION.format(cases=len(catalogue.cases), wire=len(wire))
    yield from _purposes(coverage.purposes(catalogue))
    yield from _rules(coverage.rules(catalogue))
    yield from _areas(catalogue, wire)
    yield from _features(catalogue, wire)


def _purposes(rows: list[coverage.Row]) -> Iterator[str]:
    groups = [row for row in rows if row.name != coverage.OWN]
    cells = ((row.name, _about(row.name), *_counts(row)) for row in [*groups, coverage.sum_of(groups)])
    titles = ("group", "about", "purposes", "covered", "not covered")
    yield "\n## Test purposes of TS-0018\n"
    yield from _table(titles, cells, "--- | --- | ---: | ---: | ---:")
    reasons = ((str(len(names)), reason, ", ".join(names)) for reason, names in coverage.reasons(groups))
    yield "\n### Purposes without a case\n"
    yield from _table(("purposes", "why", "which"), reasons, "---: | --- | ---")


def _rules(rows: list[coverage.Row]) -> Iterator[str]:
    cells = ((row.name, *_counts(row), f"{len(row.cases):,}") for row in [*rows, coverage.sum_of(rows)])
    titles = ("section", "rules", "covered", "not covered", "cases")
    yield f"\n## Rules of behaviour\n\n{_RULES}\n"
    yield from _table(titles, cells, "--- | ---: | ---: | ---: | ---:")
    uncovered = ((name, reason or "not yet") for row in rows for name, reason in row.uncovered.items())
    yield "\n### Rules without a case\n"
    yield from _table(("rule", "why"), uncovered, "--- | ---")


def _areas(catalogue: Catalogue, wire: Sequence[WireCase]) -> Iterator[str]:
    everything: tuple[Named, ...] = (*catalogue.cases, *wire)
    counts = Counter(case.area for case in everything)
    yield "\n## Cases by area\n"
    yield from _table(("area", "cases"), ((area, f"{counts[area]:,}") for area in sorted(counts)), "--- | ---:")


def _features(catalogue: Catalogue, wire: Sequence[WireCase]) -> Iterator[str]:
    everything: tuple[Named, ...] = (*catalogue.cases, *wire)
    needed = Counter(need for case in everything for need in case.needs)
    yield f"\n## Options a CSE may claim\n\n{_FEATURES}\n"
    rows = (
        (f"`{name}`", str(option["description"]), str(option["default"]), f"{needed[name]:,}")
        for name, option in sorted(catalogue.options.items())
    )
    yield from _table(("option", "means", "unless told otherwise", "cases"), rows, "--- | --- | --- | ---:")


def _about(group: str) -> str:
    subject = _SUBJECTS.get(group.removeprefix("AE-"), "")
    return f"the same of an AE: {subject}" if group.startswith("AE-") else subject


def _counts(row: coverage.Row) -> tuple[str, str, str]:
    return f"{row.known:,}", f"{len(row.covered):,}", f"{len(row.uncovered):,}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], rule: str) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"| {rule} |"
    for cells in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
