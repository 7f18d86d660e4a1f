"""One open connection, the same on both sides: requests and responses in both directions (TS-0020 6).

What a peer can have this side hold is bounded: so many of its requests at a time, then nothing more is read; one
message in the making and what the transport buffers, then nothing more is written.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType

from bindings.websocket.mapping import Unreadable, message_of, primitive_of
from cse.client.transport import Unreachable
from cse.codecs import Codec, Limits
from cse.parameters import refusal
from cse.primitive import Operation, Repetition, RequestPrimitive, ResponsePrimitive
from resources.errors import CseError
from resources.status import Status

_log = logging.getLogger(__name__)

#: ``C`` and ``S`` are said by many that are not registered yet.
_SHORTEST_ENTITY = 2

#: Answers a request that came over a connection.
Answering = Callable[[RequestPrimitive, "Link"], Awaitable[ResponsePrimitive]]


class Socket(Protocol):
    """What aiohttp's sockets of both sides have in common."""

    async def receive(self) -> Any:
        """Wait for a message."""

    async def send_frame(self, message: bytes, opcode: WSMsgType) -> None:
        """Send a message; raises ConnectionError."""

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"") -> bool:
        """Close the connection."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``requests`` is how many of each side may be under way on one connection, ``rate`` how many messages a second.

    Of a ``rate`` of 0 nothing is counted. ``once``: a request may come again after a loss, and is told by what it says.
    """

    limits: Limits
    requests: int
    rate: int = 0
    once: bool = False


class Link:
    """A connection. ``source_address`` and ``authenticated`` are what the transport knows of the peer."""

    __slots__ = ("_answer", "_bounds", "_codec", "_count", "_ended", "_kind", "_leaving", "_open", "_room", "_second",
                 "_socket", "_tasks", "_waiting",
                 "_writing", "authenticated", "source_address")  # fmt: skip

    def __init__(
        self,
        socket: Socket,
        codec: Codec,
        bounds: Bounds,
        answer: Answering,
        source_address: str | None = None,
        authenticated: str | None = None,
    ) -> None:
        self.source_address = source_address
        self.authenticated = authenticated
        self._socket = socket
        self._codec = codec
        self._kind = WSMsgType.TEXT if codec.is_text else WSMsgType.BINARY
        self._bounds = bounds
        self._answer = answer
        self._waiting: dict[str, asyncio.Future[ResponsePrimitive]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()
        self._open = True
        self._leaving = False
        self._second, self._count = 0.0, 0
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def open(self) -> bool:
        """False once nothing can be sent any more."""
        return self._open

    async def run(self) -> None:
        """Read until the connection ends."""
        try:
            while await self._take(await self._socket.receive()):
                if len(self._tasks) >= self._bounds.requests:
                    await self._until_room()
                if self._bounds.rate:
                    await self._pace()
        finally:
            self._end()

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send a request and return its answer; raises Unreachable when there is none in time."""
        if not self._open:
            raise Unreachable("the connection is closed")
        if len(self._waiting) >= self._bounds.requests:
            raise Unreachable(f"{self._bounds.requests} requests wait already for an answer of this peer")
        answer: asyncio.Future[ResponsePrimitive] = asyncio.get_running_loop().create_future()
        rqi = self._wait_for(request.request_id, answer)
        sent = request if rqi == request.request_id else replace(request, request_id=rqi)
        try:
            message = message_of(sent, self._codec)
            async with asyncio.timeout(timeout_s):
                await self._write(message)
                response = await answer
        except TimeoutError:
            raise Unreachable("no answer in time") from None
        except ConnectionError as error:
            raise Unreachable(str(error) or "the connection is closed") from None
        except CseError as error:
            raise Unreachable(error.message) from None
        finally:
            del self._waiting[rqi]
        response.request_id = request.request_id
        return response

    async def close(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        """Close the connection and wait for the peer to do the same, for a while."""
        self._open = False
        await self._socket.close(code=code, message=reason.encode())

    async def ended(self) -> None:
        """Wait until the connection has ended."""
        await asyncio.shield(self._ended)

    async def drain(self) -> None:
        """Take no more requests and wait until those under way are answered."""
        self._leaving = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _wait_for(self, rqi: str, answer: asyncio.Future[ResponsePrimitive]) -> str:
        """Wait for the answer with this identifier, or with another where one of the same is under way."""
        while not rqi or rqi in self._waiting:
            rqi = secrets.token_hex(8)
        self._waiting[rqi] = answer
        return rqi

    async def _take(self, message: WSMessage) -> bool:
        """Look at what came; False: it was the last."""
        if message.type is not self._kind:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                wanted = "text" if self._codec.is_text else "binary"
                await self.close(WSCloseCode.UNSUPPORTED_DATA, f"this sub-protocol has {wanted} messages")
            return False
        data = message.data
        try:
            primitive = primitive_of(data, self._codec, self._bounds.limits)
        except Unreadable as unreadable:
            if self._codec.is_text and not _is_utf_8(data):
                await self.close(WSCloseCode.INVALID_TEXT, "text is UTF-8")
                return False
            if unreadable.answer is not None:
                self._do(self._tell(unreadable.answer))
            return True
        if isinstance(primitive, ResponsePrimitive):
            answer = self._waiting.get(primitive.request_id)
            if answer is not None and not answer.done():
                answer.set_result(primitive)
        elif not self._leaving:
            if self._bounds.once:
                primitive.repetition = self._repetition(primitive, data)
            self._do(self._serve(primitive))
        return True

    def _repetition(self, request: RequestPrimitive, data: bytes) -> Repetition | None:
        """How a request is known when it comes again; None where that does nothing twice, or nobody says who asks."""
        if request.operation is Operation.RETRIEVE or len(request.originator) < _SHORTEST_ENTITY:
            return None
        return Repetition.of(f"{request.originator} {self.authenticated or ''}", request.request_id, data)

    def _do(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._did)

    def _did(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _pace(self) -> None:
        """Read no more in a second than the rate allows."""
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1.0:
            self._second, self._count = now, 0
        self._count += 1
        if self._count > self._bounds.rate:
            await asyncio.sleep(self._second + 1.0 - now)

    async def _until_room(self) -> None:
        self._room = asyncio.get_running_loop().create_future()
        try:
            await self._room
        finally:
            self._room = None

    async def _serve(self, request: RequestPrimitive) -> None:
        request.source_address = self.source_address
        request.authenticated = self.authenticated
        try:
            response = await self._answer(request, self)
        except Exception:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
            _log.exception("%s %r failed", request.operation.name, request.to)
            response = ResponsePrimitive(Status.INTERNAL_SERVER_ERROR, request.request_id,
                                         {"m2m:dbg": "internal error; see the log of the CSE"})  # fmt: skip
        await self._tell(response)

    async def _tell(self, response: ResponsePrimitive) -> None:
        try:
            message = message_of(response, self._codec)
        except CseError as error:
            unsaid = {"rqi": response.request_id, "rvi": response.release_version}
            message = message_of(refusal(error, unsaid), self._codec)
        try:
            await self._write(message)
        except ConnectionError:
            _log.debug("an answer came too late for its connection")

    async def _write(self, message: bytes) -> None:
        """Write one message after the other, so that a peer that does not read is owed one at most."""
        async with self._writing:
            await self._socket.send_frame(message, self._kind)

    def _end(self) -> None:
        self._open = False
        if not self._ended.done():
            self._ended.set_result(None)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection was closed"))


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
