"""The receiving side of an AE: a small HTTP server whose requests are notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bindings.http.server import HttpServer
from cse.codecs import JSON_ONLY, Codecs
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.settings import HttpSettings, JsonSettings
from resources.status import Status

Callback = Callable[[RequestPrimitive], Awaitable[ResponsePrimitive | None]]


class NotificationServer:
    """Listens on ``host`` and ``port`` (0: a free one) and gives every request to ``callback``.

    A callback that returns None is answered 2000. ``settings`` are used for TLS and limits; their host and port are
    not looked at. ``codecs`` are the serialisations that it reads.
    """

    def __init__(self, host: str, port: int, callback: Callback, settings: HttpSettings | None = None,
                 codecs: Codecs = JSON_ONLY) -> None:
        self._callback = callback
        settings = replace(settings or HttpSettings(), host=host, port=port)
        self._server = HttpServer(self._handle, settings, JsonSettings(), codecs=codecs)

    async def start(self) -> str:
        """Listen and return the base URL."""
        return await self._server.start()

    async def stop(self) -> None:
        """Let running callbacks finish and stop listening."""
        await self._server.stop()

    async def _handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        response = await self._callback(request)
        if response is None:
            response = ResponsePrimitive(Status.OK)
        if not response.request_id:
            response.request_id = request.request_id
        if response.release_version is None:
            response.release_version = request.release_version
        return response
