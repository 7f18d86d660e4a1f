"""CoAP over TCP (RFC 8323): connections that are limited in number, time and what is buffered for them."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, cast

from bindings.coap.mapping import Message
from bindings.coap.options import Option
from bindings.coap.stream import (
    ABORT,
    CSM,
    DEFAULT_MAX_BYTES,
    OPTION_BYTES,
    PING,
    PONG,
    RELEASE,
    Broken,
    Frame,
    abort_frame,
    bad_option,
    max_bytes_of,
    read_frame,
    settings_frame,
    unwanted,
    write_frame,
)
from cse.client.transport import Unreachable
from cse.security.complaints import Complaints

#: Time for the settings of a peer, and for a message that has begun.
_PATIENCE_S = 20.0
#: Requests of one connection that are worked on; with more it is not read on.
_AT_ONCE = 64
#: What may wait to be written besides one message.
_BUFFER_BYTES = 1024 * 1024
_MAX_POOL = 200

#: A request, the key and the address of its peer, the largest payload it takes, its names: to the answer.
Answering = Callable[[Message, object, str, int, tuple[str, ...] | None], Awaitable[Message]]

#: Host, port, TLS or none: of a connection that is kept.
_Key = tuple[str, int, ssl.SSLContext | None]


class Stream(asyncio.Protocol):
    """One connection, either side. ``max_bytes`` bounds a message, ``peer_max_bytes`` is what the peer takes."""

    def __init__(self, known: Mapping[int, Option], max_payload_bytes: int) -> None:
        self._known = known
        self._max_bytes = max_payload_bytes + OPTION_BYTES
        self._buffer = bytearray()
        self._guard: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport
        self.ready = asyncio.Event()
        self.peer_max_bytes = DEFAULT_MAX_BYTES
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say how large messages may be, and wait for the same of the peer."""
        self.transport = transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        transport.write(settings_frame(self._max_bytes))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - it is over either way
        """Stop the clock."""
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Take what is complete; an incomplete message has to go on in time."""
        self._buffer += data
        try:
            while not self.transport.is_closing():
                found = read_frame(self._buffer, self._known, self._max_bytes)
                if found is None:
                    break
                del self._buffer[: found[1]]
                self._rest()
                self._take(found[0])
        except Broken as error:
            self.abort(str(error))
            return
        if self._buffer or not self.ready.is_set():
            self._watch()
        else:
            self._rest()

    def write(self, data: bytes) -> None:
        """Send, unless the peer does not read what it gets."""
        if self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > _BUFFER_BYTES + len(data):
            self.transport.abort()

    def abort(self, reason: str) -> None:
        """Say why and close."""
        self._buffer.clear()
        self.write(abort_frame(reason))
        self.transport.close()

    def received(self, frame: Frame) -> None:
        """Take a request or an answer."""

    def _take(self, frame: Frame) -> None:
        code = frame.message.code
        if code == CSM:
            self.peer_max_bytes = max_bytes_of(frame.message, self.peer_max_bytes)
            self.ready.set()
        elif not self.ready.is_set():
            raise Broken("the first message is no CSM")
        elif code == PING:
            self.write(write_frame(frame.token, Message(PONG, [])))
        elif code in (RELEASE, ABORT):
            self.transport.close()
        elif code not in (0, PONG):
            self.received(frame)

    def _watch(self) -> None:
        if self._guard is None:
            self._guard = asyncio.get_running_loop().call_later(_PATIENCE_S, self.abort, "a message that did not go on")

    def _rest(self) -> None:
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None


class _Served(Stream):
    """A connection to the server."""

    def __init__(self, server: TcpServer) -> None:
        super().__init__(server.known, server.max_payload_bytes)
        self._server = server
        self._running = 0
        self.key: tuple[object, ...] = ()
        self.names: tuple[str, ...] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.key = ("tcp", *transport.get_extra_info("peername", ()))
        if transport.get_extra_info("ssl_object") is not None:
            self.names = tuple(names_of(transport.get_extra_info("peercert") or {}))
        self._server.connections.add(self)
        if len(self._server.connections) > self._server.max_connections:
            self.abort("too many connections; try again later")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._server.connections.discard(self)

    def abort(self, reason: str) -> None:
        self._server.complaints.tell(self.peer, reason)
        super().abort(reason)

    def received(self, frame: Frame) -> None:
        if not 0 < frame.message.code < 32:
            return  # nothing is asked on this side
        if frame.bad_option:
            self._server.complaints.tell(self.peer, frame.bad_option)
            self.write(bad_option(frame))
            return
        self._running += 1
        if self._running >= _AT_ONCE:
            self.transport.pause_reading()
        self._server.serve(self._answer(frame))

    async def _answer(self, frame: Frame) -> None:
        room = self.peer_max_bytes - OPTION_BYTES
        try:
            answer = await self._server.answering(frame.message, self.key, self.peer, max(room, 1024), self.names)
            if not unwanted(frame.message, answer):
                self.write(write_frame(frame.token, answer))
        finally:
            self._running -= 1
            if self._running == _AT_ONCE - 1 and not self.transport.is_closing():
                self.transport.resume_reading()


class TcpServer:
    """Listens on TCP; ``answering`` answers and never raises."""

    def __init__(
        self, answering: Answering, known: Mapping[int, Option], complaints: Complaints,
        *, max_payload_bytes: int, max_connections: int,
    ) -> None:  # fmt: skip
        self.answering = answering
        self.known = known
        self.complaints = complaints
        self.max_payload_bytes = max_payload_bytes
        self.max_connections = max_connections
        self.connections: set[_Served] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen and return the port; raises OSError."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Served(self), host, port, backlog=1024, ssl=tls,
            ssl_handshake_timeout=None if tls is None else _PATIENCE_S,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening, release connections."""
        if self._server is None:
            return
        self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for connection in list(self.connections):
            connection.write(write_frame(b"", Message(RELEASE, [])))
            connection.transport.close()
        self._server = None

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Answer a request beside the others."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Asked(Stream):
    """A connection of the client."""

    def __init__(self, known: Mapping[int, Option], max_payload_bytes: int) -> None:
        super().__init__(known, max_payload_bytes)
        self._tokens = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[Message]] = {}

    async def exchange(self, message: Message) -> Message:
        """Send a request and return its answer; raises Unreachable, ConnectionError."""
        await self.ready.wait()
        token = next(self._tokens).to_bytes(8, "big").lstrip(b"\0")
        data = write_frame(token, message)
        if len(data) > self.peer_max_bytes:
            raise Unreachable(f"the peer takes messages of {self.peer_max_bytes} bytes, this one has {len(data)}")
        self._waiting[token] = asyncio.get_running_loop().create_future()
        try:
            if self.transport.is_closing():
                raise ConnectionResetError("the peer has closed the connection")
            self.write(data)
            return await self._waiting[token]
        finally:
            del self._waiting[token]

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ready.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the peer has closed the connection"))

    def received(self, frame: Frame) -> None:
        waiting = self._waiting.get(frame.token)
        if waiting is not None and not waiting.done() and not frame.bad_option:
            waiting.set_result(frame.message)


