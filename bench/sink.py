"""A notification target that keeps up: answers every notification, remembers which instances it heard of.

``GET /`` answers ``{"received": n, "distinct": n, "seconds": between first and last}``, ``DELETE /`` forgets.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

import uvloop

from bench.requests import Requests

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


class Sink(Requests):
    """One connection."""

    def __init__(self, count: Count) -> None:
        super().__init__()
        self._count = count

    def asked(self, head: bytes, body: bytes) -> None:
        """Answer at once."""
        content = b""
        if head.startswith(b"GET "):
            content = self._count.as_json()
        elif head.startswith(b"DELETE "):
            self._count.forget()
        else:
            self._count.add(body)
        self.answer(head, content)


async def serve(port: int, count: Count) -> None:
    """Answer until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Sink(count), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), Count()))
