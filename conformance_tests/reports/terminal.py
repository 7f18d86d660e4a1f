"""Progress of a run and its summary, for a person at a terminal or the log of a CI job."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from conformance_tests.reports.advice import advice
from conformance_tests.reports.summary import Tally, by_area, by_feature, percent, total
from conformance_tests.reports.text import one_line, repeat_command, span, visible
from conformance_tests.verdict import CaseResult, Report, Verdict

#: Verdict -> SGR colour and heading.
_COLOURS: Mapping[Verdict, str] = {
    Verdict.PASS: "32",
    Verdict.FAIL: "31;1",
    Verdict.INCONCLUSIVE: "33",
    Verdict.NOT_APPLICABLE: "2",
}
_HEADS: Mapping[Verdict, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "inconcl.",
    Verdict.NOT_APPLICABLE: "n/a",
}
_TROUBLE = (Verdict.FAIL, Verdict.INCONCLUSIVE)
#: Seconds between two drawings of the progress line, and between two lines of a log.
_REDRAW_S, _LOG_S = 0.1, 15.0
#: Cases from which on the remaining time can be guessed: those that take long start first.
_ENOUGH = 200
#: Features shown in the summary: those with trouble, at most so many.
_FEATURES_SHOWN = 12


class Terminal:
    """Shows a run while it goes on.

    On a terminal the last line is drawn anew; without one, each trouble is a line and the progress is told now and
    then (``quiet``: never). ``live`` and ``colour`` are found out when not given.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool | None = None,
        colour: bool | None = None,
        quiet: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        able = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._stream = stream
        self._live = able if live is None else live
        self._colour = (able and not os.environ.get("NO_COLOR")) if colour is None else colour
        self._quiet = quiet
        self._now = now
        self._total = 0
        self._began_s = self._drawn_s = now()
        self._running: dict[str, float] = {}
        self._counts: Counter[Verdict] = Counter()
        self._line = ""

    def opened(self, report: Report, cases: int) -> None:
        """The target has been looked at; so many cases are to come."""
        self._total = cases
        self._began_s = self._drawn_s = self._now()
        target = report.target
        name = " · ".join(value for key, value in target.items() if key in {"csi", "name"} and value)
        self.say(f"{one_line(target.get('url', ''))}  {one_line(name)}".rstrip())
        self.say(f"{cases:,} cases, seed {report.seed}")

    def begins(self, case_id: str) -> None:
        """A case begins."""
        self._running[case_id] = self._now()
        self.tick()

    def ends(self, result: CaseResult) -> None:
        """A case has its verdict; trouble is told at once."""
        self._running.pop(result.id, None)
        self._counts[result.verdict] += 1
        if result.verdict in _TROUBLE:
            self.say(f"{self._painted(_HEADS[result.verdict], result.verdict)}  {one_line(result.id)}")
            self.say(f"      {one_line(result.reason, 300)}")
        self.tick()

    def tick(self) -> None:
        """Draw the progress when it is time to; also to be called now and then while nothing happens."""
        now = self._now()
        if self._quiet or now - self._drawn_s < (_REDRAW_S if self._live else _LOG_S):
            return
        self._drawn_s = now
        if self._live:
            self._draw(self._progress(now))
        else:
            self._write(f"{self._progress(now)}\n")

    def closed(self) -> None:
        """The run is over: take the progress line away."""
        self._draw("")

    def say(self, text: str) -> None:
        """Write a line above the progress line."""
        line, self._line = self._line, ""
        self._write(f"{_ERASE if line else ''}{text}\n")
        self._draw(line)

    def summary(self, report: Report) -> None:
        """Tell the outcome by area and feature, and how to repeat what went wrong."""
        for line in summary_lines(report, self._painted if self._colour else None):
            self.say(line)

    def _progress(self, now: float) -> str:
        done, passed_s = self._counts.total(), now - self._began_s
        played = done - self._counts[Verdict.NOT_APPLICABLE]  # the others take no time
        rate = played / passed_s if passed_s > 0 else 0.0
        told = played >= _ENOUGH and done < self._total
        left = f", about {span((self._total - done) / rate)} left" if told else ""
        counts = f"{self._counts[Verdict.PASS]} pass, {self._counts[Verdict.FAIL]} fail"
        unclear = self._counts[Verdict.INCONCLUSIVE]
        counts += f", {unclear} inconclusive" if unclear else ""
        share = int(100 * done / self._total) if self._total else 100
        return f"{done:,}/{self._total:,} {share} %  {counts}  {rate:.1f}/s{left}{self._now_running(now)}"

    def _now_running(self, now: float) -> str:
        if not self._running:
            return ""
        case_id, since_s = next(iter(self._running.items()))
        others = f" and {len(self._running) - 1} more" if len(self._running) > 1 else ""
        return f"  · {one_line(case_id)} ({span(now - since_s)}){others}"

    def _draw(self, line: str) -> None:
        if not self._live:
            return
        line = line[: shutil.get_terminal_size().columns - 1]
        if line or self._line:
            self._write(f"{_ERASE if self._line else ''}{line}")
        self._line = line

    def _painted(self, text: str, verdict: Verdict) -> str:
        return f"\x1b[{_COLOURS[verdict]}m{text}\x1b[0m" if self._colour else text

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()


_ERASE = "\r\x1b[K"


def summary_lines(report: Report, painted: Callable[[str, Verdict], str] | None = None) -> Iterator[str]:
    """Return the summary of a report as lines."""
    paint = painted or (lambda text, _: text)
    yield ""
    yield from _table("area", by_area(report.results), paint)
    troubled = [tally for tally in by_feature(report.results) if any(tally.verdicts[one] for one in _TROUBLE)]
    if troubled:
        yield ""
        yield from _table("feature with trouble", troubled[:_FEATURES_SHOWN], paint)
        if len(troubled) > _FEATURES_SHOWN:
            yield f"... and {len(troubled) - _FEATURES_SHOWN} more features"
    yield ""
    yield from _closing(report, paint)


def _table(head: str, tallies: list[Tally], paint: Callable[[str, Verdict], str]) -> Iterator[str]:
    width = max([len(head), *(len(visible(tally.name)) for tally in tallies)])
    yield f"{head:<{width}}  {'cases':>6}" + "".join(f"{_HEADS[verdict]:>9}" for verdict in Verdict) + f"{'passed':>9}"
    for tally in tallies:
        cells = "".join(
            paint(f"{tally.verdicts[verdict] or '.':>9}", verdict) if tally.verdicts[verdict] else f"{'.':>9}"
            for verdict in Verdict
        )
        yield f"{visible(tally.name):<{width}}  {tally.cases:>6}{cells}{tally.passed_percent:>9}"


def _closing(report: Report, paint: Callable[[str, Verdict], str]) -> Iterator[str]:
    tally = total(report.results)
    counts = ", ".join(
        paint(f"{tally.verdicts[verdict]:,} {verdict}", verdict) for verdict in Verdict if tally.verdicts[verdict]
    )
    yield f"{tally.cases:,} cases in {span(report.duration_s)}: {counts or 'none was run'}"
    if tally.applicable:
        yield f"{percent(tally.verdicts[Verdict.PASS], tally.applicable)} of {tally.applicable:,} applicable cases pass"
    elif tally.cases:
        yield "No case was applicable: the CSE claims none of the features that they need (see --claim and --profile)"
    yield from advice(report.results)
    first = next((one for verdict in _TROUBLE for one in report.results if one.verdict is verdict), None)
    if first:
        yield f"Repeat one: {visible(repeat_command(report.repeat, first.id))}"
