"""Many notification targets in one process, each on a port of its own; some of them in trouble when they are told so.

Asked over standard input, answers on standard output, a JSON object on a line each: the first line out is
``{"ports": [...]}``; ``{"modes": {"<port>": <mode>}}`` gives ``{}``; ``{"take": true}`` gives ``{"arrivals": [[port,
number, seconds since it was sent], ...]}``. A ``con`` is ``<number>:<nanoseconds of the monotonic clock>``.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import struct
import sys
import time
from typing import Any

import uvloop

from bench.requests import Requests

#: Answers; has no listener; accepts and answers late or never; accepts and resets.
WELL, DEAD, SLOW, RESETTING = MODES = ("well", "dead", "slow", "resetting")
#: When a slow target answers, every other one of them; the rest never do.
LATE_S = 30.0
#: Below the ports that the system gives to clients, so that a dead target's own stays free for it.
PORTS = (10_000, 32_000)
_CONTENT = re.compile(rb'"con" *: *"(\d+):(\d+)"')


class Target:
    """One target: its port, its mode, its connections."""

    def __init__(self, arrivals: list[tuple[int, int, float]]) -> None:
        self.port = 0
        self.mode = WELL
        self.connections: set[Connection] = set()
        self._arrivals = arrivals
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the port, the first time any that is free."""
        while self._server is None:
            port = self.port or random.randrange(*PORTS)  # noqa: S311 - any will do
            try:
                self._server = await asyncio.get_running_loop().create_server(
                    lambda: Connection(self), "127.0.0.1", port, backlog=64
                )
                self.port = port
            except OSError:
                if self.port:
                    raise

    async def become(self, mode: str) -> None:
        """Change the mode; what it leaves half done is cut."""
        self.mode = mode
        if mode == DEAD and self._server is not None:
            self._server.close()
            self._server = None
        elif mode != DEAD:
            await self.listen()
        if mode in (DEAD, WELL):
            for connection in tuple(self.connections):
                if mode == DEAD or connection.silent:
                    connection.transport.abort()

    def note(self, body: bytes) -> None:
        """Note an arrival; a verification has no ``con``."""
        found = _CONTENT.search(body)
        if found:
            self._arrivals.append((self.port, int(found[1]), (time.monotonic_ns() - int(found[2])) / 1e9))


class Connection(Requests):
    """One connection of the CSE; ``silent`` while a request is not answered as it should be."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.silent = False
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be known to the target."""
        super().connection_made(transport)
        self._target.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It is over."""
        self._target.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take requests, unless the target resets."""
        if self._target.mode == RESETTING:
            self._reset()
        else:
            super().data_received(data)

    def asked(self, head: bytes, body: bytes) -> None:
        """Treat a request as the mode of the target says."""
        if self._target.mode == SLOW:
            self._tarry(head)
        else:
            self._target.note(body)
            self._answer(head)

    def _tarry(self, head: bytes) -> None:
        self.silent = True
        if self._target.port % 2:
            asyncio.get_running_loop().call_later(LATE_S, self._answer, head)

    def _answer(self, head: bytes) -> None:
        if not self.transport.is_closing():
            self.answer(head)

    def _reset(self) -> None:
        own = self.transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


async def _serve(count: int) -> None:
    arrivals: list[tuple[int, int, float]] = []
    targets = [Target(arrivals) for _ in range(count)]
    for target in targets:
        await target.listen()
    by_port = {str(target.port): target for target in targets}
    _say({"ports": [target.port for target in targets]})
    commands = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        for port, mode in command.get("modes", {}).items():
            await by_port[port].become(mode)
        _say({"arrivals": arrivals} if "take" in command else {})
        if "take" in command:
            arrivals.clear()


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
