import pytest

from conformance_tests.reports.summary import by_area, by_feature, exit_status, percent
from conformance_tests.reports.text import one_line, repeat_command, span, visible
from conformance_tests.verdict import Verdict
from tests.conformance.reports import samples

P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("fail_on", "verdict", "status"),
    [
        ("fail", P, 0),
        ("fail", N, 0),
        ("fail", U, 0),
        ("fail", F, 1),
        ("inconclusive", U, 1),
        ("inconclusive", F, 1),
        ("inconclusive", N, 0),
        ("never", F, 0),
    ],
)
def test_the_exit_status_follows_the_rule(fail_on: str, verdict: Verdict, status: int) -> None:
    assert exit_status(samples.report([samples.result(1, P), samples.result(2, verdict)]), fail_on) == status


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert [percent(*parts) for parts in ((1999, 2000), (1, 5000), (0, 7), (7, 7), (0, 0))] == [
        "99.9 %",
        "0.1 %",
        "0.0 %",
        "100 %",
        "-",
    ]


def test_areas_are_in_the_order_of_names_and_features_with_fails_come_first() -> None:
    results = [
        samples.result(1, P, "container", needs=("a", "b")),
        samples.result(2, F, "SUB", needs=("b", "c", "c")),
        samples.result(3, N, "DMR", needs=()),
    ]
    assert [tally.name for tally in by_area(results)] == ["DMR", "SUB", "container"]
    assert [(tally.name, tally.cases) for tally in by_feature(results)] == [
        ("b", 2),
        ("c", 1),
        ("a", 1),
        ("every CSE", 1),
    ]


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    assert visible("a\r\nb\tc\x1b[2J\x9b\u202e\ud800\u2028") == "a\nb\tc\\x1b[2J\\x9b\\u202e\\ud800\\u2028"
    assert visible("Zähler ✓ 計器 \U0001f600") == "Zähler ✓ 計器 \U0001f600"


def test_one_line_is_one_line_of_at_most_the_limit() -> None:
    assert one_line("  a\n b\r\n\tc ") == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_durations_are_told_as_people_do() -> None:
    assert [span(seconds) for seconds in (0.04, 9.96, 59.6, 125, 3720)] == [
        "0.0 s",
        "10.0 s",
        "1 min 0 s",
        "2 min 5 s",
        "1 h 2 min",
    ]


def test_an_identifier_is_quoted_for_the_shell() -> None:
    assert repeat_command("run --select {id}", "TP/oneM2M/CSE/DMR/CRE/020_ACP (later numbering)").endswith(
        "--select 'TP/oneM2M/CSE/DMR/CRE/020_ACP (later numbering)'"
    )
    assert repeat_command("run --select {id}", "a'; rm $(x) {id}") == """run --select 'a'"'"'; rm $(x) {id}'"""
