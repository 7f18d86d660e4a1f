"""``banyan run`` and ``banyan demo``: commands that become a server."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING

from cse.cli import exit_codes
from cse.cli.configuration import DEFAULT_FILE, file_of, settings_of
from cse.cli.errors import UsageError
from cse.cli.output import Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands, Parser
    from cse.settings import Settings

#: Options that are settings, with their help.
OPTIONS = {
    "cse-id": ("cse.cse_id", "CSE-ID", "who this CSE is, for example /banyan"),
    "cse-name": ("cse.cse_name", "NAME", "resource name of the CSEBase"),
    "admin": ("cse.administrators", "IDS", "originators that may do everything, separated by commas"),
    "store": ("store.kind", "KIND", "sqlite or memory"),
    "store-path": ("store.path", "FILE", "the SQLite file"),
    "models": ("models.folder", "FOLDER", "device models of your own"),
    "initial-tree": ("cse.initial_tree", "FILE", "resources to create at the first start"),
    "log-level": ("log.level", "LEVEL", "DEBUG, INFO, WARNING or ERROR"),
}


def add(commands: Commands) -> None:
    """Declare the commands."""
    run = commands.add("run", "run a CSE", _run, remote=False)
    demo = commands.add("demo", "run a CSE with a simulated meter and an energy page", _demo, remote=False)
    run.add_argument(
        "--config", metavar="FILE", action="append",
        help=f"settings file (default {DEFAULT_FILE}, if there); several run several CSEs in one process",
    )  # fmt: skip
    demo.add_argument("--config", metavar="FILE", help="settings file")
    for parser in (run, demo):
        _add_settings(parser)


def _add_settings(parser: Parser) -> None:
    parser.add_argument("--http", metavar="HOST:PORT", help="where HTTP listens (default 127.0.0.1:8080)")
    parser.add_argument("--allow-plain", action="store_true", help="listen without TLS beyond this machine")
    for option, (_, value, text) in OPTIONS.items():
        parser.add_argument(f"--{option}", metavar=value, help=text)


def overrides_of(options: argparse.Namespace) -> dict[str, str]:
    """Return options as the environment variables of their settings, which they win over."""
    from cse.cli.watching import address_of

    given = {key: getattr(options, option.replace("-", "_")) for option, (key, _, _) in OPTIONS.items()}
    if options.http is not None:
        host, port = address_of(options.http)
        given |= {"http.host": host, "http.port": str(port)}
    if options.allow_plain:
        given["http.allow_plain"] = "true"
    return {_variable(key): value for key, value in given.items() if value is not None}


def _variable(key: str) -> str:
    return f"BANYAN_{key.upper().replace('.', '__')}"


def _settings(path: str | None, overrides: dict[str, str]) -> Settings:
    """Load the settings; what is wrong with an option is said of the option."""
    from cse.settings_file import SettingsError

    options = {_variable(key): f"--{option}" for option, (key, _, _) in OPTIONS.items()}
    options |= dict.fromkeys((_variable("http.host"), _variable("http.port")), "--http")
    try:
        return settings_of(path, overrides)
    except SettingsError as error:
        name, _, wrong = str(error).removeprefix("environment: ").partition(": ")
        if name not in overrides:
            raise
        raise SettingsError(f"{options.get(name, name)}: {wrong}") from None


def _run(options: argparse.Namespace, _: Output) -> int:
    files, overrides = options.config or [file_of(None)], overrides_of(options)
    if len(files) > 1 and overrides:
        raise UsageError("several --config files and an option for one CSE", "put the setting into one of the files")
    importlib.import_module("cse.app").run([_settings(path, overrides) for path in files])
    return exit_codes.OK


def _demo(options: argparse.Namespace, _: Output) -> int:
    from ipe.modbus.replay import DataMissing

    try:
        importlib.import_module("cse.demo").run(_settings(options.config, overrides_of(options)))
    except DataMissing as error:
        raise UsageError(str(error)) from None
    return exit_codes.OK
