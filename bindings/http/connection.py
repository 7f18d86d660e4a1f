"""Connections that cannot be held open for nothing: aiohttp limits sizes, this limits time and number.

A peer that does not complete the head of a request in time gets 408, one that does not read its answer is cut off,
one connection too many gets 503. None of it costs anything per request: timers are set when a connection opens, when
a head arrives in pieces, when an answer does not fit into the buffers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http import HttpVersion, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong
from aiohttp.web_protocol import _ErrInfo

from bindings.http.answer import Answer, refuse_bytes
from cse.settings import HttpSettings
from resources.errors import BadRequest, ReceiverError
from resources.status import Status

_MAX_HEADERS = 64
#: Requests of one connection that are answered before others have their turn.
PIPELINED = 32
_TIMED_OUT = refuse_bytes(408, Status.REQUEST_TIMEOUT, "the request did not arrive in time")
_TOO_MANY = refuse_bytes(503, Status.INTERNAL_SERVER_ERROR, "too many connections; try again later")
_HEAD_TOO_LARGE = refuse_bytes(431, Status.BAD_REQUEST, "the head of the request is too large")


#: Head and body of a request and the connection it came on, to its answer.
Answering = Callable[[RawRequestMessage, StreamReader, "Connection"], Awaitable[Answer]]


class Connection(web.RequestHandler):
    """One connection. ``source_address`` and ``authenticated`` are what the transport knows of its peer.

    ``host`` is the last Host header that was found to be one.
    """

    __slots__ = (
        "_guard",
        "_head_bytes",
        "_head_since",
        "_last_payload",
        "_reader_guard",
        "_server",
        "_settings",
        "authenticated",
        "host",
        "source_address",
    )

    def __init__(self, server: GuardedServer, settings: HttpSettings, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._settings = settings
        self._guard: asyncio.TimerHandle | None = None
        self._reader_guard: asyncio.TimerHandle | None = None
        self._head_since = 0.0
        self._head_bytes = 0
        self._last_payload: StreamReader | None = None
        self.host: str | None = None
        self.source_address: str | None = None
        self.authenticated: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, or turn the peer away when there are too many."""
        super().connection_made(transport)
        if self._server.open_connections > self._settings.max_connections:
            self._turn_away(_TOO_MANY)
            return
        peer = transport.get_extra_info("peername")
        self.source_address = peer[0] if peer else None
        self.authenticated = entity_of(transport.get_extra_info("peercert"))
        self._watch_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clock."""
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None
        self._stop_watching_reader()
        if self._last_payload is not None and not self._last_payload.is_eof():
            self._last_payload.set_exception(ConnectionResetError("the peer has gone"))
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; start the clock when a head is still incomplete."""
        count = self._request_count
        super().data_received(data)
        if count != self._request_count:
            self._head_bytes = 0
            self._last_payload = self._messages[-1][1]
        elif self._waiter is not None:
            if not self._head_bytes:
                self._watch_head()
            self._head_bytes += len(data)
            if self._head_bytes > self._settings.max_header_bytes:
                self._turn_away(_HEAD_TOO_LARGE)

    async def start(self) -> None:
        """Answer the requests of this connection one after the other, without a task for each of them.

        A third of the cost of a small request is saved against aiohttp's own loop, which gives each request a context
        of its own and writes an access log.
        """
        at_once = 0
        while not self._force_close:
            at_once += 1
            if self._messages and at_once % PIPELINED == 0:
                await asyncio.sleep(0)
            if not self._messages:
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            message, payload = self._messages.popleft()
            if self._parser is not None:
                self._parser.message_consumed()
            if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
                self._resume_reading_if_drained()
            if self._manager is None or not await self._serve(message, payload):
                break
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    async def _serve(self, message: Any, payload: StreamReader) -> bool:
        """Answer one request; False when the connection ends with it: also when its body was not read."""
        if isinstance(message, _ErrInfo):
            answer = self.handle_error(None, message.status, message.exc)
            method, version = "GET", HttpVersion11
        else:
            self._request_in_progress = True
            try:
                answer = await self._server.answer(message, payload, self)
            except Exception as error:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
                self.log_exception("%s %r failed", message.method, message.path, exc_info=error)
                answer = self.handle_error(None, 500, error)
            finally:
                self._request_in_progress = False
                if self._handler_waiter is not None and not self._handler_waiter.done():
                    self._handler_waiter.set_result(None)
            method, version = message.method, message.version
            if message.should_close or message.upgrade or not payload.is_eof():
                answer.force_close()
        transport = self.transport
        if transport is None or transport.is_closing():
            return False
        try:
            transport.write(self._bytes_of(answer, method, version))
            if self._paused:
                await self._drain_helper()
        except ConnectionError:
            return False
        self._keepalive = answer.keep_alive
        if not self._keepalive or self._close or self._force_close:
            return False
        self._watch_idle()
        return True

    def _bytes_of(self, answer: Answer, method: str, version: HttpVersion) -> bytes:
        try:
            return answer.to_bytes(method, version)
        except ValueError as error:  # a header that HTTP cannot carry
            failure = self.handle_error(None, 500, error)
            self.log_exception("an answer cannot be written", exc_info=error)
            answer.force_close()
            return failure.to_bytes(method, version)

    def _watch_idle(self) -> None:
        """Start the clock for a peer that says nothing after its answer."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    def pause_writing(self) -> None:
        """Start the clock for a peer that does not read what it asked for."""
        super().pause_writing()
        self._watch_reader(self._unsent())

    def resume_writing(self) -> None:
        """Stop the clock."""
        super().resume_writing()
        self._stop_watching_reader()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Let a peer that half-closed after its request still get the answer."""
        idle = self._waiter is not None and not self._messages
        if idle or self._last_payload is None or not self._last_payload.is_eof():
            return None
        self.close()
        return self.ssl_context is None

    def handle_error(  # type: ignore[override]
        self, request: None, status: int = 500, exc: BaseException | None = None  # noqa: ARG002
    ) -> Answer:
        """Answer what is no HTTP (400, 431) and what went wrong in the server itself (500); closes the connection."""
        if status == 500:
            answer = Answer.refusal(500, ReceiverError("internal error; see the log"))
        elif isinstance(exc, LineTooLong):
            answer = Answer.refusal(431, BadRequest("HTTP: a line of the head is too long"))
        else:
            what = "unknown method" if isinstance(exc, BadHttpMethod) else "malformed request"
            answer = Answer.refusal(status, BadRequest(f"HTTP: {what}"))
        answer.force_close()
        return answer

    def _watch_head(self) -> None:
        self._head_since = self._loop.time()
        if self._guard is None:
            self._guard = self._loop.call_later(self._settings.header_timeout_s, self._check_head)

    def _check_head(self) -> None:
        self._guard = None
        waiting_for_head = self._waiter is not None and (self._head_bytes or not self._request_count)
        if not waiting_for_head or self.transport is None:
            return
        left_s = self._head_since + self._settings.header_timeout_s - self._loop.time()
        if left_s > 0.001:
            self._guard = self._loop.call_later(left_s, self._check_head)
        else:
            self._turn_away(_TIMED_OUT)

    def _watch_reader(self, unsent: int) -> None:
        self._reader_guard = self._loop.call_later(self._settings.body_timeout_s, self._check_reader, unsent)

    def _stop_watching_reader(self) -> None:
        if self._reader_guard is not None:
            self._reader_guard.cancel()
            self._reader_guard = None

    def _check_reader(self, unsent: int) -> None:
        left = self._unsent()
        if left < unsent:
            self._watch_reader(left)
        elif self.transport is not None:
            self.transport.abort()

    def _unsent(self) -> int:
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def _turn_away(self, answer: bytes) -> None:
        if self.transport is not None:
            self.transport.write(answer)
        self.force_close()


