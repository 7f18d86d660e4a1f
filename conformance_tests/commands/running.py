"""The command ``run``: options, the run with its progress, the reports."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from conformance_tests.case import Case
from conformance_tests.commands.reading import read_catalogue, with_wire
from conformance_tests.commands.robustness import run_wire_cases
from conformance_tests.commands.target import (
    check_features,
    check_reachable,
    client_of,
    declare_target,
    options_of,
    target_of,
)
from conformance_tests.commands.telling import command_of, repeat_of, report_of
from conformance_tests.errors import INCOMPLETE, INTERRUPTED, CommandError, Unreachable
from conformance_tests.http.wire_cases import WireCase
from conformance_tests.loading import Catalogue
from conformance_tests.profile import Unusable
from conformance_tests.profile_file import apply_profile
from conformance_tests.reports import html, json_report, junit
from conformance_tests.reports.summary import FAIL_ON, exit_status
from conformance_tests.reports.terminal import Terminal
from conformance_tests.runner import Progress
from conformance_tests.selection import select
from conformance_tests.session import Session
from conformance_tests.verdict import CaseResult, Report

#: Seconds that running cases get for cleaning up when a run is stopped.
_CLEANING_S = 10.0
_TICK_S = 0.2


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``run``."""
    declare_target(parser)
    declare_selection(parser)
    how = parser.add_argument_group("how to run")
    how.add_argument("--seed", type=int, metavar="N", help="order of the cases (default: random, shown in reports)")
    how.add_argument("--jobs", type=_at_least(1), metavar="N", default=8, help="cases at once (default: 8)")
    how.add_argument(
        "--patience", type=_seconds, metavar="S", default=5.0, help="how long a notification may take (default: 5)"
    )
    how.add_argument("--timeout", type=_seconds, metavar="S", default=10.0, help="how long an answer may (default: 10)")
    how.add_argument("--max-time", type=_seconds, metavar="S", help="stop after so many seconds (exit status 4)")
    how.add_argument("--fail-on", choices=sorted(FAIL_ON), default="fail", help="verdict for exit status 1")
    how.add_argument("--wire", action="store_true", help="also send malformed and hostile HTTP")
    how.add_argument("--quiet", action="store_true", help="only fails and the summary")
    reports = parser.add_argument_group("reports")
    for name, what in (("html", "one page for a person"), ("junit", "XML for CI"), ("json", "all, for `diff`")):
        reports.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    parser.set_defaults(command_function=run)


def declare_selection(parser: argparse.ArgumentParser) -> None:
    """Declare what chooses cases."""
    group = parser.add_argument_group("which cases")
    words = "identifier, its beginning, pattern, area, rule (SUB-12) or feature (type:group); may be repeated"
    group.add_argument("--select", action="append", default=[], metavar="EXPR", help=words)
    group.add_argument("--skip", action="append", default=[], metavar="EXPR", help="leave out, as --select")


def run(options: argparse.Namespace) -> int:
    """Test a CSE and write the reports."""
    apply_profile(options)
    _check_files(options)
    catalogue = read_catalogue()
    check_features(options, catalogue)
    check_reachable(options.url)
    cases = select(with_wire(catalogue.cases) if options.wire else catalogue.cases, options.select, options.skip)
    if not cases:
        raise CommandError("--skip leaves no case to run")
    options.seed = random.randrange(1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    try:
        return asyncio.run(_Run(options, catalogue, cases).main())
    except Unusable as error:
        raise Unreachable(str(error)) from error


class _Run:
    """One run at a terminal: it can be stopped by Ctrl-C or by time, and leaves reports of what has run."""

    def __init__(self, options: argparse.Namespace, catalogue: Catalogue, cases: tuple[Case | WireCase, ...]) -> None:
        self._options, self._catalogue, self._cases = options, catalogue, cases
        self._client = client_of(options)
        self._terminal = Terminal(sys.stderr, live=False if options.quiet else None, quiet=options.quiet)
        self._stop = asyncio.Event()
        self._interrupted = False

    async def main(self) -> int:
        """Return the exit status."""
        options = self._options
        session = Session(self._client, target_of(options), self._catalogue, options_of(options))
        try:
            await session.__aenter__()
        except OSError as error:
            raise CommandError(f"--listen {options.listen or ''}: cannot listen: {error.strerror or error}") from error
        try:
            report = report_of(session.outcome, command_of(options), repeat_of(options), options.seed)
            self._terminal.opened(report, len(self._cases))
            task = asyncio.create_task(self._play(session))
            await self._watch(task)
        finally:
            await session.__aexit__(None, None, None)
        self._terminal.closed()
        report.results, report.duration_s = session.outcome.results, session.outcome.duration_s
        return self._finish(report)

    async def _play(self, session: Session) -> None:
        began = time.monotonic()
        try:
            await session.run([one for one in self._cases if isinstance(one, Case)], _Shown(self._terminal))
            wire = [one for one in self._cases if isinstance(one, WireCase)]
            shown = (self._terminal.begins, self._terminal.ends)
            await run_wire_cases(wire, self._client, session.outcome, self._options.jobs, *shown)
        finally:
            session.outcome.duration_s = time.monotonic() - began

    async def _watch(self, task: asyncio.Task[None]) -> None:
        """Wait for the end of the run, or end it."""
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends the run without this
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        limit_s = self._options.max_time
        end_s = time.monotonic() + limit_s if limit_s else None
        while not task.done() and not self._stop.is_set() and (end_s is None or time.monotonic() < end_s):
            await asyncio.wait([task], timeout=_TICK_S)
            self._terminal.tick()
        if task.done():
            task.result()
            return
        self._terminal.say("stopping: running cases clean up" + (", Ctrl-C again ends at once" * self._interrupted))
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        task.cancel()
        await asyncio.wait([task], timeout=_CLEANING_S)

    def _interrupt(self) -> None:
        self._interrupted = True
        self._stop.set()

    def _finish(self, report: Report) -> int:
        self._terminal.summary(report)
        missing = len(self._cases) - len(report.results)
        if missing:
            self._terminal.say(f"Stopped before the end: {missing:,} cases were not run")
        for path in _write_reports(self._options, report):
            self._terminal.say(f"Wrote {path}")
        if self._interrupted:
            return INTERRUPTED
        return exit_status(report, self._options.fail_on) or (INCOMPLETE if missing else 0)


class _Shown(Progress):
    """Passes the progress on to the terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def starts(self, case: Case) -> None:
        self._terminal.begins(case.id)

    def ends(self, result: CaseResult) -> None:
        self._terminal.ends(result)


def _write_reports(options: argparse.Namespace, report: Report) -> list[Path]:
    writers = ((options.json, json_report.write), (options.junit, junit.write), (options.html, html.write))
    written = []
    for path, write in writers:
        if path is not None:
            try:
                write(report, path)
            except OSError as error:
                raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from error
            written.append(path)
    return written


def _check_files(options: argparse.Namespace) -> None:
    """Find out before the run what would be lost after it."""
    for name in ("html", "junit", "json"):
        path: Path | None = getattr(options, name)
        if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
            raise CommandError(f"--{name} {path}: is no file in an existing folder")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {least}")
        return int(text)

    return number


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value
