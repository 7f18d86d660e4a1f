"""A notification target that keeps up: answers every notification, remembers which instances it heard of.

``GET /`` answers ``{"received": n, "distinct": n, "seconds": between first and last}``, ``DELETE /`` forgets.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_REQUEST_ID = re.compile(rb"\r\nx-m2m-ri: *([^\r]+)", re.IGNORECASE)
_INSTANCE = re.compile(rb'"ri" *: *"([^"]+)"')


class Count:
    """What was heard since the last DELETE."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.received = 0
        self.instances: set[bytes] = set()
        self.first = self.last = 0.0

    def add(self, body: bytes) -> None:
        """Note one notification; a verification names no instance."""
        found = _INSTANCE.search(body)
        if found:
            self.last = time.monotonic()
            self.first = self.first or self.last
            self.received += 1
            self.instances.add(found[1])

    def as_json(self) -> bytes:
        """Return the numbers."""
        numbers = {"received": self.received, "distinct": len(self.instances), "seconds": self.last - self.first}
        return json.dumps(numbers).encode()


class Sink(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            body, self._buffer = self._buffer[end + 4 : total], self._buffer[total:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        content = b""
        if head.startswith(b"GET "):
            content = self._count.as_json()
        elif head.startswith(b"DELETE "):
            self._count.forget()
        else:
            self._count.add(body)
        request_id = _REQUEST_ID.search(head)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nX-M2M-RI: %b\r\nContent-Length: %d\r\n\r\n%b"
            % (request_id[1] if request_id else b"", len(content), content)
        )


async def serve(port: int, count: Count) -> None:
    """Answer until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Sink(count), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), Count()))