class GuardedServer(web.Server):
    """aiohttp's low-level server with guarded connections."""

    def __init__(self, answer: Answering, settings: HttpSettings) -> None:
        super().__init__(_unused)
        self.answer = answer
        self._settings = settings

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    def __call__(self) -> Connection:
        """Make the protocol of a new connection."""
        settings = self._settings
        return Connection(
            self,
            settings,
            loop=self._loop,
            keepalive_timeout=settings.idle_timeout_s,
            access_log=None,
            max_line_size=settings.max_header_bytes,
            max_field_size=settings.max_header_bytes,
            max_headers=_MAX_HEADERS,
            lingering_time=0.0,
            auto_decompress=False,
        )


async def _unused(_: web.BaseRequest) -> web.StreamResponse:
    """Aiohttp's server wants a handler for its own requests, which are not made here."""
    raise NotImplementedError


def entity_of(certificate: Any) -> str | None:
    """Return the entity a verified certificate names: first URI, else DNS name, else common name."""
    if not certificate:
        return None
    names = certificate.get("subjectAltName", ())
    for wanted in ("URI", "DNS"):
        for kind, name in names:
            if kind == wanted:
                return str(name)
    for part in certificate.get("subject", ()):
        for key, name in part:
            if key == "commonName":
                return str(name)
    return None