class TcpClient:
    """Kept connections to servers, by host and port."""

    def __init__(self, known: Mapping[int, Option], max_payload_bytes: int) -> None:
        self._known = known
        self._max_payload_bytes = max_payload_bytes
        self._open: OrderedDict[_Key, asyncio.Task[_Asked]] = OrderedDict()

    async def exchange(self, host: str, port: int, message: Message, tls: ssl.SSLContext | None = None) -> Message:
        """Send a request and return its answer; raises Unreachable, OSError."""
        connection = await self._connection((host, port, tls))
        return await connection.exchange(message)

    async def close(self) -> None:
        """Close all connections."""
        for opening in self._open.values():
            _let_go(opening)
        self._open.clear()
        await asyncio.sleep(0)

    async def _connection(self, key: _Key) -> _Asked:
        opening = self._open.pop(key, None)
        if opening is None or (opening.done() and _is_lost(opening)):
            opening = asyncio.create_task(self._connect(key))
        self._open[key] = opening
        if len(self._open) > _MAX_POOL:
            _let_go(self._open.popitem(last=False)[1])
        return await asyncio.shield(opening)

    async def _connect(self, key: _Key) -> _Asked:
        loop = asyncio.get_running_loop()
        host, port, tls = key
        _, connection = await loop.create_connection(
            lambda: _Asked(self._known, self._max_payload_bytes), host, port, ssl=tls
        )
        return connection


def _is_lost(opening: asyncio.Task[_Asked]) -> bool:
    return opening.cancelled() or opening.exception() is not None or opening.result().transport.is_closing()


def _let_go(opening: asyncio.Task[_Asked]) -> None:
    if not opening.done():
        opening.cancel()
    elif not _is_lost(opening):
        opening.result().transport.close()


def names_of(certificate: Mapping[str, Any]) -> list[str]:
    """URIs, then DNS names of a certificate as the ssl module shows it; its common name where it has neither."""
    alternatives = certificate.get("subjectAltName", ())
    names = [value for wanted in ("URI", "DNS") for kind, value in alternatives if kind == wanted]
    common = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return names or common[:1]
