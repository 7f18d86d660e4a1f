"""What the end of a run advises."""

from typing import Any

from conformance_tests.reports.advice import advice
from conformance_tests.verdict import CaseResult, Exchange, Verdict
from tests.conformance.reports import samples

LISTENING = ("tester:listen", "type:subscription")


def several(verdict: Verdict, number: int, **more: Any) -> list[CaseResult]:
    return [samples.result(one, verdict, **more) for one in range(number)]


def test_a_run_without_trouble_needs_no_advice() -> None:
    assert list(advice([])) == []
    assert list(advice(several(Verdict.PASS, 9, needs=LISTENING))) == []


def test_who_cannot_register_is_told_of_the_identifiers() -> None:
    reason = "given 1 (ae ae): the answer is 4103 (no), expected success"
    (told,) = advice([*several(Verdict.INCONCLUSIVE, 4, reason=reason), *several(Verdict.PASS, 9)])
    assert told == "4 cases could not register an AE: --ae-id and --app-id say what the CSE accepts"
    assert list(advice(several(Verdict.INCONCLUSIVE, 2, reason=reason))) == []


def test_who_is_no_administrator_is_told() -> None:
    reason = "given 2 (create acp): the answer is 4103 (no), expected success"
    other = "given 2 (create acp): the answer is 5000, expected success"
    unclear = several(Verdict.INCONCLUSIVE, 4, reason=reason)
    (told,) = advice([*unclear, *several(Verdict.INCONCLUSIVE, 4, reason=other)])
    assert told == "4 cases were denied what they need first: --originator has to be an administrator"
    assert list(advice([*unclear, *several(Verdict.INCONCLUSIVE, 5, reason=other)])) == []


def test_who_is_not_heard_of_is_told_how_the_cse_gets_there() -> None:
    silent = several(Verdict.FAIL, 4, needs=LISTENING)
    (told,) = advice([*silent, *several(Verdict.PASS, 2, needs=LISTENING)])
    assert told.startswith("No notification came to the tester: --notify-host says")
    assert list(advice([*silent, *several(Verdict.PASS, 5, needs=LISTENING)])) == []
    silent[0].exchanges.append(Exchange("in", 0.1, "steps 2", "POST /", "200"))
    assert list(advice(silent)) == []
