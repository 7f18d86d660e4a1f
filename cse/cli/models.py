"""``banyan model check``, ``list`` and ``show``: device models of files and of the standard."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse.cli import exit_codes
from cse.cli.configuration import file_of, settings_of
from cse.cli.errors import UsageError
from cse.cli.output import BOLD, DIM, Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands
    from resources.device_models import Catalogue, Model

KINDS = ("device", "subdevice", "module", "action")
OWN = "file or folder of models; without one, the folder of the settings"


def add(commands: Commands) -> None:
    """Declare the commands."""
    from cse.cli.parser import Commands

    below = Commands(commands.add("model", "check and show device models", remote=False))
    check = below.add("check", "check files of device models", _check, remote=False)
    check.add_argument("path", metavar="PATH", nargs="+", help="file (*.json, *.toml) or folder")
    shown = below.add("list", "list the device models of the standard and one's own", _list, remote=False)
    shown.add_argument("path", metavar="PATH", nargs="*", help=OWN)
    shown.add_argument("--kind", choices=KINDS, help="only these")
    one = below.add("show", "show the attributes of a device model", _show, remote=False)
    one.add_argument("root", metavar="ROOT", help="root element, long name or containerDefinition")
    one.add_argument("path", metavar="PATH", nargs="*", help=OWN)


def _check(options: argparse.Namespace, output: Output) -> int:
    from resources.device_models import user_models
    from resources.model_files import files_of

    paths = [Path(path) for path in options.path]
    files, models = files_of(*paths), user_models(*paths).models.values()
    for file in files:
        own = [model.root for model in models if model.file == file]
        if output.as_json:
            output.document({"file": str(file), "ok": True, "models": own})
        else:
            output.line(f"{file}: ok: {', '.join(own)}")
    if not files:
        output.note("there is no file *.json or *.toml")
    return exit_codes.OK


def _catalogues(paths: Iterable[str]) -> list[Catalogue]:
    from resources.device_models import standard, user_models

    own = [Path(path) for path in paths]
    if not own:
        folder = settings_of(file_of(None)).models.folder
        own = [Path(folder)] if folder else []
    return [standard(), user_models(*own)]


def _list(options: argparse.Namespace, output: Output) -> int:
    for catalogue in _catalogues(options.path):
        for model in catalogue.models.values():
            if options.kind in (None, model.kind):
                _line(model, output)
    return exit_codes.OK


def _line(model: Model, output: Output) -> None:
    if output.as_json:
        output.document({"root": model.root, "kind": model.kind, "name": model.facts["name"], "cnd": model.cnd})
    else:
        output.line(f"{output.paint(f'{model.root:<12}', BOLD)} {model.kind:<9} {model.facts['name']:<32} "
                    f"{output.paint(model.cnd, DIM)}")


def _show(options: argparse.Namespace, output: Output) -> int:
    models = [model for catalogue in _catalogues(options.path) for model in catalogue.models.values()]
    found = [model for model in models if options.root in (model.root, model.facts["name"], model.cnd)]
    if not found:
        from resources.datatypes import nearest

        names = (*(model.root for model in models), *(model.facts["name"] for model in models))
        like = nearest(options.root, names)
        raise UsageError(f"{options.root!r} is no device model that is known here"
                         + (f"; {like}" if like.startswith("did") else ""), "`banyan model list` shows all")
    for model in found:
        _whole(model, output)
    return exit_codes.OK


def _whole(model: Model, output: Output) -> None:
    facts: dict[str, Any] = {**model.facts}
    if output.as_json:
        output.document(facts)
        return
    output.line(output.paint(f"{model.root} {facts['name']} ({model.kind})", BOLD))
    output.line(f"  cnd       {model.cnd}")
    for member in ("actions", "children"):
        if member in facts:
            output.line(f"  {member:<9} {' '.join(facts[member])}")
    for one in facts.get("attributes", ()):
        text = f"  {one['short']:<9} {one['name']:<32} {one['type']:<24} {'1' if one.get('mandatory') else '0..1':<5}"
        output.line(f"{text} {one.get('access', ''):<3} {one.get('unit', '')}".rstrip())
