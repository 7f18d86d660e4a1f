"""The sending side of CoAP: requests to any ``coap`` URL over one socket, to ``coap+tcp`` over kept connections."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import time
import uuid
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import aiocoap
from aiocoap.error import Error
from aiocoap.message import UndecidedRemote
from aiocoap.numbers.constants import Reliable, Unreliable

from bindings.coap.mapping import Context, Message, request_to, response_from
from bindings.coap.options import NEW, OLD, URI_HOST, known_options
from bindings.coap.stack import Guard, aiocoap_message, message_of, open_context
from bindings.coap.tcp import TcpClient
from cse.client.transport import Unreachable
from cse.codecs import JSON_ONLY, Codecs, Limits, target_codec
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, OriginatorError

_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
_MAX_KEPT_BYTES = 1024 * 1024


class CoapClient:
    """Sends to any ``coap`` or ``coap+tcp`` URL (``cse.client.transport.Sender``).

    ``old_options`` uses the option numbers before TS-0008 3.7. Not ``confirmable``: messages are sent once.
    """

    def __init__(
        self,
        *,
        old_options: bool = False,
        confirmable: bool = True,
        limits: Limits | None = None,
        codecs: Codecs = JSON_ONLY,
    ) -> None:
        self._numbering = OLD if old_options else NEW
        self._tuning = Reliable if confirmable else Unreliable
        self._mapping = Context(codecs, limits or Limits(max_depth=64, max_members=1_000_000))
        self._known = known_options(old=True)
        self._tcp = TcpClient(self._known, _MAX_PAYLOAD_BYTES)
        self._context: aiocoap.Context | None = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send to a point of access, or to a notification URL when ``to`` is that URL or empty.

        A request without an identifier gets one. Raises Unreachable when there is no answer in time or none that can
        be read.
        """
        try:
            address, codec = target_codec(url.partition("#")[0], self._mapping.codecs)
        except OriginatorError as error:
            raise Unreachable(f"{_shown(url)}: {error.message}") from None
        scheme, host, port, base, query = _destination(address)
        if not request.request_id:
            request = replace(request, request_id=uuid.uuid4().hex)
        message = request_to(request, base, query, numbering=self._numbering, codec=codec)
        if not _is_address(host):
            message.options.insert(0, (URI_HOST, host.encode()))
        try:
            async with asyncio.timeout(timeout_s):
                if scheme == "coap":
                    answer = await self._exchange(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", message)
                elif self._closed:
                    raise Unreachable("the client is closed")
                else:
                    answer = await self._tcp.exchange(host, port, message)
            return response_from(answer, self._mapping)
        except (Error, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{request.operation.name} {_shown(url)}: {_reason(error)}") from error
        except BadRequest as error:
            reason = f"answer not readable: {error.message}"
            raise Unreachable(f"{request.operation.name} {_shown(url)}: {reason}") from error

    async def close(self) -> None:
        """Close the socket and connections; nothing can be sent any more."""
        self._closed = True
        await self._tcp.close()
        if self._context is not None:
            context, self._context = self._context, None
            await context.shutdown()

    async def _exchange(self, netloc: str, message: Message) -> Message:
        context = await self._open()
        sent = aiocoap_message(message, transport_tuning=self._tuning())
        sent.remote = UndecidedRemote("coap", netloc)
        return message_of(await context.request(sent).response)

    async def _open(self) -> aiocoap.Context:
        async with self._opening:
            if self._closed:
                raise Unreachable("the client is closed")
            if self._context is None:
                guard = Guard(self._known, time.monotonic, 0, _MAX_PAYLOAD_BYTES, _MAX_KEPT_BYTES)
                self._context = await open_context(guard)
            return self._context


@lru_cache(maxsize=256)
def _destination(url: str) -> tuple[str, str, int, tuple[str, ...], tuple[str, ...]]:
    """Return where to send: scheme, host, port, path segments, query fields."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 5683
    except ValueError:
        host, port = None, 0
    if host is None or parts.scheme not in {"coap", "coap+tcp"}:
        raise Unreachable(f"{_shown(url)}: no coap or coap+tcp URL with a host")
    segments = tuple(unquote(segment) for segment in parts.path.split("/") if segment)
    return parts.scheme, host, port, segments, tuple(unquote(field) for field in parts.query.split("&") if field)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _shown(url: str) -> str:
    """Return a URL for a message: without query and credentials."""
    return url.partition("?")[0].rpartition("@")[2][:200]


def _reason(error: Exception) -> str:
    """Return why there is no answer, in the words of the system where it has some."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    return str(error) or type(error).__name__


class CoapTransport:
    """One CSE over CoAP (``cse.client.transport.Transport``); options as of ``CoapClient``."""

    def __init__(self, base_url: str, **options: Any) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = CoapClient(**options)

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable."""
        return await self._client.send(self._base_url, request, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close the socket."""
        await self._client.close()
