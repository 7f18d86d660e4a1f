"""What differs between two reports: two versions of one CSE, or two CSEs side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conformance_tests.reports.summary import SEVERITY, total
from conformance_tests.reports.text import one_line
from conformance_tests.verdict import CaseResult, Report, Verdict


class Kind(StrEnum):
    """What became of a case, the most urgent first."""

    WORSE = "worse"
    """Another verdict than before, and one that says less good of the CSE."""
    BETTER = "better"
    OTHER = "other verdict"
    """Another verdict that is neither: what failed is now inconclusive or not claimed."""
    NEW = "new"
    REMOVED = "removed"
    OBSERVED = "other outcome"
    """The same verdict, but where several outcomes are permitted another one was seen."""


TITLES: Mapping[Kind, str] = {
    Kind.WORSE: "Regressions",
    Kind.BETTER: "Fixes",
    Kind.OTHER: "Other changes of the verdict",
    Kind.NEW: "New cases",
    Kind.REMOVED: "Cases no longer run",
    Kind.OBSERVED: "Another permitted outcome",
}

#: Changes of one kind that are told one by one; of regressions all are.
_TOLD = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One case that differs; ``before`` or ``after`` is None when only one report has it."""

    kind: Kind
    before: CaseResult | None
    after: CaseResult | None

    @property
    def case(self) -> CaseResult:
        """The case as the later report that has it describes it."""
        case = self.after or self.before
        assert case is not None
        return case

    @property
    def verdicts(self) -> str:
        """The verdicts as ``pass → fail``; of a new or removed case the only one."""
        return " → ".join(str(one.verdict) for one in (self.before, self.after) if one)


@dataclass(slots=True)
class Comparison:
    """Two reports and the changes between them, ordered by kind and id."""

    before: Report
    after: Report
    changes: list[Change] = field(default_factory=list)
    same: int = 0

    def of(self, kind: Kind) -> list[Change]:
        """Return the changes of one kind."""
        return [change for change in self.changes if change.kind is kind]

    @property
    def exit_status(self) -> int:
        """1 when something got worse, else 0."""
        return int(any(change.kind is Kind.WORSE for change in self.changes))


def compare(before: Report, after: Report) -> Comparison:
    """Compare two reports case by case, by id."""
    first, second = ({result.id: result for result in report.results} for report in (before, after))
    comparison = Comparison(before, after)
    for case_id in sorted(first.keys() | second.keys()):
        kind = _kind(first.get(case_id), second.get(case_id))
        if kind is None:
            comparison.same += 1
        else:
            comparison.changes.append(Change(kind, first.get(case_id), second.get(case_id)))
    comparison.changes.sort(key=_urgency)
    return comparison


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON data."""
    return {
        "format": "banyan-conformance-diff",
        "version": 1,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "same": comparison.same,
        "changes": [_change(change) for change in comparison.changes],
    }


def dumps(comparison: Comparison) -> str:
    """Return a comparison as JSON text."""
    return json.dumps(as_data(comparison), indent=1) + "\n"


def lines(comparison: Comparison) -> Iterator[str]:
    """Tell a comparison to a person, the regressions first."""
    yield f"before  {describe(comparison.before)}"
    yield f"after   {describe(comparison.after)}"
    for kind in Kind:
        changes = comparison.of(kind)
        if changes:
            yield ""
            yield f"{TITLES[kind]} ({len(changes)})"
        shown = changes if kind is Kind.WORSE else changes[:_TOLD]
        for change in shown:
            yield from _told(change)
        if len(changes) > len(shown):
            yield f"  ... and {len(changes) - len(shown):,} more, see --json or --html"
    yield ""
    counts = ", ".join(f"{len(comparison.of(kind))} {kind}" for kind in Kind if comparison.of(kind))
    yield f"{counts or 'no difference'}; {comparison.same} the same"


def describe(report: Report) -> str:
    """Return one line about a report: target, start and counts."""
    tally = total(report.results)
    counts = ", ".join(f"{tally.verdicts[verdict]} {verdict}" for verdict in Verdict)
    return one_line(f"{report.target.get('url', 'unknown target')}  {report.started}  {counts}")


def outcomes(change: Change) -> str:
    """Return the observed outcomes of both sides in one line."""
    sides = [", ".join(one.observed) or "none" for one in (change.before, change.after) if one]
    return " → ".join(sides)


def _urgency(change: Change) -> tuple[int, int]:
    return list(Kind).index(change.kind), SEVERITY.index(change.case.verdict)


def _kind(before: CaseResult | None, after: CaseResult | None) -> Kind | None:
    if before is None:
        return Kind.NEW
    if after is None:
        return Kind.REMOVED
    if before.verdict is not after.verdict:
        return _kind_of_verdicts(before.verdict, after.verdict)
    return None if set(before.observed) == set(after.observed) else Kind.OBSERVED


def _kind_of_verdicts(before: Verdict, after: Verdict) -> Kind:
    if Verdict.PASS in (before, after):
        return Kind.WORSE if before is Verdict.PASS else Kind.BETTER
    return Kind.WORSE if after is Verdict.FAIL else Kind.OTHER


def _told(change: Change) -> Iterator[str]:
    yield f"  {change.verdicts:<22} {one_line(change.case.id)}"
    if change.kind is Kind.OBSERVED:
        yield f"  {'':<22} {one_line(outcomes(change), 200)}"
    elif change.after and change.after.reason and change.kind is not Kind.BETTER:
        yield f"  {'':<22} {one_line(change.after.reason, 200)}"


def _side(report: Report) -> dict[str, Any]:
    tally = total(report.results)
    counts = {str(verdict): tally.verdicts[verdict] for verdict in Verdict}
    return {"target": report.target, "started": report.started, "suite": report.suite_version, "verdicts": counts}


def _change(change: Change) -> dict[str, Any]:
    case = change.case
    sides = {name: _seen(one) for name, one in (("before", change.before), ("after", change.after)) if one}
    return {"kind": str(change.kind), "id": case.id, "area": case.area, "purpose": case.purpose, **sides}


def _seen(result: CaseResult) -> dict[str, Any]:
    return {"verdict": str(result.verdict), "reason": result.reason, "observed": list(result.observed)}
