"""Connections that cannot be held open for nothing: limits of time and number around aiohttp's own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web

from cse.settings import WebSocketSettings

_log = logging.getLogger(__name__)
_TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 10\r\n\r\n"
_MAX_HEADERS = 64


class Connection(web.RequestHandler):
    """One connection: a peer that does not finish its handshake, or does not read what it asked for, is cut off."""

    __slots__ = ("_guard", "_guarded", "_reader_guard", "_settings")

    def __init__(self, server: GuardedServer, settings: WebSocketSettings, **options: Any) -> None:
        super().__init__(server, **options)
        self._guarded = server
        self._settings = settings
        self._guard: asyncio.TimerHandle | None = None
        self._reader_guard: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, or turn the peer away when there are too many."""
        super().connection_made(transport)
        if self._guarded.open_connections > self._settings.max_connections:
            transport.write(_TOO_MANY)  # type: ignore[attr-defined]
            self.force_close()
            return
        self._guard = self._loop.call_later(self._settings.handshake_timeout_s, self._cut_off)

    def established(self) -> None:
        """The handshake is done."""
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clocks."""
        self.established()
        self._stop_watching()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock for a peer that does not read."""
        super().pause_writing()
        self._watch(self._unsent())

    def resume_writing(self) -> None:
        """Stop the clock."""
        super().resume_writing()
        self._stop_watching()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - the port
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the port
    ) -> web.StreamResponse:
        """Answer what is no HTTP; input of a peer is no incident for the log."""
        if status >= 500:
            _log.error("a handshake failed", exc_info=exc)
        answer = web.Response(status=status, text="" if status >= 500 else "not a WebSocket handshake")
        answer.force_close()
        return answer

    def _watch(self, unsent: int) -> None:
        self._reader_guard = self._loop.call_later(self._settings.write_timeout_s, self._check, unsent)

    def _check(self, unsent: int) -> None:
        left = self._unsent()
        if left < unsent:
            self._watch(left)
        else:
            self._cut_off()

    def _stop_watching(self) -> None:
        if self._reader_guard is not None:
            self._reader_guard.cancel()
            self._reader_guard = None

    def _unsent(self) -> int:
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def _cut_off(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class GuardedServer(web.Server):
    """aiohttp's low-level server with guarded connections."""

    def __init__(self, handler: Any, settings: WebSocketSettings) -> None:
        super().__init__(handler)
        self._settings = settings

    @property
    def open_connections(self) -> int:
        """Connections that are open now, also those whose handshake is not done."""
        return len(self._connections)

    def __call__(self) -> Connection:
        """Make the protocol of a new connection."""
        return Connection(self, self._settings, loop=self._loop, access_log=None, max_headers=_MAX_HEADERS,
                          lingering_time=0.0, keepalive_timeout=self._settings.handshake_timeout_s)  # fmt: skip
