"""The receiving side of an AE: a small CoAP server whose requests are notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bindings.coap.server import CoapServer
from cse.codecs import JSON_ONLY, Codecs
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings, JsonSettings
from resources.status import Status

Callback = Callable[[RequestPrimitive], Awaitable[ResponsePrimitive | None]]


class NotificationServer:
    """Listens on ``host`` and ``port`` (0: a free one) and gives every request to ``callback``.

    A callback that returns None is answered 2000. ``settings`` are used for limits, and with ``tcp`` the URL is that of
    TCP; their host and port are not looked at. ``codecs`` are the serialisations that it reads.
    """

    def __init__(self, host: str, port: int, callback: Callback, settings: CoapSettings | None = None,
                 codecs: Codecs = JSON_ONLY) -> None:
        self._callback = callback
        self._settings = replace(settings or CoapSettings(), host=host, port=port)
        self._server = CoapServer(self._handle, self._settings, JsonSettings(), codecs=codecs)

    async def start(self) -> str:
        """Listen and return the base URL."""
        url = await self._server.start()
        return url.replace("coap:", "coap+tcp:", 1) if self._settings.tcp else url

    async def stop(self) -> None:
        """Let running callbacks finish and stop listening."""
        await self._server.stop()

    async def _handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        response = await self._callback(request)
        if response is None:
            return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)
        return response
