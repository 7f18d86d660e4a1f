"""The demonstration: devices -> IPEs -> CSE -> energy AE -> page, in one process but over real sockets.

Part of the composition root: it knows the concrete meter, IPE and AE. The measured data is replayed time-compressed
from midnight on; the store is a SQLite file in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

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
_TAKEN = "{}: port {} is in use by another program; another one is taken, see below\n"
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
        building = await _start_building(stack, node.url, Path(folder) / "building")
        sys.stdout.write(_greeting(node, page, meter_port, speed, building))
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
    _open_bindings(settings, Path(folder))

    async def start(port: int) -> Node:
        settings.http.port = port
        node = Node(settings)
        await node.start()
        return node

    return await _at_a_port(start, settings.http.port, "HTTP")


def _open_bindings(settings: Settings, folder: Path) -> None:
    """Serve all bindings, those that cannot be excepted: the demonstration goes on without them."""
    if _possible("WebSocket", "aiohttp"):
        settings.websocket.enabled = True
        settings.websocket.port = _free_or_any(settings.websocket.port, "WebSocket")
    if _possible("CoAP", "aiocoap") and _has_ipv6():
        port = _free_or_any(settings.coap.port, "CoAP", socket.SOCK_DGRAM, socket.SOCK_STREAM)
        settings.coap.enabled, settings.coap.tcp, settings.coap.port = True, True, port
    if not settings.mqtt.enabled and _possible("MQTT", "amqtt", "gmqtt"):
        settings.broker.enabled = True
        settings.broker.port = _free_or_any(settings.broker.port, "MQTT")
        if not os.access(Path(settings.broker.logins).parent, os.W_OK):
            settings.broker.logins = str(folder / "broker-logins")


def _possible(binding: str, *libraries: str) -> bool:
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        sys.stderr.write(f"{binding} is left out: {missing[0]} is not installed; pip install 'banyan-cse[demo]' does\n")
    return not missing


def _has_ipv6() -> bool:
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError as error:
        sys.stderr.write(f"CoAP is left out: its socket is of IPv6, for IPv4 too, and there is none here ({error})\n")
        return False
    return True


async def _start_meter(stack: contextlib.AsyncExitStack, speed: float) -> int:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    meter = Meter(read_rows(find_data()), speed=speed, start_s=midnight.timestamp())

    async def start(port: int) -> tuple[MeterServer, int]:
        server = MeterServer(meter, port=port)
        return server, await server.start()

    server, port = await _at_a_port(start, DEFAULT_PORT, "meter")
    stack.push_async_callback(server.stop)
    return port


async def _start_building(stack: contextlib.AsyncExitStack, cse_url: str, folder: Path) -> str:
    """Start the simulated building where BACnet is installed, and say where it is."""
    if not _possible("the simulated building", "bacpypes3"):
        return ""
    from cse.demo_building import SPEED, DemoBuilding

    building = DemoBuilding(folder, cse_url, [ADMINISTRATOR], ["Cmonitor"])
    stack.push_async_callback(building.stop)
    await building.start()
    devices = ", ".join(f"{name} {port}" for name, port in building.ports.controllers.items())
    return (f"  building, {SPEED:g} times as fast: BACnet/IP at {building.ports.host}, ports {devices};"
            f" Modbus TCP port {building.ports.meters}\n"
            f"          banyan create -/floor1/core_light_level/cmd cin con=20    # dims the core of floor 1\n"
            )  # fmt: skip


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

    service, url = await _at_a_port(start, settings.port, "page")
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


async def _at_a_port(start: Callable[[int], Awaitable[T]], port: int, what: str) -> T:
    """Start at a port, or at a free one when that is in use."""
    try:
        return await start(port)
    except OSError:
        if port == 0:
            raise
        sys.stderr.write(_TAKEN.format(what, port))
        return await start(0)


def _free_or_any(port: int, what: str, *kinds: socket.SocketKind) -> int:
    """The port if nobody has it, else 0."""
    for kind in kinds or (socket.SOCK_STREAM,):
        with socket.socket(type=kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                sys.stderr.write(_TAKEN.format(what, port))
                return 0
    return port


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _greeting(node: Node, page: str, meter_port: int, speed: float, building: str) -> str:
    requests = "\n".join(f"  {binding:<9} {command}" for binding, command in first_requests(node).items())
    return (
        f"\nBanyan demonstration: a measured year of a building, {speed:g} times as fast (Ctrl-C ends it)\n\n"
        f"  page    {page}\n"
        f"  CSE     {node.url}   health {node.url}/healthz   metrics {node.url}/metrics\n"
        f"          {'   '.join(node.urls[1:])}\n"
        f"  meter   Modbus TCP 127.0.0.1:{meter_port}\n"
        f"{building}\n"
        f"First request, the newest power value, over each binding:\n\n{requests}\n\n"
    )


def first_requests(node: Node) -> dict[str, str]:
    """A command for each binding that is served, ready to be pasted into a shell."""
    target = f"{node.settings.cse.cse_name}/meter/active_power/la"
    banyan = shlex.quote(str(Path(sys.argv[0]).resolve()) if Path(sys.argv[0]).name == "banyan" else "banyan")
    found = {"HTTP": f"curl -s -H 'X-M2M-Origin: {ADMINISTRATOR}' -H 'X-M2M-RI: 1' -H 'X-M2M-RVI: 3' "
                     f"{node.url}/{target}"}  # fmt: skip
    for url in node.urls:
        binding = {"coap": "CoAP", "ws": "WebSocket", "mqtt": "MQTT", "mqtts": "MQTT"}.get(urlsplit(url).scheme)
        if binding:
            cse = shlex.quote(url + (_login(node.settings) if binding == "MQTT" else ""))
            found[binding] = f"{banyan} get {target} --from {ADMINISTRATOR} --cse {cse}"
    return found


def _login(settings: Settings) -> str:
    password = Path(f"{settings.broker.logins}.{ADMINISTRATOR}").resolve()
    login = f"&user={ADMINISTRATOR}&password_file={quote(str(password))}" if settings.broker.enabled else ""
    return f"?cse={settings.cse.cse_id}{login}"
