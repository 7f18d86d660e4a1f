"""What an idle AE costs: ``python -m bench.idle`` registers many over WebSocket and MQTT and looks at the memory.

Each AE has a connection of its own, is registered over it and has a subscription that would tell it. Then nothing
happens. The CSE is a process of its own; Mosquitto is another, the broker inside of ``banyan`` is part of the CSE's.
The first hundred AEs are not counted: with them comes what any number of AEs need once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import logging
import resource
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bench.mosquitto import mosquitto
from bench.processes import free_port
from cse.client.connecting import open_transport
from cse.client.transport import TwoWay, Unreachable
from cse.primitive import Content, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

ROOT = Path(__file__).parents[1]
WARM = 100
AT_ONCE = 50
PASSWORD = "hush"  # noqa: S105 - of a broker that lives for a minute
_TIMEOUT_S = 30.0
SETTINGS = """
[cse]
administrators = ["CAdmin"]
[store]
path = "{folder}/idle.db"
[http]
enabled = false
[log]
level = "ERROR"
"""
WEBSOCKET = """
[websocket]
enabled = true
port = {port}
max_connections = {most}
"""
MQTT = """
[mqtt]
enabled = true
url = "mqtt://127.0.0.1:{port}"
"""
BROKER = """
[broker]
enabled = true
port = {port}
logins = "{folder}/logins"
max_connections = {most}
max_connections_per_address = {most}
max_sessions = {most}
"""

#: Gives the address of the CSE for an AE.
Address = Callable[[str, Path], str]


@dataclass(frozen=True, slots=True)
class Cost:
    """Growth of the processes for each AE, in bytes."""

    way: str
    aes: int
    cse: float
    broker: float | None = None

    @property
    def whole(self) -> float:
        """Of all processes on this side."""
        return self.cse + (self.broker or 0.0)


async def over_websocket(count: int) -> Cost:
    """AEs over WebSocket."""
    port = free_port()
    with _folder() as folder, _banyan(folder, WEBSOCKET.format(port=port, most=count + WARM + 10)) as cse:
        found = await _grown([cse], count, folder, lambda _ae, _folder: f"ws://127.0.0.1:{port}", [])
        return Cost("WebSocket", count, found[0])


async def over_mosquitto(count: int) -> Cost:
    """AEs over MQTT, with Mosquitto as the broker; FileNotFoundError where there is none."""
    with _folder() as folder, mosquitto(folder, folder / "log") as broker, \
            _banyan(folder, MQTT.format(port=broker.port)) as cse:
        url = f"mqtt://127.0.0.1:{broker.port}"
        found = await _grown([cse, broker.pid], count, folder, lambda *_: f"{url}?cse=/banyan", [url])
        return Cost("MQTT, Mosquitto", count, *found)


async def over_own_broker(count: int) -> Cost:
    """AEs over MQTT, with the broker inside of the CSE's process."""
    port = free_port()
    with _folder() as folder:
        lines = (f"{_name(number)}:{_hash()}\n" for number in range(count + WARM))
        (folder / "logins").write_text("".join(lines))
        (folder / "logins").chmod(0o600)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o600)
        url = f"mqtt://127.0.0.1:{port}"
        settings = BROKER.format(port=port, folder=folder, most=count + WARM + 10)
        with _banyan(folder, settings) as cse:
            found = await _grown(
                [cse], count, folder,
                lambda ae, folder: f"{url}?cse=/banyan&user={ae}&password_file={folder}/password", [url],
            )  # fmt: skip
            return Cost("MQTT, own broker", count, found[0])


async def _grown(pids: Sequence[int], count: int, folder: Path, address: Address, poa: list[str]) -> list[float]:
    """Growth of these processes for each AE."""
    await _ready(address(_name(0), folder))
    async with contextlib.AsyncExitStack() as connections:
        await _come(connections, range(WARM), folder, address, poa)
        before = [await _settled(pid) for pid in pids]
        await _come(connections, range(WARM, WARM + count), folder, address, poa)
        return [(await _settled(pid) - had) / count for pid, had in zip(pids, before, strict=True)]


async def _ready(url: str) -> None:
    """Wait until the CSE answers, whatever it says."""
    look = RequestPrimitive(Operation.RETRIEVE, "cse", _name(0), "look", "3")
    async with asyncio.timeout(_TIMEOUT_S):
        while True:
            transport = open_transport(url)
            try:
                await transport.send(look, timeout_s=0.5)
            except Unreachable:
                await asyncio.sleep(0.1)
            else:
                return
            finally:
                await transport.close()


