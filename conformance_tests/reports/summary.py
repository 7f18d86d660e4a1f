"""Counting verdicts: in all, by area, by feature, and what that means for the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from conformance_tests.verdict import CaseResult, Report, Verdict

#: What is counted under when a case needs no feature.
EVERY_CSE = "every CSE"
#: How a run is judged (``--fail-on``) -> the verdicts that make it fail.
FAIL_ON: Mapping[str, frozenset[Verdict]] = {
    "fail": frozenset({Verdict.FAIL}),
    "inconclusive": frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE}),
    "never": frozenset(),
}
#: Worst first: the order in which results are shown.
SEVERITY = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)


@dataclass(slots=True)
class Tally:
    """How many cases of an area or feature got which verdict."""

    name: str
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        """All of them."""
        return self.verdicts.total()

    @property
    def applicable(self) -> int:
        """Those whose features the CSE claims."""
        return self.cases - self.verdicts[Verdict.NOT_APPLICABLE]

    @property
    def passed_percent(self) -> str:
        """Share of the applicable cases that pass; 100 % only if all do."""
        return percent(self.verdicts[Verdict.PASS], self.applicable)


def percent(part: int, whole: int) -> str:
    """Return a share in per cent with one decimal, never rounded up to 100 nor down to 0."""
    if not whole:
        return "-"
    if part == whole:
        return "100 %"
    return f"{min(max(100 * part / whole, 0.1 if part else 0.0), 99.9):.1f} %"


def total(results: Iterable[CaseResult]) -> Tally:
    """Count all results."""
    return Tally("all", Counter(result.verdict for result in results))


def by_area(results: Iterable[CaseResult]) -> list[Tally]:
    """Count by area, in the order of names (groups of TS-0018 are in capitals, they come first)."""
    return _tallies((result.area, result.verdict) for result in results)


def by_feature(results: Iterable[CaseResult]) -> list[Tally]:
    """Count by needed feature; a case counts for each feature that it needs. Those with most fails first."""
    pairs = ((name, result.verdict) for result in results for name in dict.fromkeys(result.needs or (EVERY_CSE,)))
    return sorted(_tallies(pairs), key=_trouble)


def worst_first(results: Iterable[CaseResult]) -> list[CaseResult]:
    """Order results for reading: fails first, then by area and id."""
    return sorted(results, key=lambda result: (SEVERITY.index(result.verdict), result.area, result.id))


def exit_status(report: Report, fail_on: str) -> int:
    """Return 1 when the run has a verdict that ``fail_on`` (a key of ``FAIL_ON``) does not accept, else 0."""
    return int(any(result.verdict in FAIL_ON[fail_on] for result in report.results))


def _tallies(pairs: Iterable[tuple[str, Verdict]]) -> list[Tally]:
    found: dict[str, Tally] = {}
    for name, verdict in pairs:
        found.setdefault(name, Tally(name)).verdicts[verdict] += 1
    return [found[name] for name in sorted(found)]


def _trouble(tally: Tally) -> tuple[int, int, bool, str]:
    verdicts = tally.verdicts
    return -verdicts[Verdict.FAIL], -verdicts[Verdict.INCONCLUSIVE], not tally.applicable, tally.name
