"""The WebSocket server of a CSE: handshakes, limits, and a link for each connection."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiohttp import WSCloseCode, hdrs, web

from bindings.websocket.connection import Connection, GuardedServer
from bindings.websocket.link import Bounds, Link
from bindings.websocket.mapping import chosen, subprotocol_of
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs, Limits
from cse.connections import OpenConnections
from cse.primitive import Operation, Repetition, RequestPrimitive, ResponsePrimitive
from cse.security.transport import refuse_plain, serving_tls
from cse.settings import JsonSettings, WebSocketSettings
from resources.ae import AE

#: How long a stopping server waits for requests that are being worked on, and for peers to close.
_DRAIN_S = 10.0
_CLOSE_S = 2.0


class WebSocketServer:
    """Serves a CSE over WebSocket.

    ``handler`` answers primitives; ``connections`` is told whose each connection is.
    """

    def __init__(
        self,
        handler: Handler,
        settings: WebSocketSettings,
        json: JsonSettings,
        connections: OpenConnections,
        *,
        codecs: Codecs = JSON_ONLY,
    ) -> None:
        refuse_plain("websocket", settings.host, secured=bool(settings.certificate), allowed=settings.allow_plain,
                     remedy="set certificate and private_key, or set allow_plain = true behind a proxy that does TLS")
        self._handler = handler
        self._settings = settings
        self._bounds = Bounds(Limits(json.max_depth, json.max_members), settings.max_requests, settings.max_rate,
                              once=True)  # fmt: skip
        self._open = connections
        self._codecs = codecs
        self._links: set[Link] = set()
        self._under_way: dict[Repetition, asyncio.Future[None]] = {}
        self._server: GuardedServer | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._links)

    async def start(self) -> str:
        """Listen and return the URL; raises OSError when the address cannot be had."""
        settings = self._settings
        self._server = GuardedServer(self._accept, settings)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_DRAIN_S)
        await self._runner.setup()
        tls = serving_tls(settings.certificate, settings.private_key, settings.client_ca)
        site = web.TCPSite(self._runner, settings.host, settings.port, ssl_context=tls, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return settings.public_url or f"{'wss' if settings.certificate else 'ws'}://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening, let running requests finish, close connections (1001)."""
        if self._runner is None:
            return
        for site in tuple(self._runner.sites):
            await site.stop()
        await asyncio.gather(*(self._leave(link) for link in tuple(self._links)))
        await self._runner.cleanup()
        self._runner = self._server = None

    async def _leave(self, link: Link) -> None:
        try:
            async with asyncio.timeout(_DRAIN_S):
                await link.drain()
        except TimeoutError:
            pass
        await link.close(WSCloseCode.GOING_AWAY, "the CSE stops")

    async def _accept(self, request: web.BaseRequest) -> web.StreamResponse:
        found = chosen(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()), self._codecs)
        refused = self._refused(request, known=found is not None)
        if refused is not None or found is None:
            return refused or _refusal(400, "")
        name, codec = found
        settings = self._settings
        socket = web.WebSocketResponse(
            timeout=_CLOSE_S, heartbeat=settings.ping_s, protocols=(name,), compress=False,
            max_msg_size=settings.max_message_bytes, writer_limit=1, decode_text=False,
        )  # fmt: skip
        await socket.prepare(request)
        protocol = cast(Connection, request.protocol)
        protocol.established()
        link = Link(cast(Any, socket), codec, self._bounds, self._answer, request.remote,
                    _entity_of(request.get_extra_info("peercert")))  # fmt: skip
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            self._open.closed(link)
        return socket

    def _refused(self, request: web.BaseRequest, *, known: bool) -> web.Response | None:
        """The answer to a handshake that is refused."""
        if request.path != "/":
            return _refusal(404, "oneM2M is at /")
        if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
            return _refusal(426, "a WebSocket is here", {hdrs.UPGRADE: "websocket"})
        if request.headers.get(hdrs.SEC_WEBSOCKET_VERSION) != "13":
            return _refusal(426, "version 13 is spoken", {hdrs.SEC_WEBSOCKET_VERSION: "13"})
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not {origin, "*"} & set(self._settings.origins):
            return _refusal(403, "pages of this origin may not connect; see websocket.origins")
        if not known:
            names = ", ".join(subprotocol_of(codec) for codec in self._codecs.by_name.values())
            return _refusal(400, f"no sub-protocol fits; spoken are {names}")
        return None

    async def _answer(self, request: RequestPrimitive, link: Link) -> ResponsePrimitive:
        """Answer a request; whoever asks over a connection can be asked over it."""
        if link.open:
            self._open.asks(request.originator, link)
        again = request.repetition
        response = await (self._handler(request) if again is None else self._once(again, request))
        registered = request.operation is Operation.CREATE and request.resource_type == AE.number
        if registered and response.created_address is not None and link.open:
            self._open.registered(response.created_address, link)
        return response

    async def _once(self, repetition: Repetition, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer a request that may come again; while it is worked on the second one waits for its end.

        Then the CSE knows it, or it has changed nothing.
        """
        while (first := self._under_way.get(repetition)) is not None:
            await asyncio.wait({first})
        done = self._under_way[repetition] = asyncio.get_running_loop().create_future()
        try:
            return await self._handler(request)
        finally:
            del self._under_way[repetition]
            done.set_result(None)


def _refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    answer = web.Response(status=status, text=f"{reason}\n", headers=headers)
    answer.force_close()
    return answer


def _entity_of(certificate: Any) -> str | None:
    """The entity a verified certificate names: first URI, else DNS name, else common name."""
    if not certificate:
        return None
    names = certificate.get("subjectAltName", ())
    subject = [pair for part in certificate.get("subject", ()) for pair in part]
    for wanted, pairs in (("URI", names), ("DNS", names), ("commonName", subject)):
        for kind, name in pairs:
            if kind == wanted:
                return str(name)
    return None
