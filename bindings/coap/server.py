"""The CoAP server of a CSE: aiocoap behind a guard, limits around it, DTLS beneath it where there are keys."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from typing import Any

import aiocoap

from bindings.coap import originator
from bindings.coap.blocks import Transfers
from bindings.coap.credentials import credentials_of
from bindings.coap.dtls.associations import Bounds
from bindings.coap.dtls.context import Context as DtlsContext
from bindings.coap.mapping import (
    Context,
    Message,
    answering_of,
    proxying,
    refusal,
    request_from,
    response_to,
)
from bindings.coap.multicast import join
from bindings.coap.options import MAX_AGE, NO_RESPONSE, Options, known_options, uint_bytes
from bindings.coap.secure import open_server
from bindings.coap.stack import (
    Guard,
    aiocoap_message,
    came_by_multicast,
    key_of,
    message_of,
    open_context,
    peer_of,
    port_of,
    udp_of,
)
from bindings.coap.tcp import TcpServer
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs, Limits
from cse.parameters import AttributeTypes
from cse.security.transport import refuse_plain, serving_tls
from cse.settings import CoapSettings, JsonSettings
from resources.errors import CseError, ReceiverError

_log = logging.getLogger(__name__)
#: How long a stopping server waits for requests that are being worked on.
_DRAIN_S = 10.0
#: How often a port is looked for that is free on UDP and on TCP.
_TRIES = 5
#: The largest payload of a datagram.
_DATAGRAM_ROOM = 1024
_BAD_REQUEST, _INTERNAL_SERVER_ERROR, _SERVICE_UNAVAILABLE = 0x80, 0xA0, 0xA3
#: No-Response: neither 2.xx nor 4.xx nor 5.xx (RFC 7967 2.1).
_NOTHING = 2 | 8 | 16


class CoapServer:
    """Serves a CSE over CoAP on UDP, and on TCP and secured if the settings say so.

    ``handler`` answers primitives; ``attributes`` are the attribute short names that a query may use; ``cse_id`` is
    what the originators of this CSE may have before their names. Raises ValueError for settings that cannot be used.
    """

    def __init__(
        self,
        handler: Handler,
        settings: CoapSettings,
        json: JsonSettings,
        *,
        attributes: AttributeTypes | None = None,
        codecs: Codecs = JSON_ONLY,
        cse_id: str = "",
    ) -> None:
        refuse_plain("coap", settings.host, secured=False, allowed=settings.allow_plain,
                     remedy="serve others by dtls and dtls_host, or set allow_plain = true in a protected network")
        self._cse_id = cse_id
        self._dtls = _dtls_of(settings)
        self._tls = _tls_of(settings)
        self._handler = handler
        self._settings = settings
        self._mapping = Context(codecs, Limits(json.max_depth, json.max_members), attributes or {})
        self._transfers = Transfers(time.monotonic, settings.max_payload_bytes, settings.max_kept_bytes)
        self._running: set[asyncio.Task[Message]] = set()
        self._contexts: list[aiocoap.Context] = []
        self._tcp: list[TcpServer] = []
        self._joined: list[asyncio.DatagramTransport] = []
        self._waiting = 0
        #: Where it listens, after the start.
        self.urls: list[str] = []

    @property
    def running(self) -> int:
        """Requests that are being worked on."""
        return len(self._running)

    async def start(self) -> str:
        """Listen and return the base URL; raises OSError when the address cannot be had.

        With ``coap.tcp`` TCP has the same port, and the same URL but for its scheme ``coap+tcp``. ``urls`` has all.
        """
        settings = self._settings
        guard = Guard(known_options(old=settings.old_options), time.monotonic, settings.max_rate,
                      settings.max_payload_bytes, settings.max_kept_bytes)  # fmt: skip
        try:
            url = await self._listen(guard, (settings.host, settings.port), settings.public_url)
            plain = self._contexts[0]
            self._joined = await join(settings.multicast_groups, settings.host, port_of(plain), udp_of(plain))
            if self._dtls is not None:
                secured = settings.dtls_host, settings.dtls_port
                await self._listen(guard, secured, settings.dtls_public_url, self._dtls)
        except OSError:
            await self.stop()
            raise
        return url

    async def _listen(
        self, guard: Guard, address: tuple[str, int], public_url: str, dtls: DtlsContext | None = None
    ) -> str:
        """Listen on UDP, and on TCP at the same port; return the URL."""
        settings, secure = self._settings, "" if dtls is None else "s"
        with_tcp = settings.tcp and (dtls is None or self._tls is not None)
        for left in reversed(range(_TRIES if with_tcp and not address[1] else 1)):
            context = await self._listen_udp(guard, address, dtls)
            port = port_of(context)
            try:
                if with_tcp:
                    await self._listen_tcp(guard, address[0], port, self._tls if dtls is not None else None)
            except OSError:
                await context.shutdown()
                if not left:
                    raise
                continue
            break
        self._contexts.append(context)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        url = public_url or f"coap{secure}://{host}:{port}"
        self.urls.append(url)
        if with_tcp:
            self.urls.append(url.replace(f"coap{secure}:", f"coap{secure}+tcp:", 1))
        return url

    async def _listen_udp(self, guard: Guard, address: tuple[str, int], dtls: DtlsContext | None) -> aiocoap.Context:
        if dtls is None:
            return await open_context(guard, self, address)
        settings = self._settings
        bounds = Bounds(sessions=settings.max_sessions, idle_s=settings.session_idle_s)
        if not settings.max_rate:
            bounds.hellos_per_s = 0
        return await open_server(dtls, guard, bounds, self, address)

    async def _listen_tcp(self, guard: Guard, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        settings = self._settings
        server = TcpServer(self._answer, guard.known, guard.complaints, max_payload_bytes=settings.max_payload_bytes,
                           max_connections=settings.max_connections)  # fmt: skip
        await server.start(host, port, tls)
        self._tcp.append(server)

    async def stop(self) -> None:
        """Let running requests finish, stop listening."""
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_S)
            await asyncio.sleep(0)
        for membership in self._joined:
            membership.close()
        for server in self._tcp:
            await server.stop()
        for context in self._contexts:
            await context.shutdown()
        self._joined, self._tcp, self._contexts = [], [], []

    async def render_to_pipe(self, pipe: Any) -> None:
        """Answer a request (``aiocoap.interfaces.Resource``)."""
        request = message_of(pipe.request)
        remote = pipe.request.remote
        by_multicast = came_by_multicast(remote)
        answer = await self._answer(request, key_of(remote), peer_of(remote), names=getattr(remote, "names", None),
                                    by_multicast=by_multicast)  # fmt: skip
        unwanted = [option for option in request.options if option[0] == NO_RESPONSE]
        if by_multicast:
            unwanted = await self._leisurely(answer) or unwanted
        answer.options.extend(unwanted)
        pipe.add_response(aiocoap_message(answer), is_last=True)

    async def _leisurely(self, answer: Message) -> Options:
        """Wait, as all of a group answering at once would be too much; no error is said to it (RFC 7252 8.2)."""
        if answer.code >= _BAD_REQUEST or self._waiting >= self._settings.max_requests:
            return [(NO_RESPONSE, uint_bytes(_NOTHING))]
        self._waiting += 1
        try:
            await asyncio.sleep(random.uniform(0, self._settings.multicast_leisure_s))  # noqa: S311 - no secret
        finally:
            self._waiting -= 1
        return []

    async def _answer(
        self, request: Message, key: object, source_address: str, room: int = 0,
        names: tuple[str, ...] | None = None, *, by_multicast: bool = False,
    ) -> Message:  # fmt: skip
        """Answer a request; ``room`` is for a payload in one piece on a stream, 0 on datagrams. Raises nothing.

        ``names`` are those that the peer has proved to have, None where nobody proves any.
        """
        try:
            answer = proxying(request) or self._transfers.take(key, request, source_address, stream=room > 0)
            if answer is not None:
                return answer
            if len(self._running) >= self._settings.max_requests:
                return Message(_SERVICE_UNAVAILABLE, [(MAX_AGE, uint_bytes(1))], b"too many requests; try again later")
            # A peer that uses its token again has lost interest; what it asked for is done all the same.
            task = asyncio.create_task(self._serve(request, source_address, names, by_multicast=by_multicast))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            return self._transfers.first(key, request, await asyncio.shield(task), source_address,
                                         room or _DATAGRAM_ROOM)  # fmt: skip
        except Exception:  # noqa: BLE001 - aiocoap would answer, and say nothing in our log
            _log.exception("a request of %s could not be answered", source_address)
            return Message(_INTERNAL_SERVER_ERROR, [])

    async def _serve(
        self, message: Message, source_address: str, names: tuple[str, ...] | None, *, by_multicast: bool
    ) -> Message:
        answering = answering_of(self._mapping, message)
        try:
            primitive, answering = request_from(self._mapping, message)
            primitive.source_address, primitive.authenticated = source_address, names[0] if names else None
            primitive.by_multicast = by_multicast
            if self._settings.check_originator:
                originator.check(primitive, names, self._cse_id)
            return response_to(await self._handler(primitive), answering)
        except CseError as error:
            return response_to(refusal(error, message), answering)
        except Exception:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
            _log.exception("a request of %s failed", source_address)
            failed = ReceiverError("internal error; see the log of the CSE")
            return response_to(refusal(failed, message), answering)


def _dtls_of(settings: CoapSettings) -> DtlsContext | None:
    try:
        return DtlsContext(credentials_of(settings), server=True) if settings.dtls else None
    except ValueError as error:
        raise ValueError(f"[coap] {error}") from None


def _tls_of(settings: CoapSettings) -> ssl.SSLContext | None:
    """TLS of coaps+tcp; there is none with keys alone."""
    tls = serving_tls(settings.certificate, settings.private_key, settings.ca) if settings.dtls else None
    if tls is not None:
        tls.set_alpn_protocols(["coap"])
        if settings.ca:
            tls.verify_mode = ssl.CERT_REQUIRED
    return tls
