"""The argument parser: common options, and a place where command groups put their commands."""

from __future__ import annotations

import argparse
import re
from argparse import SUPPRESS
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from cse.cli import exit_codes
from cse.cli.errors import UsageError

if TYPE_CHECKING:
    from cse.cli.output import Output

Run = Callable[[argparse.Namespace, "Output"], int]

_CHOICE = re.compile(r"argument COMMAND: invalid choice: '(?P<given>.*)' \(choose from (?P<known>.*)\)")
_WORD = re.compile(r"[a-z]+")
DEFAULT_CSE = "http://127.0.0.1:8080"
EPILOG = f"""\
{exit_codes.HELP}
environment:
  BANYAN_CSE         address of the CSE (--cse)
  BANYAN_TRANSPORT   binding to ask it over (--transport)
  BANYAN_ORIGINATOR  who asks (--from)
  NO_COLOR           no colours
  BANYAN_HTTP__PORT  and so on: every setting of `banyan config show`
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that ``--json`` applies to them too."""

    leaf = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse; below a command options may stand between positional arguments."""
        if not self.leaf:
            return super().parse_known_args(args, namespace)
        self.leaf = False  # what follows comes back here
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.leaf = True

    def _parse_optional(self, arg_string: str) -> Any:
        """Take ``-/meter`` for a target: ``-`` is the CSEBase, and no option begins with ``-/``."""
        return None if arg_string.startswith("-/") else super()._parse_optional(arg_string)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError; a command that is none gets the nearest one."""
        if found := _CHOICE.fullmatch(message):
            near = get_close_matches(found["given"], _WORD.findall(found["known"]), 1)
            message = f"{found['given']!r} is no command" + (f"; did you mean {near[0]!r}?" if near else "")
        raise UsageError(message, f"`{self.prog} --help` shows what there is")


class Commands:
    """The commands of ``program``; a group adds its own with ``add``."""

    def __init__(self, parser: Parser) -> None:
        self.program = parser
        self._parsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def add(self, name: str, summary: str, run: Run | None = None, *, remote: bool = True) -> Parser:
        """Declare a command that ``run`` performs; a ``remote`` one talks to a CSE and has the options for it."""
        parser = self._parsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        add_common_options(parser)
        parser.set_defaults(remote=remote)
        if remote:
            add_remote_options(parser)
        if run is not None:
            parser.set_defaults(run=run)
            parser.leaf = True
        return parser


def add_common_options(parser: Parser) -> None:
    """Declare options of every command; absent ones leave no trace, so they may stand before or after the command."""
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="machine-readable output, errors too")
    parser.add_argument("--verbose", "-v", action="store_true", default=SUPPRESS, help="show requests and answers")


def add_remote_options(parser: Parser) -> None:
    """Declare options of commands that talk to a CSE."""
    for names, dest, kind, metavar, text in (
        (("--cse",), "cse", str, "URL", f"address of the CSE (default {DEFAULT_CSE})"),
        (("--transport",), "transport", str, "NAME", "http, coap, coap+tcp, mqtt or ws: at its usual port at the CSE"),
        (("--from",), "originator", str, "ORIGINATOR", "who asks: an AE-ID such as Cmeter"),
        (("--timeout",), "timeout", float, "S", "seconds to wait for an answer (default 10)"),
        (("--ca",), "ca", str, "FILE", "certificate authority to trust for https and the like"),
    ):
        parser.add_argument(*names, dest=dest, type=kind, metavar=metavar, default=SUPPRESS, help=text)
    parser.add_argument("--non-blocking", action="store_true", default=SUPPRESS,
                        help="have requests acknowledged at once, then fetch their results")
