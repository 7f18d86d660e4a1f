"""``python -m bench.websocket``: create and retrieve over WebSocket beside aiohttp's own echo, one core for the server.

Every connection has one request under way; messages have the same size on both sides.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from aiohttp import WSMsgType, web

from bench.load import LOAD_CORE, Result
from bench.processes import BANYAN, Server, free_port, running
from bench.report import COLUMNS, Row, median_of, table

SETTINGS = """
[cse]
administrators = ["CAdmin"]
[store]
path = {path}
[http]
port = {http}
[websocket]
enabled = true
port = {port}
[log]
level = "WARNING"
"""
COMMON = {"fr": "CAdmin", "rqi": "r1", "rvi": "3"}
WORKLOADS = {
    "W1 create contentInstance": {"op": 1, "to": "cse/w1", "ty": 4, "pc": {"m2m:cin": {"con": "x" * 60}}, **COMMON},
    "W2 retrieve la": {"op": 2, "to": "cse/w1/la", **COMMON},
}
CONTAINER = {"op": 1, "to": "cse", "ty": 3, "pc": {"m2m:cnt": {"rn": "w1"}}, **COMMON}
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: oneM2M.json\r\n\r\n"
)


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """The limit: a message comes back, or a page says that the server is there."""
    if "Upgrade" not in request.headers:
        return web.Response()
    socket = web.WebSocketResponse(protocols=("oneM2M.json",), compress=False, decode_text=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_frame(message.data, WSMsgType.TEXT)
    return socket


async def serve_echo(port: int) -> None:
    """Serve ``echo``."""
    runner = web.ServerRunner(web.Server(echo))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def frame(members: object) -> bytes:
    """One text frame, masked with zeros: legal, and nothing to compute."""
    payload = json.dumps(members, separators=(",", ":")).encode()
    head = struct.pack("!BB", 0x81, 0x80 | len(payload)) if len(payload) < 126 else \
        struct.pack("!BBH", 0x81, 0x80 | 126, len(payload))  # fmt: skip
    return head + bytes(4) + payload


class Load(asyncio.Protocol):
    """One connection that sends again as soon as it is answered, until ``until``."""

    def __init__(self, message: bytes, until: float, took_s: list[float]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.failures = 0
        self._message = message
        self._until = until
        self._took_s = took_s
        self._open = False
        self._data = b""
        self._began = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self._transport = transport  # type: ignore[assignment]
        self._transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        """Count an answer and send the next request."""
        self._data += data
        if not self._open:
            _, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self._open, self._data = True, rest
            self._next()
            return
        size, head = self._data[1], 2
        if size == 126 and len(self._data) >= 4:
            size, head = struct.unpack("!H", self._data[2:4])[0], 4
        if len(self._data) < head + size:
            return
        now = time.perf_counter()
        self._took_s.append(now - self._began)
        self.failures += b'"rsc":4' in self._data or b'"rsc":5' in self._data
        self._data = self._data[head + size :]
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The measurement of this connection is over."""
        self.failures += exc is not None
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._message)


async def load(port: int, members: object, connections: int, seconds: float) -> Result:
    """Send a request over and over."""
    took_s: list[float] = []
    message, began = frame(members), time.perf_counter()
    until = began + seconds
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Load(message, until, took_s), "127.0.0.1", port)
            for _ in range(connections)]  # fmt: skip
    await asyncio.gather(*(protocol.done for _, protocol in made))
    took_s.sort()
    lasted_s = time.perf_counter() - began
    return Result(len(took_s) / lasted_s, len(took_s), sum(protocol.failures for _, protocol in made),
                  took_s[len(took_s) // 2] * 1000, took_s[len(took_s) * 99 // 100] * 1000)  # fmt: skip


def measure(server: Server, port: int, members: object, connections: int, seconds: float) -> tuple[Result, float]:
    """One measurement in a process on the other core; the CPU time of the server per answer in microseconds."""
    used_s = server.cpu_s()
    command = [sys.executable, "-m", "bench.websocket", "--load", str(port), str(connections), str(seconds)]
    run = subprocess.run(["taskset", "-c", LOAD_CORE, *command], input=json.dumps(members), capture_output=True,
                         text=True, check=True, timeout=seconds + 60)  # fmt: skip
    result = Result(*json.loads(run.stdout))
    return result, (server.cpu_s() - used_s) / max(1, result.answers) * 1e6


def compare(connections: int, seconds: int, folder: Path) -> list[Row]:
    """Measure each workload and the echo in turn, second by second: the speed of a machine drifts."""
    port, http, bare_port, log = free_port(), free_port(), free_port(), folder / "log"
    config = folder / "websocket.toml"
    config.write_text(SETTINGS.format(path=json.dumps(str(folder / "websocket.db")), http=http, port=port))
    echoing = (sys.executable, "-m", "bench.websocket", "--echo", str(bare_port))
    rows = []
    with (
        running(*echoing, port=bare_port, log=log) as bare,
        running(BANYAN, "run", "--config", str(config), port=http, log=log, path="/cse") as cse,
    ):
        measure(cse, port, CONTAINER, 1, 0.0)
        for title, members in WORKLOADS.items():
            pairs = [
                (measure(cse, port, members, connections, 1.0), measure(bare, bare_port, members, connections, 1.0))
                for _ in range(seconds)
            ]
            own, limit = median_of(pairs, lambda pair: pair[0][0].per_second)
            share = median_of([a[0].per_second / b[0].per_second for a, b in pairs], float)
            rows += [Row(f"echo for {title[:2]}", connections, *limit), Row(title, connections, *own, share)]
    return rows


def main() -> None:
    """Measure, or be one of the processes of a measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--echo", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.echo is not None:
            runner.run(serve_echo(options.echo))
        elif options.load is not None:
            port, connections, seconds = options.load
            found = runner.run(load(int(port), json.load(sys.stdin), int(connections), float(seconds)))
            print(json.dumps(found))
        else:
            with tempfile.TemporaryDirectory() as folder:
                rows = compare(options.connections, options.seconds, Path(folder))
            print(table(COLUMNS, [row.cells() for row in rows], markdown=True))


if __name__ == "__main__":
    main()
