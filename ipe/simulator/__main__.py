"""``python -m ipe.simulator``: a building with BACnet controllers and Modbus meters on loopback ports."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import logging
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipe.simulator import lists
from ipe.simulator.building import CONTROLLERS, METERING
from ipe.simulator.faults import FaultError, Faults, read_faults
from ipe.simulator.model import Model
from ipe.simulator.service import FASTEST, SLOWEST, Building, Ports

#: Each model, its module and class.
MODELS = {"light": ("ipe.simulator.light", "LightModel"), "energyplus": ("ipe.simulator.energyplus", "EnergyPlusModel")}


def start_time_s(text: str) -> float:
    """Read ``now`` or an ISO date and time of the building as seconds since 1970, its local time taken as UTC."""
    moment = datetime.now() if text == "now" else datetime.fromisoformat(text)  # noqa: DTZ005 - local time is meant
    return moment.replace(tzinfo=UTC).timestamp()


def make(name: str, start_s: float) -> Model:
    """Make a model; raises ImportError with what to install, or ValueError."""
    module, class_ = MODELS[name]
    model: Model = getattr(importlib.import_module(module), class_)(start_s)
    return model


async def simulate(building: Building) -> None:
    """Serve a building until cancelled; says where it is."""
    ready = asyncio.Event()

    async def announce() -> None:
        await ready.wait()
        ports = building.ports
        places = [f"{name} {ports.host}:{port}" for name, port in ports.controllers.items()]
        sys.stdout.write(f"BACnet/IP: {', '.join(places)}; Modbus: {METERING} {ports.host}:{ports.meters}; "
                         f"{building.speed:g}x\n")
        sys.stdout.flush()

    telling = asyncio.create_task(announce())
    try:
        await building.run(ready)
    finally:
        telling.cancel()


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Do this until SIGINT or SIGTERM."""
    task = asyncio.create_task(work)
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    await task


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ipe.simulator", description="A building of three floors.")
    parser.add_argument("--model", choices=MODELS, default="light",
                        help="energyplus needs: pip install 'banyan-cse[building]'")
    parser.add_argument("--speed", type=float, default=60.0, help=f"{SLOWEST:g} to {FASTEST:g}; 60: an hour a minute")
    parser.add_argument("--start", default="now", help="the building's time: now, or 2026-07-14T06:00")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--controllers", type=int, default=lists.FIRST_UDP, metavar="PORT",
                        help="UDP port of the first controller; the others follow; 0: free ones")
    parser.add_argument("--meters", type=int, default=lists.METERS_TCP, metavar="PORT", help="TCP port; 0: a free one")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="faults to inject, read again when it changes")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write point lists and settings there, and stop")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the building; return 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        if options.write:
            sys.stdout.writelines(f"{path}\n" for path in lists.write(options.write))
            return 0
        if options.faults and options.faults.exists():
            read_faults(options.faults)
        first = options.controllers
        ports = Ports(options.host, {name: first and first + number for number, name in enumerate(CONTROLLERS)},
                      options.meters)  # fmt: skip
        model = make(options.model, start_time_s(options.start))
        building = Building(model, speed=options.speed, ports=ports, faults=Faults(options.faults))
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(until_stopped(simulate(building)))
    except (FaultError, ImportError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