async def _come(connections: contextlib.AsyncExitStack, numbers: Sequence[int], folder: Path, address: Address,
                poa: list[str]) -> None:
    some = asyncio.Semaphore(AT_ONCE)

    async def come(ae: str) -> None:
        async with some:
            await connections.enter_async_context(_registered(ae, address(ae, folder), poa))

    await asyncio.gather(*(come(_name(number)) for number in numbers))


@contextlib.asynccontextmanager
async def _registered(ae: str, url: str, poa: list[str]) -> AsyncIterator[None]:
    """An AE with a connection, its registration and a subscription that tells it."""
    options = {"client_id": f"A::{ae}"} if url.startswith("mqtt") else {}
    transport = cast(TwoWay, open_transport(url, **options))
    try:
        await transport.listen(_told)
        inside = {"rn": ae.lower(), "api": "N1", "rr": True, "srv": ["3"], **({"poa": poa} if poa else {})}
        await _create(transport, ae, "cse", 2, {"m2m:ae": inside})
        subscription = {"rn": "s", "nu": [ae], "nct": 1, "enc": {"net": [1]}}
        await _create(transport, ae, f"cse/{ae.lower()}", 23, {"m2m:sub": subscription})
        yield
    finally:
        await transport.close()


async def _create(transport: TwoWay, ae: str, to: str, ty: int, content: Content) -> None:
    request = RequestPrimitive(Operation.CREATE, to, ae, f"{ae}-{ty}", "3", resource_type=ty, content=content)
    answer = await transport.send(request, timeout_s=_TIMEOUT_S)
    if answer.status != Status.CREATED:
        raise RuntimeError(f"{ae}: CREATE of type {ty} was answered {answer.status}: {answer.content}")


async def _told(request: RequestPrimitive) -> ResponsePrimitive:
    return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)


async def _settled(pid: int) -> int:
    """Resident bytes once nothing is going on any more."""
    before, now = 0, _rss_bytes(pid)
    while abs(now - before) > 65_536:
        await asyncio.sleep(0.5)
        before, now = now, _rss_bytes(pid)
    return now


def _rss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} is gone")


def _name(number: int) -> str:
    return f"Cidle{number}"


def _hash() -> str:
    """As Mosquitto writes it, but quick to check: nothing here is a secret."""
    salt = b"twelve bytes"
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 1)
    return f"$7$1${b64encode(salt).decode()}${b64encode(digest).decode()}"


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@contextlib.contextmanager
def _banyan(folder: Path, settings: str) -> Iterator[int]:
    """The process of a CSE."""
    file = folder / "idle.toml"
    file.write_text(SETTINGS.format(folder=folder) + settings)
    program = "from cse.cli.main import main; raise SystemExit(main())"
    with _process(folder, sys.executable, "-c", program, "run", "--config", str(file)) as pid:
        yield pid


@contextlib.contextmanager
def _process(folder: Path, *command: str) -> Iterator[int]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


WAYS: dict[str, Callable[[int], Coroutine[None, None, Cost]]] = {
    "websocket": over_websocket, "mosquitto": over_mosquitto, "broker": over_own_broker,
}  # fmt: skip


def allow_connections(count: int) -> None:
    """Let this process, and those it starts, have so many sockets; raises ValueError where the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def main() -> None:
    """Print what an idle AE costs over each of the ways."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description=__doc__)
    parser.add_argument("--aes", type=int, default=1000)
    parser.add_argument("--only", default=",".join(WAYS), help=f"some of {', '.join(WAYS)}")
    given = parser.parse_args()
    allow_connections(2 * given.aes + 1000)
    logging.disable(logging.WARNING)  # that the CSE is not there yet
    print("| idle AEs, each with a connection and a subscription | number | CSE | broker beside it |")
    print("|---|---:|---:|---:|")
    for name in given.only.split(","):
        cost = asyncio.run(WAYS[name](given.aes))
        beside = f"{cost.broker / 1000:.1f} kB" if cost.broker is not None else ""
        print(f"| {cost.way} | {cost.aes:,} | {cost.cse / 1000:.1f} kB | {beside} |", flush=True)


if __name__ == "__main__":
    main()
