"""``banyan openapi`` and ``banyan schema``: the tables for other tools."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands


def add(commands: Commands) -> None:
    """Declare the commands."""
    openapi = commands.add("openapi", "print the OpenAPI 3.1 description of the HTTP interface", _openapi, remote=False)
    openapi.add_argument("--server", metavar="URL", default="http://127.0.0.1:8080", help="address in the description")
    openapi.add_argument("--name", metavar="NAME", default="cse", help="name of the CSEBase")
    schema = commands.add("schema", "print the JSON Schema of a resource type", _schema, remote=False)
    schema.add_argument("kind", metavar="KIND", help="resource type: cnt, container, m2m:bat …")


def _openapi(options: argparse.Namespace, output: Output) -> int:
    from importlib.metadata import version

    from cse.client.kinds import registry
    from cse.reference import openapi
    from cse.settings import CseSettings

    output.document(openapi.document(
        registry(), version=version("banyan-cse"), server=options.server, cse_name=options.name,
        serializations=CseSettings().serializations))
    return exit_codes.OK


def _schema(options: argparse.Namespace, output: Output) -> int:
    from cse.client.kinds import kind_of, registry
    from cse.reference import schemas

    try:
        type_ = kind_of(options.kind)
    except ValueError as error:
        raise UsageError(str(error)) from None
    output.document(schemas.document(type_, registry()))
    return exit_codes.OK
