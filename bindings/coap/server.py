"""The CoAP server of a CSE: aiocoap behind a guard, and limits around it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import aiocoap

from bindings.coap.blocks import Transfers
from bindings.coap.mapping import (
    Context,
    Message,
    answering_of,
    proxying,
    refusal,
    request_from,
    response_to,
)
from bindings.coap.options import MAX_AGE, NO_RESPONSE, known_options, uint_bytes
from bindings.coap.stack import Guard, aiocoap_message, message_of, open_context, peer_of, port_of
from bindings.coap.tcp import TcpServer
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs, Limits
from cse.parameters import AttributeTypes
from cse.security.transport import refuse_plain
from cse.settings import CoapSettings, JsonSettings
from resources.errors import CseError, ReceiverError

_log = logging.getLogger(__name__)
#: How long a stopping server waits for requests that are being worked on.
_DRAIN_S = 10.0
#: How often a port is looked for that is free on UDP and on TCP.
_TRIES = 5
#: The largest payload of a datagram.
_DATAGRAM_ROOM = 1024
_INTERNAL_SERVER_ERROR, _SERVICE_UNAVAILABLE = 0xA0, 0xA3


class CoapServer:
    """Serves a CSE over CoAP on UDP, and on TCP if the settings say so.

    ``handler`` answers primitives; ``attributes`` are the attribute short names that a query may use.
    """

    def __init__(
        self,
        handler: Handler,
        settings: CoapSettings,
        json: JsonSettings,
        *,
        attributes: AttributeTypes | None = None,
        codecs: Codecs = JSON_ONLY,
    ) -> None:
        refuse_plain("coap", settings.host, secured=False, allowed=settings.allow_plain,
                     remedy="or set allow_plain = true in a network that is protected otherwise: there is no DTLS yet")
        self._handler = handler
        self._settings = settings
        self._mapping = Context(codecs, Limits(json.max_depth, json.max_members), attributes or {})
        self._transfers = Transfers(time.monotonic, settings.max_payload_bytes, settings.max_kept_bytes)
        self._running: set[asyncio.Task[Message]] = set()
        self._context: aiocoap.Context | None = None
        self._tcp: TcpServer | None = None

    @property
    def running(self) -> int:
        """Requests that are being worked on."""
        return len(self._running)

    async def start(self) -> str:
        """Listen and return the base URL; raises OSError when the address cannot be had.

        With ``coap.tcp`` TCP has the same port, and the same URL but for its scheme ``coap+tcp``.
        """
        settings = self._settings
        guard = Guard(known_options(old=settings.old_options), time.monotonic, settings.max_rate,
                      settings.max_payload_bytes, settings.max_kept_bytes)  # fmt: skip
        tries = _TRIES if settings.tcp and not settings.port else 1
        while self._context is None:
            tries -= 1
            try:
                await self._listen(guard)
            except OSError:
                if not tries:
                    raise
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return settings.public_url or f"coap://{host}:{port_of(self._context)}"

    async def _listen(self, guard: Guard) -> None:
        settings = self._settings
        self._context = await open_context(guard, self, (settings.host, settings.port))
        if settings.tcp:
            self._tcp = TcpServer(self._answer, guard.known, guard.complaints,
                                  max_payload_bytes=settings.max_payload_bytes,
                                  max_connections=settings.max_connections)  # fmt: skip
            try:
                await self._tcp.start(settings.host, port_of(self._context))
            except OSError:
                await self.stop()
                raise

    async def stop(self) -> None:
        """Let running requests finish, stop listening."""
        if self._context is None:
            return
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_S)
            await asyncio.sleep(0)
        if self._tcp is not None:
            await self._tcp.stop()
        await self._context.shutdown()
        self._context = None

    async def render_to_pipe(self, pipe: Any) -> None:
        """Answer a request (``aiocoap.interfaces.Resource``)."""
        request = message_of(pipe.request)
        remote = pipe.request.remote
        answer = await self._answer(request, remote.sockaddr[:2], peer_of(remote))
        answer.options.extend(option for option in request.options if option[0] == NO_RESPONSE)
        pipe.add_response(aiocoap_message(answer), is_last=True)

    async def _answer(self, request: Message, key: object, source_address: str, room: int = 0) -> Message:
        """Answer a request; ``room`` is for a payload in one piece on a stream, 0 on datagrams. Raises nothing."""
        try:
            answer = proxying(request) or self._transfers.take(key, request, stream=room > 0)
            if answer is not None:
                return answer
            if len(self._running) >= self._settings.max_requests:
                return Message(_SERVICE_UNAVAILABLE, [(MAX_AGE, uint_bytes(1))], b"too many requests; try again later")
            # A peer that uses its token again has lost interest; what it asked for is done all the same.
            task = asyncio.create_task(self._serve(request, source_address))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            return self._transfers.first(key, request, await asyncio.shield(task), room or _DATAGRAM_ROOM)
        except Exception:  # noqa: BLE001 - aiocoap would answer, and say nothing in our log
            _log.exception("a request of %s could not be answered", source_address)
            return Message(_INTERNAL_SERVER_ERROR, [])

    async def _serve(self, message: Message, source_address: str) -> Message:
        answering = answering_of(self._mapping, message)
        try:
            primitive, answering = request_from(self._mapping, message)
            primitive.source_address = source_address
            return response_to(await self._handler(primitive), answering)
        except CseError as error:
            return response_to(refusal(error, message), answering)
        except Exception:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
            _log.exception("a request of %s failed", source_address)
            failed = ReceiverError("internal error; see the log of the CSE")
            return response_to(refusal(failed, message), answering)
