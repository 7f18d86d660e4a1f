"""The network path between AEs and a CSE, which can be cut: a link between two network namespaces, or a proxy.

``NEAR`` is the side of the test's process, ``FAR`` another machine as far as the network is concerned.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import random
import secrets
import socket
import subprocess
from enum import Enum, auto
from typing import Protocol

#: All addresses of a machine, which is nobody else's where it is a namespace.
EVERYWHERE = "0.0.0.0"


class Side(Enum):
    """Where something runs."""

    NEAR = auto()
    FAR = auto()


class Cut(Enum):
    """How a path ends: nothing is heard any more, or the near side knows at once."""

    SILENT = auto()
    KNOWN = auto()


class NetworkPath(Protocol):
    """A path. ``prefix`` starts a program at the far side; ``hosts`` is where servers of each side listen."""

    prefix: tuple[str, ...]
    hosts: dict[Side, str]

    async def begin(self) -> None:
        """Be there."""

    async def way(self, side: Side, port: int) -> str:
        """The host and port at which the other side reaches a port of this one."""

    async def cut(self, how: Cut) -> None:
        """Let nothing pass."""

    async def mend(self) -> None:
        """Let all pass again."""

    async def end(self) -> None:
        """Leave nothing behind."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class LinkedNamespace:
    """The far side is a network namespace, and the path a pair of virtual network devices.

    With its far end down the near side hears nothing; with its near end down it has no route.
    """

    def __init__(self) -> None:
        name = f"bny{os.getpid() % 100_000}{secrets.token_hex(2)}"
        block = random.SystemRandom().randrange(2**15) * 4
        net = f"198.{18 + (block >> 16)}.{(block >> 8) & 255}."
        self._name, self._near, self._far = name, f"{name}n", f"{name}f"
        self._address = {Side.NEAR: f"{net}{(block & 255) + 1}", Side.FAR: f"{net}{(block & 255) + 2}"}
        self.prefix: tuple[str, ...] = ("ip", "netns", "exec", name)
        self.hosts = {Side.NEAR: self._address[Side.NEAR], Side.FAR: EVERYWHERE}

    async def begin(self) -> None:
        near, far = self._address[Side.NEAR], self._address[Side.FAR]
        await ip("netns", "add", self._name)
        await ip("link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self._name)
        await ip("addr", "add", f"{near}/30", "dev", self._near)
        await ip("-n", self._name, "addr", "add", f"{far}/30", "dev", self._far)
        await ip("-n", self._name, "link", "set", "lo", "up")
        await self.mend()

    async def way(self, side: Side, port: int) -> str:
        return f"{self._address[side]}:{port}"

    async def cut(self, how: Cut) -> None:
        where = ("-n", self._name, "link", "set", self._far) if how is Cut.SILENT else ("link", "set", self._near)
        await ip(*where, "down")

    async def mend(self) -> None:
        await ip("-n", self._name, "link", "set", self._far, "up")
        await ip("link", "set", self._near, "up")

    async def end(self) -> None:
        for command in (("link", "del", self._near), ("netns", "del", self._name)):
            with contextlib.suppress(OSError):
                await ip(*command)


async def ip(*arguments: str) -> None:
    """Run ``ip``; raises OSError with what it says."""
    process = await asyncio.create_subprocess_exec("ip", *arguments, stderr=asyncio.subprocess.PIPE)
    _, text = await process.communicate()
    if process.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {text.decode().strip()}")


@functools.cache
def without_namespaces() -> str:
    """Why there can be no link between namespaces here; '' where there can."""
    name = f"bny-try-{os.getpid()}"
    try:
        pair = ("-n", name, "link", "add", "name", "bny1", "type", "veth", "peer", "name", "bny2")
        for command in (("netns", "add", name), pair):
            subprocess.run(("ip", *command), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespaces here: {getattr(error, 'stderr', b'').decode().strip() or error}"
    finally:
        with contextlib.suppress(OSError):
            subprocess.run(("ip", "netns", "del", name), check=False, capture_output=True)
    return ""


class Proxies:
    """Both sides are this machine, and the path a proxy for each port, which stops passing on, or resets."""

    def __init__(self) -> None:
        self.prefix: tuple[str, ...] = ()
        self.hosts = dict.fromkeys(Side, "127.0.0.1")
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Nothing is needed before the first way."""

    async def way(self, side: Side, port: int) -> str:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await self._connect(port, reader, writer)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self._servers.append(server)
        return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def cut(self, how: Cut) -> None:
        self._open.clear()
        if how is Cut.KNOWN:
            self._refusing = True
            for writer in self._writers:
                writer.transport.abort()

    async def mend(self) -> None:
        self._refusing = False
        self._open.set()

    async def end(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._refusing:
                await self._open.wait()
                other_reader, other = await asyncio.open_connection("127.0.0.1", port)
                self._writers.add(other)
                try:
                    await asyncio.gather(self._pass(reader, other), self._pass(other_reader, writer))
                finally:
                    self._writers.discard(other)
                    other.transport.abort()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError
