"""Load on a server: wrk for the measured part, plain connections for set-up and filling."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

HEADERS = {"X-M2M-Origin": "CAdmin", "X-M2M-RVI": "3", "Accept": "application/json"}
#: The core of the load; the server under test has the other one.
LOAD_CORE = "1"


class Request(NamedTuple):
    """What is sent: ``ty`` and ``body`` are empty for a retrieve."""

    method: str
    path: str
    ty: str = ""
    body: str = ""


class Result(NamedTuple):
    """What wrk saw; latencies in milliseconds."""

    per_second: float
    answers: int
    failures: int
    p50_ms: float
    p99_ms: float


def instance(content: str) -> str:
    """Return the primitive content of a contentInstance."""
    return json.dumps({"m2m:cin": {"con": content}}, separators=(",", ":"))


def measure(port: int, request: Request, connections: int, seconds: int) -> Result:
    """Send ``request`` over keep-alive connections for some seconds."""
    script = str(Path(__file__).parent / "request.lua")
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script]
    target = [f"http://127.0.0.1:{port}{request.path}", "--", request.method, request.ty, request.body]
    run = subprocess.run(
        ["taskset", "-c", LOAD_CORE, *wrk, *target],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=True,
    )
    line = next(line for line in run.stdout.splitlines() if line.startswith("result "))
    answers, duration_us, broken, refused, p50_us, p99_us = map(int, line.split()[1:])
    return Result(answers / duration_us * 1e6, answers, broken + refused, p50_us / 1000, p99_us / 1000)


def send(port: int, request: Request) -> dict[str, Any]:
    """Send one request and return its JSON content; anything but 2xx raises RuntimeError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        content_type = {"Content-Type": f"application/json;ty={request.ty}"} if request.body else {}
        headers = HEADERS | content_type | {"X-M2M-RI": "set-up"}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body.decode(errors='replace')}")
    content: dict[str, Any] = json.loads(body) if body else {}
    return content


def fill(port: int, path: str, count: int, connections: int = 32) -> None:
    """Create exactly ``count`` instances of 60 bytes below ``path``."""
    asyncio.run(_fill(port, path, count, connections))


async def _fill(port: int, path: str, count: int, connections: int) -> None:
    shares = [count // connections + (number < count % connections) for number in range(connections)]
    await asyncio.gather(*(_create(port, path, share) for share in shares))


async def _create(port: int, path: str, count: int) -> None:
    body = instance("x" * 60)
    lines = [f"{name}: {value}" for name, value in HEADERS.items()]
    lines += [
        "X-M2M-RI: fill",
        "Host: 127.0.0.1",
        "Content-Type: application/json;ty=4",
        f"Content-Length: {len(body)}",
    ]
    message = "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", body]).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 201"):
            raise RuntimeError(f"POST {path}: {head.splitlines()[0].decode()}")
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0))
    writer.close()
    await writer.wait_closed()
