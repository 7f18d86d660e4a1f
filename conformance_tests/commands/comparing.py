"""The command ``diff``."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance_tests.errors import CommandError
from conformance_tests.reports import diff, diff_page, json_report


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare ``diff``."""
    parser.description = "Compares two reports: of two versions of a CSE, or of two CSEs. Exit status 1: got worse."
    parser.add_argument("before", metavar="A.json", type=Path, help="report that `run --json` wrote")
    parser.add_argument("after", metavar="B.json", type=Path, help="report to compare with it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", metavar="FILE", type=Path, help="also write a page for a person")
    parser.set_defaults(command_function=compare)


def compare(options: argparse.Namespace) -> int:
    """Print what differs between two reports; 1 when something got worse."""
    try:
        before, after = json_report.read(options.before), json_report.read(options.after)
    except json_report.UnreadableReport as error:
        raise CommandError(str(error)) from error
    comparison = diff.compare(before, after)
    if options.html:
        _write(options.html, diff_page.page(comparison))
    print(
        diff.dumps(comparison) if options.json else "\n".join(diff.lines(comparison)), end="" if options.json else "\n"
    )
    return comparison.exit_status


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error
