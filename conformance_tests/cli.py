"""The command ``banyan-conformance``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

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
    try:
        options = build_parser().parse_args(argv)
        status: int = options.command_function(options)
        sys.stdout.flush()
    except CommandError as error:
        print(f"banyan-conformance: {one_line(str(error))}", file=sys.stderr)
        return error.status
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
    """Declare the commands. Raises CommandError when a library of the suite is not installed."""
    try:
        from conformance_tests.commands import catalogue, comparing, running
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("conformance_tests"):
            raise
        raise CommandError(f"{error.name} is not installed: pip install 'banyan-cse[conformance]'") from error
    parser = _Parser(
        prog="banyan-conformance",
        description="Tests whether a CSE conforms to oneM2M: black box, over HTTP, any CSE.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    running.declare(commands.add_parser("run", help="test a CSE", allow_abbrev=False))
    catalogue.declare_list(commands.add_parser("list", help="list the cases", allow_abbrev=False))
    catalogue.declare_explain(commands.add_parser("explain", help="tell what a case does", allow_abbrev=False))
    comparing.declare(commands.add_parser("diff", help="compare two JSON reports", allow_abbrev=False))
    catalogue.declare_coverage(commands.add_parser("coverage", help="tell what the cases cover", allow_abbrev=False))
    return parser
