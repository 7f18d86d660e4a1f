"""``banyan config check`` and ``banyan config show``."""

from __future__ import annotations

import argparse
import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse.cli import exit_codes
from cse.cli.output import BOLD, DIM, Output
from cse.cli.parser import Commands

if TYPE_CHECKING:
    from cse.settings import Settings

#: The settings file that is read when none is named and it is there.
DEFAULT_FILE = "banyan.toml"


def add(commands: Commands) -> None:
    """Declare the commands."""
    config = commands.add("config", "check and show settings", remote=False)
    below = Commands(config)
    check = below.add("check", "check a settings file and the environment", _check, remote=False)
    show = below.add("show", "show all settings and where each value comes from", _show, remote=False)
    for parser in (check, show):
        parser.add_argument("file", metavar="FILE", nargs="?", help=f"settings file (default {DEFAULT_FILE}, if there)")


def settings_of(path: str | None, overrides: dict[str, str] | None = None) -> Settings:
    """Load the settings; raises SettingsError."""
    from cse.client.kinds import registry
    from cse.settings_file import load

    return load(path, {**os.environ, **(overrides or {})}, type_names=set(registry().by_name))


def file_of(path: str | None) -> str | None:
    """Return the settings file to read; None when there is none."""
    return path or (DEFAULT_FILE if Path(DEFAULT_FILE).is_file() else None)


def _check(options: argparse.Namespace, output: Output) -> int:
    path = file_of(options.file)
    settings_of(path)
    if output.as_json:
        output.document({"file": path, "ok": True})
    else:
        output.line(f"{path or 'defaults and environment'}: ok")
    return exit_codes.OK


def _show(options: argparse.Namespace, output: Output) -> int:
    from cse.settings_file import origin_of, value_of
    from cse.settings_print import toml_value

    path = file_of(options.file)
    settings = settings_of(path)
    origins = origin_of(path, os.environ)
    values: dict[str, Any] = {key: value_of(settings, key) for key in origins}
    if output.as_json:
        output.document({key: {"value": value, "origin": origins[key]} for key, value in values.items()})
        return exit_codes.OK
    for table, keys in groupby(values, key=lambda key: key.rpartition(".")[0]):
        output.line(output.paint(f"[{table}]", BOLD))
        for key in keys:
            setting = f"{key.rpartition('.')[2]} = {toml_value(values[key])}"
            output.line(f"{setting:<48} {output.paint(f'# {origins[key]}', DIM)}")
        output.line("")
    return exit_codes.OK
