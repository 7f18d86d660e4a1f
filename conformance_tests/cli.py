"""The command ``banyan-conformance``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from conformance_tests.case import CatalogueError
from conformance_tests.commands import catalogue, comparing, running
from conformance_tests.errors import INTERRUPTED, OK, USAGE, CommandError
from conformance_tests.reports.text import one_line

_EPILOG = """\
examples:
  banyan-conformance run --url http://127.0.0.1:8080 --originator CAdmin
  banyan-conformance run --url http://cse.example:8080 --originator CAdmin --listen 0.0.0.0:9000 \\
      --notify-host tester.example --html report.html --junit report.xml --json report.json
  banyan-conformance run --url ... --originator ... --select SUB-12 --select 'TC_CSE_DMR_*'
  banyan-conformance explain TC_CSE_REG_CRE_001
  banyan-conformance diff before.json after.json --html changes.html

exit status: 0 good, 1 something failed (diff: got worse), 2 wrong command line, 3 no CSE at the URL,
             4 stopped by --max-time before the end, 130 stopped by Ctrl-C
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = build_parser().parse_args(argv)
    try:
        status: int = options.command_function(options)
        sys.stdout.flush()
    except (CommandError, CatalogueError) as error:
        print(f"banyan-conformance: {one_line(str(error))}", file=sys.stderr)
        return error.status if isinstance(error, CommandError) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe left: nothing to flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return status


class _Parser(argparse.ArgumentParser):
    """Tells a wrong command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; `{self.prog} --help` tells more\n")


def build_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = _Parser(
        prog="banyan-conformance",
        description="Tests whether a CSE conforms to oneM2M: black box, over HTTP, any CSE.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    running.declare(commands.add_parser("run", help="test a CSE", allow_abbrev=False))
    _declare_list(commands.add_parser("list", help="list the cases", allow_abbrev=False))
    _declare_explain(commands.add_parser("explain", help="tell what a case does", allow_abbrev=False))
    _declare_diff(commands.add_parser("diff", help="compare two JSON reports", allow_abbrev=False))
    _declare_coverage(commands.add_parser("coverage", help="tell what the cases cover", allow_abbrev=False))
    return parser


def _declare_list(parser: argparse.ArgumentParser) -> None:
    running.declare_selection(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command_function=catalogue.list_cases)


def _declare_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="identifier of a case, its beginning, a pattern, a rule")
    parser.set_defaults(command_function=catalogue.explain_case)


def _declare_diff(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compares two reports: of two versions of a CSE, or of two CSEs. Exit status 1: got worse."
    parser.add_argument("before", metavar="A.json", type=Path, help="report that `run --json` wrote")
    parser.add_argument("after", metavar="B.json", type=Path, help="report to compare with it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", metavar="FILE", type=Path, help="also write a page for a person")
    parser.set_defaults(command_function=comparing.compare)


def _declare_coverage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--reasons", action="store_true", help="also print why something has no case")
    parser.set_defaults(command_function=catalogue.cover)
