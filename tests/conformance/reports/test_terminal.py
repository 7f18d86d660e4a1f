import io

from conformance_tests.reports.terminal import Terminal, summary_lines
from conformance_tests.verdict import Verdict
from tests.conformance.reports import samples


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def shown(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def test_a_log_has_a_line_for_each_trouble_and_the_progress_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    terminal = Terminal(stream, now=clock)
    terminal.opened(samples.report([]), 4)
    assert shown(stream) == "http://127.0.0.1:8080  /id-in · cse-in\n4 cases, seed 4711\n"
    for number, verdict in enumerate((Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)):
        result = samples.result(number, verdict)
        terminal.begins(result.id)
        terminal.ends(result)
    assert shown(stream).splitlines() == [
        "fail  TC_CSE_DMR_CRE_001_CNT",
        "      steps 1: expected rsc 4105, the CSE answered 2001 (CREATED)",
        "inconcl.  TC_CSE_DMR_CRE_002_CNT",
        "      steps 1: expected rsc 4105, the CSE answered 2001 (CREATED)",
    ]
    terminal.begins("TC_slow")
    clock.now_s += 30
    terminal.tick()
    terminal.tick()
    expected = "3/4 75 %  1 pass, 1 fail, 1 inconclusive  0.1/s  · TC_slow (30 s)\n"
    assert shown(stream) == expected


def test_a_terminal_has_a_line_that_is_drawn_anew() -> None:
    stream, clock = io.StringIO(), Clock()
    terminal = Terminal(stream, live=True, colour=False, now=clock)
    terminal.opened(samples.report([]), 2)
    shown(stream)
    clock.now_s += 1
    terminal.begins("TC_a")
    assert shown(stream) == "0/2 0 %  0 pass, 0 fail  0.0/s  · TC_a (0.0 s)"
    terminal.begins("TC_b")
    assert shown(stream) == ""
    clock.now_s += 1
    terminal.ends(samples.result(1, Verdict.FAIL))
    assert shown(stream).startswith("\r\x1b[Kfail  TC_CSE_DMR_CRE_001_CNT\n0/2 0 %")
    terminal.closed()
    assert shown(stream) == "\r\x1b[K"


def test_what_a_cse_sends_does_not_steer_the_terminal() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, live=False, colour=False)
    report = samples.hostile()
    terminal.opened(report, 4)
    for result in report.results:
        terminal.ends(result)
    terminal.summary(report)
    assert not {character for character in stream.getvalue() if ord(character) < 32} - {"\n"}
    assert "\u202e" not in stream.getvalue()


def test_a_terminal_of_few_characters_gets_no_error() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    terminal = Terminal(stream, live=False)
    terminal.opened(samples.report([]), 1)
    terminal.summary(samples.hostile())


def test_the_summary_tells_areas_features_in_trouble_and_how_to_repeat() -> None:
    results = [
        samples.result(1, Verdict.PASS),
        samples.result(2, Verdict.FAIL, "SUB"),
        samples.result(3, Verdict.NOT_APPLICABLE),
    ]
    text = "\n".join(summary_lines(samples.report(results)))
    assert "DMR        2        1        .        .        1    100 %" in text
    assert "SUB        1        .        1        .        .    0.0 %" in text
    assert "feature with trouble" in text
    assert "3 cases in 1 min 23 s: 1 pass, 1 fail, 1 not applicable" in text
    assert "50.0 % of 2 applicable cases pass" in text
    assert "\nRepeat one: banyan-conformance run --url http://127.0.0.1:8080" in text
    assert text.endswith("--select TC_CSE_SUB_CRE_002_CNT")


def test_a_run_with_nothing_applicable_says_so() -> None:
    text = "\n".join(summary_lines(samples.report([samples.result(3, Verdict.NOT_APPLICABLE)])))
    assert "No case was applicable" in text
