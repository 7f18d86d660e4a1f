"""``banyan tree``."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cse.cli.output import BOLD, CYAN, DIM, Output
from cse.cli.requests import TARGET

if TYPE_CHECKING:
    from cse.cli.parser import Commands
    from cse.client import Client, Reference

Values = Mapping[str, "dict[str, Any] | None"]
#: Latest values asked for at the same time.
CONCURRENT = 8
CONTAINER, TIME_SERIES = 3, 29
WIDTH = 60


def add(commands: Commands) -> None:
    """Declare the command."""
    tree = commands.add("tree", "show the resource tree with the latest values", _tree)
    tree.add_argument("target", metavar="TARGET", nargs="?", default="-", help=TARGET)
    tree.add_argument("--depth", metavar="N", type=int, help="how many levels")
    tree.add_argument("--no-values", action="store_true", help="do not ask for the latest values")


def _tree(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of

    target = target_of(options.target, options.cse)

    async def work(client: Client) -> None:
        root = await client.tree(target.to, options.depth)
        values = {} if options.no_values else await _latest(client, root)
        if output.as_json:
            output.document(as_object(root, values))
        else:
            for line in drawing(root, values, output):
                output.line(line)

    return run_with_client(options, target, work)


async def _latest(client: Client, root: Reference) -> Values:
    """Return the newest instance of containers and time series by address; None where none may be read."""
    from cse.client import RequestFailed

    gate = asyncio.Semaphore(CONCURRENT)

    async def one(address: str) -> dict[str, Any] | None:
        async with gate:
            try:
                return await client.latest(address)
            except RequestFailed:
                return None

    containers = [each.address for each in root.walk() if each.type in (CONTAINER, TIME_SERIES)]
    return dict(zip(containers, await asyncio.gather(*map(one, containers)), strict=True))


def as_object(node: Reference, values: Values) -> dict[str, Any]:
    """Return the tree for machines."""
    from cse.client.kinds import short_name

    members: dict[str, Any] = {"name": node.name, "type": node.type, "kind": short_name(node.type)}
    members["address"] = node.address
    if (latest := values.get(node.address)) is not None:
        members["latest"] = latest
    members["children"] = [as_object(child, values) for child in node.children]
    return members


def drawing(node: Reference, values: Values, output: Output, head: str = "", tail: str = "") -> Iterator[str]:
    """Yield the lines of the tree; ``head`` stands before this line, ``tail`` before those below it."""
    yield f"{head}{_label(node, values, output)}"
    for child in node.children:
        last = child is node.children[-1]
        branch, below = ("└── ", "    ") if last else ("├── ", "│   ")
        yield from drawing(child, values, output, tail + branch, tail + below)


def _label(node: Reference, values: Values, output: Output) -> str:
    from cse.client.kinds import short_name

    label = f"{output.paint(node.name, BOLD)} {output.paint(short_name(node.type), DIM)}"
    latest = values.get(node.address)
    if latest is None:
        return label
    value = latest.get("con")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    short = text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
    return f"{label} {output.paint(short, CYAN)} {output.paint(f'at {moment(latest)}', DIM)}"


def moment(attributes: Mapping[str, Any]) -> str:
    """Return the time of an instance as people write it, UTC: that of its data where it has one, else its creation."""
    text = str(attributes.get("dgt", attributes.get("ct", "")))[:15]
    if len(text) != 15:
        return "unknown time"
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[9:11]}:{text[11:13]}:{text[13:15]}Z"
