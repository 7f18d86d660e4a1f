"""``banyan get``, ``create``, ``update`` and ``delete``."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from cse.cli.errors import UsageError
from cse.cli.items import FORMS, attributes_of
from cse.cli.output import Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands
    from cse.client import Client, RequestPrimitive

FLEX_CONTAINER = 28
_MODEL_ROOT = re.compile(r"(?!m2m:)[a-z][a-z0-9]*:[A-Za-z][A-Za-z0-9]*")
TARGET = "identifier (cse/meter, resource ID, /other-cse/…, - for the CSEBase) or URL"


def add(commands: Commands) -> None:
    """Declare the commands."""
    get = commands.add("get", "retrieve a resource", _get)
    get.add_argument("target", metavar="TARGET", help=TARGET)
    get.add_argument(
        "conditions", metavar="NAME=VALUE", nargs="*", default=[], help="query fields: rcn=4 lvl=1 lim=10 atrl=rn+lbl"
    )
    get.add_argument("--rcn", metavar="N", help="result content: 1 attributes, 4 with children, 6 child references …")
    create = commands.add("create", "create a resource", _create)
    create.add_argument("target", metavar="PARENT", help=TARGET)
    create.add_argument("kind", metavar="KIND", help="resource type or management object: cnt, cin, ae, sub, bat "
                        "…, its long name, or the root of a device model: cod:tempe")
    create.add_argument("items", metavar="ATTRIBUTE", nargs="*", default=[], help=FORMS)
    update = commands.add("update", "change attributes of a resource", _update)
    update.add_argument("target", metavar="TARGET", help=TARGET)
    update.add_argument("items", metavar="ATTRIBUTE", nargs="+", help=FORMS)
    update.add_argument("--kind", metavar="KIND", help="resource type; asked from the CSE when left out")
    delete = commands.add("delete", "delete a resource and all below it", _delete)
    delete.add_argument("target", metavar="TARGET", help=TARGET)


def _get(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.query import put_conditions
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of
    from cse.primitive import Operation, RequestPrimitive

    target = target_of(options.target, options.cse)
    request = RequestPrimitive(Operation.RETRIEVE, target.to)
    rcn = [f"rcn={options.rcn}"] if options.rcn else []
    put_conditions(request, target.query, options.conditions + rcn)
    return run_with_client(options, target, lambda client: _show(client, request, output))


def _create(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of
    from cse.primitive import Operation, RequestPrimitive

    target, attributes = target_of(options.target, options.cse), attributes_of(options.items)
    number, root = _kind(options.kind, attributes)
    request = RequestPrimitive(Operation.CREATE, target.to, resource_type=number, content={root: attributes})
    return run_with_client(options, target, lambda client: _show(client, request, output))


def _update(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of
    from cse.primitive import Operation, RequestPrimitive

    target, attributes = target_of(options.target, options.cse), attributes_of(options.items)
    known = _kind(options.kind)[1] if options.kind else None

    async def work(client: Client) -> None:
        root = known or await _root_of(client, target.to)
        await _show(client, RequestPrimitive(Operation.UPDATE, target.to, content={root: attributes}), output)

    return run_with_client(options, target, work)


def _delete(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of

    target = target_of(options.target, options.cse)

    async def work(client: Client) -> None:
        await client.delete(target.to)
        if output.as_json:
            output.document({"deleted": target.to})
        output.note(f"deleted {target.to}")

    return run_with_client(options, target, work)


async def _show(client: Client, request: RequestPrimitive, output: Output) -> None:
    from cse.client import RequestFailed, Status

    response = await client.request(request)
    if response.status >= Status.BAD_REQUEST:
        raise RequestFailed.of(request, response)
    output.note(f"{response.status.value} {response.status.name}")
    if response.content is not None:
        output.document(response.content)
    if response.content_offset is not None:
        output.note(f"partial: go on with ofst={response.content_offset}")


async def _root_of(client: Client, to: str) -> str:
    """Ask a CSE for the root element of a resource: it knows more models than this command may."""
    from cse.client import RequestFailed, Status
    from cse.primitive import Operation, RequestPrimitive

    request = RequestPrimitive(Operation.RETRIEVE, to, attribute_list=["ty"])
    response = await client.request(request)
    if response.status >= Status.BAD_REQUEST or not response.content:
        raise RequestFailed.of(request, response)
    return next(iter(response.content))


def _kind(name: str, attributes: dict[str, Any] | None = None) -> tuple[int, str]:
    """Number and root element of a kind; what tells a model from others is added to ``attributes``.

    A root element that is not known here is that of a device model which the CSE may know.
    """
    from cse.client.kinds import kind_of

    try:
        type_ = kind_of(name)
    except ValueError as error:
        if _MODEL_ROOT.fullmatch(name):
            return FLEX_CONTAINER, name
        raise UsageError(str(error)) from None
    if attributes is not None and type_.discriminator is not None:
        attributes.setdefault(*type_.discriminator)
    return type_.number, type_.root
