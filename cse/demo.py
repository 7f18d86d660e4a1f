"""The demonstration: meter -> IPE -> CSE -> energy AE -> page, in one process but over real sockets.

Part of the composition root: it knows the concrete meter, IPE and AE. The measured data is replayed time-compressed
from midnight on; the store is a SQLite file in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ae_samples.monitor.service import MonitorService
from ae_samples.monitor.settings import MonitorSettings
from cse.app import Node, start_loop
from cse.client import connect, listen
from cse.observe import logs
from cse.settings import Settings
from ipe.modbus.replay import find_data, read_rows
from ipe.modbus.simulator import DEFAULT_PORT, DEFAULT_SPEED, Meter, MeterServer
from ipe.settings import IpeSettings
from ipe.start import serve as serve_ipe

T = TypeVar("T")

ADMINISTRATOR = "CAdmin"
POINTS = Path(__file__).resolve().parent.parent / "config" / "examples" / "meter.csv"


def run(settings: Settings) -> None:
    """Run the demonstration until the process is told to stop."""
    logs.configure(settings.log)
    start_loop(serve(settings))


async def serve(settings: Settings, *, speed: float = DEFAULT_SPEED) -> None:
    """Run the demonstration until SIGINT or SIGTERM.

    A port that is in use is replaced by a free one. Raises DataMissing, StartError, StoreError or OSError.
    """
    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="banyan-demo-"))
        node = await _start_cse(settings, folder)
        stack.push_async_callback(node.stop)
        meter_port = await _start_meter(stack, speed)
        page = await _start_monitor(stack, node.url)
        ipe = asyncio.create_task(serve_ipe(_ipe_settings(node.url, meter_port)), name="ipe")
        stack.push_async_callback(_ended, ipe)
        sys.stdout.write(_greeting(node, page, meter_port, speed))
        sys.stdout.flush()
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait((waiting, ipe), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if ipe.done() and not ipe.cancelled():
            ipe.result()


async def _start_cse(settings: Settings, folder: str) -> Node:
    settings.cse.administrators = settings.cse.administrators or [ADMINISTRATOR]
    if settings.store.kind == "sqlite":
        settings.store.path = str(Path(folder) / "demo.db")
    settings.websocket.enabled = True
    settings.websocket.port = _free_or_any(settings.websocket.port)

    async def start(port: int) -> Node:
        settings.http.port = port
        node = Node(settings)
        await node.start()
        return node

    return await _at_a_port(start, settings.http.port)


async def _start_meter(stack: contextlib.AsyncExitStack, speed: float) -> int:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    meter = Meter(read_rows(find_data()), speed=speed, start_s=midnight.timestamp())

    async def start(port: int) -> tuple[MeterServer, int]:
        server = MeterServer(meter, port=port)
        return server, await server.start()

    server, port = await _at_a_port(start, DEFAULT_PORT)
    stack.push_async_callback(server.stop)
    return port


async def _start_monitor(stack: contextlib.AsyncExitStack, cse_url: str) -> str:
    settings = MonitorSettings(
        cse_url=cse_url, title="Swiss office building", power="active_power", energy="active_energy",
        register_size_kwh=2**32 / 1000, time_zone=_local_zone(),
    )
    receiver = await listen()
    stack.push_async_callback(receiver.close)
    client = await connect(cse_url, settings.ae_id, receiver=receiver)
    stack.push_async_callback(client.close)

    async def start(port: int) -> tuple[MonitorService, str]:
        service = MonitorService(client, replace(settings, port=port))
        return service, await service.start()

    service, url = await _at_a_port(start, settings.port)
    stack.push_async_callback(service.stop)
    return url


def _local_zone() -> str:
    """The zone that the replay follows: it begins at midnight of this machine's local time."""
    link = Path("/etc/localtime")
    name = str(link.resolve()).partition("zoneinfo/")[2] if link.exists() else ""
    return name or "UTC"


def _ipe_settings(cse_url: str, meter_port: int) -> IpeSettings:
    return IpeSettings(
        protocol="modbus", points=POINTS, name="meter", cse=cse_url, ae_id="Cmeter", app_id="N.banyan.meter",
        clock="meter_clock", readers=[ADMINISTRATOR, "Cmonitor"], commanders=[ADMINISTRATOR],
        device={"host": "127.0.0.1", "port": meter_port, "timeout_s": 2.0},
    )


async def _at_a_port(start: Callable[[int], Awaitable[T]], port: int) -> T:
    """Start at a port, or at a free one when that is in use."""
    try:
        return await start(port)
    except OSError:
        if port == 0:
            raise
        sys.stderr.write(f"port {port} is not free, taking another\n")
        return await start(0)


def _free_or_any(port: int) -> int:
    """The port if nobody has it, else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.stderr.write(f"port {port} is not free, taking another\n")
            return 0
        return port


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _greeting(node: Node, page: str, meter_port: int, speed: float) -> str:
    base = f"{node.url}/{node.settings.cse.cse_name}"
    return (
        f"\nBanyan demonstration: a measured year of a building, {speed:g} times as fast (Ctrl-C ends it)\n\n"
        f"  page    {page}\n"
        f"  CSE     {node.url}   health {node.url}/healthz   metrics {node.url}/metrics\n"
        f"          {'   '.join(node.urls[1:])}\n"
        f"  meter   Modbus TCP 127.0.0.1:{meter_port}\n\n"
        "First request (the newest power value):\n\n"
        f"  curl -s -H 'X-M2M-Origin: {ADMINISTRATOR}' -H 'X-M2M-RI: 1' -H 'X-M2M-RVI: 3' "
        f"{base}/meter/active_power/la\n\n"
    )
