"""The monitor in a process of its own: ``python -m ae_samples.monitor --cse-url http://127.0.0.1:8080``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import sys

from ae_samples.monitor.service import MonitorService
from ae_samples.monitor.settings import MonitorSettings
from cse.client import connect, listen


async def serve(settings: MonitorSettings) -> None:
    """Run until cancelled."""
    receiver = await listen()
    client = await connect(settings.cse_url, settings.ae_id, receiver=receiver)
    service = MonitorService(client, settings)
    sys.stdout.write(f"energy monitor: {await service.start()}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await service.stop()
        await receiver.close()
        await client.close()


def arguments() -> argparse.ArgumentParser:
    """Make an option of every setting that is a text or a number."""
    parser = argparse.ArgumentParser(prog="python -m ae_samples.monitor", description="Energy monitor: AE and page")
    for field in dataclasses.fields(MonitorSettings):
        if not isinstance(field.default, str | int | float):
            continue
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default,
                            help=f"default: {field.default!r}")  # fmt: skip
    return parser


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(MonitorSettings(**vars(arguments().parse_args()))))
