"""Sends hostile frames to a server over plain sockets and sees to it that nobody else notices."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from tests.bindings.websocket.hostile import frame

#: Frames that go out on one connection before it is given up, if the server does not end it.
PER_CONNECTION = 50


async def opened(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection after its handshake, without a WebSocket library in the way."""
    parts = urlsplit(url)
    assert parts.hostname
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write((f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Protocol: oneM2M.json\r\n\r\n").encode())  # fmt: skip
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.partition(b"\r\n")[0], head
    return reader, writer


async def storm(url: str, frames: Iterable[bytes]) -> int:
    """Send frames, a new connection whenever one ends; returns how many connections it took."""
    connections = 0
    pending = iter(frames)
    last = next(pending, None)
    while last is not None:
        connections += 1
        reader, writer = await opened(url)
        eating = asyncio.create_task(_eat(reader))
        sent = 0
        while last is not None and sent < PER_CONNECTION and not eating.done():
            writer.write(last)
            sent += 1
            last = next(pending, None)
            await asyncio.sleep(0)
        writer.transport.abort() if connections % 2 else writer.close()
        await eating
    return connections


async def _eat(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass


async def serves(url: str) -> bool:
    """Whether a decent peer gets its answer."""
    async with connect(url, subprotocols=["oneM2M.json"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"op": 2, "to": "cse", "fr": "CAdmin", "rqi": "after", "rvi": "3"}))
        answer = json.loads(await asyncio.wait_for(socket.recv(), 10))
    return (answer["rsc"], answer["rqi"]) == (2000, "after")


def text(members: object) -> bytes:
    """A frame with a primitive."""
    return frame(json.dumps(members).encode())
