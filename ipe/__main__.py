"""``python -m ipe SETTINGS.toml``: run one interworking proxy; ``--check`` reads its files and stops."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from ipe.manifest import find_protocol
from ipe.points import PointListError, read_points
from ipe.settings import IpeSettings, SettingsError, read_settings
from ipe.start import serve


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 2 wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m ipe", description="Run one interworking proxy.")
    parser.add_argument("settings", type=Path, help="TOML file; docs/ipe.md describes it")
    parser.add_argument("--check", action="store_true", help="check the settings and the point list, then stop")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(options.settings)
        if options.check:
            sys.stdout.write(check(settings) + "\n")
            return 0
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(serve_until_stopped(settings))
    except (SettingsError, PointListError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def serve_until_stopped(settings: IpeSettings) -> None:
    """Run until SIGTERM or SIGINT, which both end by a cancellation."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await serve(settings)


def check(settings: IpeSettings) -> str:
    """Read everything a run would read and say what was found; raises SettingsError or PointListError."""
    manifest = find_protocol(settings.protocol)
    protocol = manifest.load()
    protocol.open(manifest.check(settings.device))  # nothing is connected
    points = read_points(settings.points, protocol.columns, protocol.address)
    writable = sum(point.writable for point in points)
    return f"{settings.name}: {manifest.title}, {len(points)} points, {writable} writable"


if __name__ == "__main__":
    sys.exit(main())
