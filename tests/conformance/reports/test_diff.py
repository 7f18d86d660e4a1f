import dataclasses
import json

import pytest

from conformance_tests.reports import diff, diff_page
from conformance_tests.reports.diff import Kind
from conformance_tests.verdict import Report, Verdict
from tests.conformance.reports import samples

P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE


def reported(*verdicts: Verdict, first: int = 0) -> Report:
    return samples.report([samples.result(number, verdict) for number, verdict in enumerate(verdicts, first)])


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        *((P, after, Kind.WORSE) for after in (F, U, N)),
        *((before, F, Kind.WORSE) for before in (U, N)),
        *((before, P, Kind.BETTER) for before in (F, U, N)),
        *((F, after, Kind.OTHER) for after in (U, N)),
        (U, N, Kind.OTHER),
        (N, U, Kind.OTHER),
    ],
)
def test_a_change_of_verdict_has_its_kind(before: Verdict, after: Verdict, kind: Kind) -> None:
    comparison = diff.compare(reported(before), reported(after))
    assert [change.kind for change in comparison.changes] == [kind]
    assert comparison.exit_status == (kind is Kind.WORSE)


def test_equal_reports_have_no_difference() -> None:
    comparison = diff.compare(samples.typical(100), samples.typical(100))
    assert (comparison.changes, comparison.same, comparison.exit_status) == ([], 100, 0)
    assert "no difference; 100 the same" in list(diff.lines(comparison))
    assert "Nothing got worse" in diff_page.page(comparison)


def test_new_and_removed_cases_are_not_worse() -> None:
    comparison = diff.compare(reported(P, P), reported(F, F, first=2))
    assert [change.kind for change in comparison.changes] == [Kind.NEW] * 2 + [Kind.REMOVED] * 2
    assert comparison.exit_status == 0


def test_another_permitted_outcome_is_told() -> None:
    before, after = reported(P), reported(P)
    before.results[0].observed, after.results[0].observed = ("steps 1: 4000",), ("steps 1: 4102",)
    comparison = diff.compare(before, after)
    assert [change.kind for change in comparison.changes] == [Kind.OBSERVED]
    assert any("steps 1: 4000 → steps 1: 4102" in line for line in diff.lines(comparison))
    assert comparison.exit_status == 0


def test_regressions_come_first_and_fails_first_of_them() -> None:
    comparison = diff.compare(reported(F, P, P, F), reported(P, N, F, U))
    assert [change.verdicts for change in comparison.changes] == [
        "pass → fail",
        "pass → not applicable",
        "fail → pass",
        "fail → inconclusive",
    ]


def test_many_changes_are_cut_in_the_terminal_but_no_regression_is() -> None:
    many = diff.compare(reported(*[P] * 60, *[F] * 60), reported(*[F] * 60, *[P] * 60))
    told = list(diff.lines(many))
    assert sum("pass → fail" in line for line in told) == 60
    assert sum("fail → pass" in line for line in told) == 40
    assert "  ... and 20 more, see --json or --html" in told


def test_the_json_form_has_both_sides() -> None:
    data = json.loads(diff.dumps(diff.compare(reported(P, P), reported(F, P, P))))
    assert data["before"]["verdicts"] == {"pass": 2, "fail": 0, "inconclusive": 0, "not applicable": 0}
    assert data["same"] == 1
    assert [(one["kind"], one["id"]) for one in data["changes"]] == [
        ("worse", "TC_CSE_DMR_CRE_000_CNT"),
        ("new", "TC_CSE_DMR_CRE_002_CNT"),
    ]
    assert data["changes"][0]["after"]["reason"].startswith("steps 1")


def test_hostile_text_stays_text_in_every_form() -> None:
    before, after = samples.hostile(), samples.hostile()
    after.results = [dataclasses.replace(one, verdict=F) for one in after.results]
    comparison = diff.compare(before, after)
    page = diff_page.page(comparison)
    assert "<script" not in page
    assert "<img" not in page
    page.encode("utf-8")
    assert not any(ord(character) < 32 for line in diff.lines(comparison) for character in line)
    json.loads(diff.dumps(comparison))
    assert len(page) < 2_000_000
