"""The ``banyan`` command. What a command needs is imported when it runs, so that ``banyan --help`` is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from cse.cli import (
    broker,
    completion,
    configuration,
    describing,
    discovery,
    exit_codes,
    field,
    models,
    requests,
    running,
    tree,
    watching,
)
from cse.cli.errors import failure_of
from cse.cli.output import Output
from cse.cli.parser import DEFAULT_CSE, EPILOG, Commands, Parser, add_common_options, add_remote_options

GROUPS = (running, requests, discovery, tree, watching, configuration, broker, models, field, describing, completion)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    output = Output(as_json="--json" in arguments)
    options = argparse.Namespace(cse=os.environ.get("BANYAN_CSE", "") or DEFAULT_CSE)
    try:
        build_parser().parse_args(arguments, options)
        if options.remote and options.transport:
            options.cse = _over(options)
        code: int = options.run(options, output)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # the reader left: nothing to flush at exit
        return exit_codes.OK
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        output.failure(failure)
        return failure.exit_code
    return code


def _over(options: argparse.Namespace) -> str:
    from cse.cli.transports import address_over

    return address_over(options.transport, options.cse, options.originator, given=options.cse != DEFAULT_CSE)


def build_parser() -> Parser:
    """Declare all commands."""
    parser = Parser(
        prog="banyan",
        description="An open-source oneM2M CSE: run it, and talk to it or to any other.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_options(parser)
    add_remote_options(parser)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(
        json=False, verbose=False, timeout=10.0, ca="", originator=os.environ.get("BANYAN_ORIGINATOR", ""),
        transport=os.environ.get("BANYAN_TRANSPORT", ""),
    )
    commands = Commands(parser)
    for group in GROUPS:
        group.add(commands)
    return parser


class _Version(argparse.Action):
    """Print the version, looked up only now."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"banyan {version('banyan-cse')}")
        parser.exit()
