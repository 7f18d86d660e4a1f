"""The sending side of CoAP: requests over one socket, one with DTLS, and kept connections."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
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

from bindings.coap.dtls.associations import Bounds
from bindings.coap.dtls.context import Context as DtlsContext
from bindings.coap.dtls.context import Credentials
from bindings.coap.mapping import Context, Message, request_to, response_from
from bindings.coap.options import NEW, OLD, URI_HOST, known_options
from bindings.coap.secure import SecureClient
from bindings.coap.stack import Guard, aiocoap_message, message_of, open_context
from bindings.coap.tcp import TcpClient
from cse.client.transport import Unreachable
from cse.codecs import JSON_ONLY, Codecs, Limits, target_codec
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.security.transport import calling_tls
from resources.errors import BadRequest, OriginatorError

_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
_MAX_KEPT_BYTES = 1024 * 1024
#: Scheme to the port without one in the URL.
PORTS = {"coap": 5683, "coap+tcp": 5683, "coaps": 5684, "coaps+tcp": 5684}
_CREDENTIALS = frozenset(("psk_identity", "psk_file", "ca", "certificate", "private_key"))


class CoapClient:
    """Sends to any ``coap``, ``coaps``, ``coap+tcp`` or ``coaps+tcp`` URL (``cse.client.transport.Sender``).

    ``old_options`` uses the option numbers before TS-0008 3.7. Not ``confirmable``: messages are sent once.
    ``credentials`` are for the secure ones; another identity than theirs may be named in a ``coaps`` URL, as in
    ``coaps://host?psk_identity=Cmeter``.
    """

    def __init__(
        self,
        *,
        old_options: bool = False,
        confirmable: bool = True,
        limits: Limits | None = None,
        codecs: Codecs = JSON_ONLY,
        credentials: Credentials | None = None,
        session_idle_s: float = 3600.0,
    ) -> None:
        self._credentials = credentials or Credentials()
        self._bounds = Bounds(idle_s=session_idle_s)
        self._numbering = OLD if old_options else NEW
        self._tuning = Reliable if confirmable else Unreliable
        self._mapping = Context(codecs, limits or Limits(max_depth=64, max_members=1_000_000))
        self._known = known_options(old=True)
        self._tcp = TcpClient(self._known, _MAX_PAYLOAD_BYTES)
        self._context: aiocoap.Context | None = None
        self._secure: SecureClient | None = None
        self._tls: ssl.SSLContext | None = None
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
        identity, query = _identity(query) if scheme == "coaps" else ("", query)
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
                elif scheme == "coaps":
                    sent = aiocoap_message(message, transport_tuning=self._tuning())
                    answer = message_of(await self._dtls().exchange(host, port, sent, identity))
                else:
                    answer = await self._tcp.exchange(host, port, message, self._tls_of(scheme))
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
        if self._secure is not None:
            await self._secure.close()
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
                self._context = await open_context(self._guard())
            return self._context

    def _guard(self) -> Guard:
        return Guard(self._known, time.monotonic, 0, _MAX_PAYLOAD_BYTES, _MAX_KEPT_BYTES)

    def _dtls(self) -> SecureClient:
        if self._secure is None:
            self._secure = SecureClient(DtlsContext(self._credentials, server=False), self._guard(), self._bounds)
        return self._secure

    def _tls_of(self, scheme: str) -> ssl.SSLContext | None:
        if scheme == "coap+tcp":
            return None
        if self._tls is None:
            given = self._credentials
            self._tls = calling_tls(given.ca, given.certificate, given.private_key)
            self._tls.set_alpn_protocols(["coap"])
        return self._tls


@lru_cache(maxsize=256)
def _destination(url: str) -> tuple[str, str, int, tuple[str, ...], tuple[str, ...]]:
    """Return where to send: scheme, host, port, path segments, query fields."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port = None, 0
    if host is None or parts.scheme not in PORTS:
        raise Unreachable(f"{_shown(url)}: no URL of CoAP with a host; schemes: {', '.join(PORTS)}")
    segments = tuple(unquote(segment) for segment in parts.path.split("/") if segment)
    return parts.scheme, host, port, segments, tuple(unquote(field) for field in parts.query.split("&") if field)


def _identity(query: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Take the PSK identity out of query fields."""
    found = [field.partition("=")[2] for field in query if field.startswith("psk_identity=")]
    return (found or [""])[0], tuple(field for field in query if not field.startswith("psk_identity="))


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


def _credentials_in(url: str) -> tuple[str, dict[str, Any]]:
    """Take credentials out of the query of a URL."""
    address, _, query = url.partition("?")
    fields = [field.partition("=") for field in query.split("&") if field]
    given = {name: unquote(value) for name, _, value in fields if name in _CREDENTIALS}
    rest = "&".join(f"{name}{mark}{value}" for name, mark, value in fields if name not in _CREDENTIALS)
    return f"{address}?{rest}" if rest else address, given


class CoapTransport:
    """One CSE over CoAP (``cse.client.transport.Transport``); options as of ``CoapClient``.

    Over ``coaps`` and ``coaps+tcp`` credentials may be named in the query: ``psk_identity``, ``psk_file``, ``ca``,
    ``certificate``, ``private_key``.
    """

    def __init__(self, base_url: str, **options: Any) -> None:
        if base_url.startswith("coaps"):
            base_url, given = _credentials_in(base_url)
            options["credentials"] = replace(options.get("credentials") or Credentials(), **given)
        self._base_url = base_url.rstrip("/")
        self._client = CoapClient(**options)

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable."""
        return await self._client.send(self._base_url, request, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close the socket."""
        await self._client.close()
