"""``banyan discover``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from cse.cli.output import Output
from cse.cli.requests import TARGET

if TYPE_CHECKING:
    from cse.cli.parser import Commands
    from cse.client import Client

#: Options that are query fields of the same name, with their help.
FIELDS = {
    "ty": "resource types, joined by +: cnt+ae",
    "lbl": "labels, joined by +; any of them matches",
    "lvl": "how many levels to search",
    "lim": "how many results at most",
    "ofst": "start at this result",
    "drt": "1 structured identifiers (default), 2 resource IDs",
}


def add(commands: Commands) -> None:
    """Declare the command."""
    discover = commands.add("discover", "find resources", _discover)
    discover.add_argument("target", metavar="TARGET", nargs="?", default="-", help=f"where to search: {TARGET}")
    discover.add_argument(
        "conditions",
        metavar="NAME=VALUE",
        nargs="*",
        default=[],
        help="more conditions: rn=meter* crb=20260101T000000 fo=2 …",
    )
    for name, text in FIELDS.items():
        discover.add_argument(f"--{name}", metavar=name.upper(), help=text)


def _discover(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.query import put_conditions
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of
    from cse.client import FilterCriteria, Operation, RequestPrimitive

    if "=" in options.target and "://" not in options.target:
        options.target, options.conditions = "-", [options.target, *options.conditions]
    target = target_of(options.target, options.cse)
    request = RequestPrimitive(Operation.RETRIEVE, target.to)
    chosen = [f"{name}={getattr(options, name)}" for name in FIELDS if getattr(options, name) is not None]
    put_conditions(request, target.query, [*options.conditions, *chosen])
    request.filter_criteria = replace(request.filter_criteria or FilterCriteria(), usage=1)

    async def work(client: Client) -> None:
        found = await client.discover_all(request)
        if output.as_json:
            output.document(found)
        else:
            for address in found:
                output.line(address)
            output.note(f"{len(found)} found")

    return run_with_client(options, target, work)
