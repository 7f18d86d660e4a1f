"""``banyan ipe``: point lists of interworking proxies are found, checked and taken over; a proxy runs and is asked."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cse.cli import exit_codes
from cse.cli.errors import UsageError
from cse.cli.output import Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands
    from cse.client import Client
    from ipe.driver import FieldProtocol
    from ipe.points import Entry
    from ipe.settings import IpeSettings

LIST = "point list (*.csv, *.xlsx)"
SETTINGS = "settings of the proxy (*.toml)"


def add(commands: Commands) -> None:
    """Declare the commands."""
    from cse.cli.parser import Commands

    below = Commands(commands.add("ipe", "run interworking proxies and look after their point lists", remote=False))
    check = below.add("check", "tell every mistake of a point list, or check the installed protocols", _check,
                      remote=False)
    check.add_argument("file", metavar="FILE", nargs="?", help=f"{LIST} or {SETTINGS}; without one, the protocols")
    diff = below.add("diff", "compare two point lists", _diff, remote=False)
    diff.add_argument("old", metavar="OLD", help=LIST)
    diff.add_argument("new", metavar="NEW", help=LIST)
    taken = below.add("import", "put a point list in place of that of a proxy", _import, remote=False)
    taken.add_argument("settings", metavar="SETTINGS", help=SETTINGS)
    taken.add_argument("new", metavar="LIST", help=LIST)
    taken.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    export = below.add("export", "write a point list as CSV or XLSX", _export, remote=False)
    export.add_argument("old", metavar="LIST", help=LIST)
    export.add_argument("new", metavar="FILE", help="*.csv or *.xlsx")
    for parser in (check, diff, export):
        parser.add_argument("--protocol", metavar="NAME", help="whose columns; found by the header when left out")
    scan = below.add("scan", "write the point list of what a device says it has", _scan, remote=False)
    scan.add_argument("settings", metavar="SETTINGS", help=SETTINGS)
    scan.add_argument("--to", metavar="FILE", help="*.csv or *.xlsx that is not there yet; default: that of SETTINGS")
    below.add("run", "run a proxy", _run, remote=False).add_argument("settings", metavar="SETTINGS", help=SETTINGS)
    below.add("status", "ask the CSE how a proxy is", _status).add_argument(
        "settings", metavar="SETTINGS", help=SETTINGS)


def _check(options: argparse.Namespace, output: Output) -> int:
    from ipe.points import PointListError

    if options.file is None:
        return _check_protocols(output)
    try:
        if Path(options.file).suffix == ".toml":
            settings = _settings(options.file)
            _check_device(settings)
            file, entries = settings.points, _entries(settings.points, settings.protocol)
        else:
            file, entries = Path(options.file), _read(options.file, options.protocol)
    except PointListError as error:
        for mistake in error.mistakes:
            if output.as_json:
                output.document({"file": mistake.path, "line": mistake.line, "column": mistake.column,
                                 "message": mistake.text})
            else:
                output.line(str(mistake))
        output.note(f"{len(error.mistakes)} mistakes")
        return exit_codes.WRONG
    writable = sum(entry.point.writable for entry in entries)
    if output.as_json:
        output.document({"file": str(file), "ok": True, "points": len(entries), "writable": writable})
    else:
        output.line(f"{file}: ok: {len(entries)} points, {writable} writable")
    return exit_codes.OK


def _check_device(settings: IpeSettings) -> None:
    """Make a driver of the settings, which connects nothing; raises UsageError for what does not fit."""
    from ipe.manifest import find_protocol

    with _told():
        manifest = find_protocol(settings.protocol)
        manifest.load().open(manifest.check(settings.device))


def _check_protocols(output: Output) -> int:
    """Compare what each manifest says with what its driver can."""
    from ipe.driver import CAPABILITIES
    from ipe.manifest import find_protocols
    from ipe.settings import SettingsError

    code = exit_codes.OK
    for name, manifest in find_protocols().items():
        # Enough to make a driver: nothing is connected.
        needed = [each for each in manifest.settings if each.default is None or each.name == "host"]
        given = {each.name: "127.0.0.1" if each.type == "str" else 1 for each in needed}
        try:
            driver = manifest.load().open(manifest.check(given))
        except SettingsError as error:
            output.line(f"{name}: not checked: {error}")
            continue
        can = [each for each, port in CAPABILITIES.items() if isinstance(driver, port)]
        if set(can) == set(manifest.capabilities):
            output.line(f"{name}: ok: {manifest.title}, {manifest.quality}{''.join(f', {each}' for each in can)}")
        else:
            output.line(f"{name}: the manifest says {list(manifest.capabilities)}; expected {can}, as the driver can")
            code = exit_codes.WRONG
    return code


def _diff(options: argparse.Namespace, output: Output) -> int:
    with _told():
        old, new = (_read(path, options.protocol) for path in (options.old, options.new))
    _show(old, new, output)
    return exit_codes.OK


def _import(options: argparse.Namespace, output: Output) -> int:
    from ipe import sheets

    settings, source = _settings(options.settings), Path(options.new)
    with _told():
        new = _entries(source, settings.protocol)
        old = _entries(settings.points, settings.protocol) if settings.points.exists() else []
    _show(old, new, output)
    if options.dry_run:
        output.note("nothing was changed")
    elif sheets.is_xlsx(source) == sheets.is_xlsx(settings.points):
        sheets.replace(settings.points, source.read_bytes())
    else:
        sheets.write_rows(settings.points, [cells for _, cells in sheets.read_rows(source)])
    return exit_codes.OK


def _export(options: argparse.Namespace, output: Output) -> int:
    from ipe.sheets import read_rows, write_rows

    with _told():
        entries = _read(options.old, options.protocol)
        write_rows(Path(options.new), [cells for _, cells in read_rows(Path(options.old))])
    output.note(f"{options.new}: {len(entries)} points")
    return exit_codes.OK


def _scan(options: argparse.Namespace, output: Output) -> int:
    from ipe.driver import DeviceUnreachable, Discovering
    from ipe.manifest import find_protocol
    from ipe.sheets import write_rows

    settings = _settings(options.settings)
    target = Path(options.to) if options.to else settings.points
    if target.exists():
        raise UsageError(f"{target} is there already", "--to FILE writes another; `banyan ipe import` takes it over")
    with _told():
        manifest = find_protocol(settings.protocol)
        driver = manifest.load().open(manifest.check(settings.device))
    if not isinstance(driver, Discovering):
        raise UsageError(f"{manifest.title} has no discovery: its devices do not say what they have")

    async def found() -> Any:
        try:
            await driver.connect()
            return await driver.discover()
        finally:
            await driver.close()

    try:
        rows = asyncio.run(found())
    except DeviceUnreachable as error:
        raise UsageError(f"the device: {error}") from None
    header = list(dict.fromkeys(["name", *(name for row in rows for name in row)]))
    with _told():
        write_rows(target, [header, *([row.get(name, "") for name in header] for row in rows)])
    output.note(f"{target}: {len(rows)} points")
    return exit_codes.OK


def _run(options: argparse.Namespace, _output: Output) -> int:
    from ipe.__main__ import serve_until_stopped

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with _told(), contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve_until_stopped(_settings(options.settings)))
    return exit_codes.OK


def _status(options: argparse.Namespace, output: Output) -> int:
    from cse.cli.parser import DEFAULT_CSE
    from cse.cli.session import run_with_client
    from cse.cli.target import target_of

    settings = _settings(options.settings)
    if options.cse == DEFAULT_CSE:
        options.cse = settings.cse
    options.originator = options.originator or (settings.ae_id if len(settings.ae_id) > 1 else "")

    async def work(client: Client) -> int:
        instance = await client.latest(f"-/{settings.name}/status")
        status = json.loads(instance["con"]) if instance else {"state": "unknown", "reason": "it has told nothing yet"}
        output.document({"name": settings.name, **status})
        return exit_codes.OK if status.get("state") == "online" and not status.get("points") else exit_codes.WRONG

    return run_with_client(options, target_of("-", options.cse), work)


def _show(old: list[Entry[Any]], new: list[Entry[Any]], output: Output) -> None:
    from dataclasses import asdict

    from ipe.changes import changes

    found = changes(old, new)
    for change in found:
        if output.as_json:
            output.document(asdict(change))
        else:
            output.line(str(change))
    if not found:
        output.note("the lists mean the same")


def _settings(file: str) -> IpeSettings:
    from ipe.settings import read_settings

    with _told():
        return read_settings(Path(file))


def _read(file: str, protocol: str | None) -> list[Entry[Any]]:
    return _entries(Path(file), protocol or _protocol_of(Path(file)))


def _entries(file: Path, protocol: str) -> list[Entry[Any]]:
    from ipe.points import read_list

    found = _load(protocol)
    return read_list(file, found.columns, found.address)


def _load(protocol: str) -> FieldProtocol[Any]:
    from ipe.manifest import find_protocol

    with _told():
        return find_protocol(protocol).load()


def _protocol_of(file: Path) -> str:
    """The protocol that has the most columns of the header."""
    from ipe.manifest import find_protocols
    from ipe.settings import SettingsError
    from ipe.sheets import read_rows

    with _told():
        header = next((cells for _, cells in read_rows(file)), [])
    counts: dict[str, int] = {}
    for name, manifest in find_protocols().items():
        with contextlib.suppress(SettingsError):  # one whose package is not installed
            counts[name] = sum(column.name in header for column in manifest.load().columns)
    best = [name for name, count in counts.items() if count and count == max(counts.values())]
    if len(best) != 1:
        raise UsageError(f"{file}: the header does not tell the protocol", f"--protocol takes {', '.join(counts)}")
    return best[0]


class _told(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as what it does
    """Tells what is wrong with files as a wrong command line."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from ipe.points import PointListError
        from ipe.settings import SettingsError
        from ipe.sheets import SheetError

        if isinstance(error, PointListError | SettingsError | SheetError):
            raise UsageError(str(error), "docs/ipe.md describes settings and point lists") from None
