"""The sending side of HTTP: requests to any point of access over kept connections."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bindings.http.mapping import request_to, response_from
from cse.client.transport import Unreachable
from cse.codecs import JSON_ONLY, Codec, Codecs, Limits, target_codec
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.security.transport import calling_tls
from resources.errors import BadRequest, OriginatorError, ReceiverError

_MAX_BODY_BYTES = 16 * 1024 * 1024


class HttpClient:
    """Sends to any ``http`` or ``https`` URL (``cse.client.transport.Sender``).

    ``max_connections`` bounds all connections in use, ``per_host`` those to one host; 0 is no bound.
    ``client_certificate`` and ``private_key`` are files; ``ca`` is trusted besides the system's authorities. ``?ct=``
    of a URL asks for one of ``codecs``; without it JSON is sent.
    """

    def __init__(
        self,
        *,
        max_connections: int = 200,
        per_host: int = 16,
        limits: Limits | None = None,
        codecs: Codecs = JSON_ONLY,
        ca: str = "",
        client_certificate: str = "",
        private_key: str = "",
    ) -> None:
        self._max_connections = max_connections
        self._per_host = per_host
        self._limits = limits or Limits(max_depth=64, max_members=1_000_000)
        self._codecs = codecs
        self._destination = lru_cache(maxsize=4096)(self._find_destination)
        self._tls = calling_tls(ca, client_certificate, private_key) if ca or client_certificate else True
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send to a point of access, or to a notification URL when ``to`` is that URL or empty.

        Raises Unreachable when there is no answer in time or none that can be read.
        """
        destination, codec = self._destination(url)
        try:
            method, target, headers, body = request_to(request, destination, codec)
        except ReceiverError as error:
            raise Unreachable(f"{_shown(url)}: {error.message}") from error
        try:
            async with self._open().request(
                method,
                URL(target, encoded=True),
                data=body or None,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as answer:
                content = await _read(answer)
                return response_from(answer.status, answer.headers, content, self._limits, self._codecs)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{method} {_shown(url)}: {_reason(error)}") from error
        except BadRequest as error:
            raise Unreachable(f"{method} {_shown(url)}: answer not readable: {error.message}") from error

    async def close(self) -> None:
        """Close kept connections; nothing can be sent any more."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _find_destination(self, url: str) -> tuple[str, Codec]:
        """The URL to send to and how; ``?ct=`` of a notification target picks the serialisation and stays here."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Unreachable(f"{_shown(url)}: no http or https URL with a host")
        try:
            address, codec = target_codec(url.partition("#")[0], self._codecs)
        except OriginatorError as error:
            raise Unreachable(f"{_shown(url)}: {error.message}") from None
        parts = urlsplit(address)
        return parts._replace(path=parts.path.rstrip("/")).geturl(), codec

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Unreachable("the client is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._max_connections, limit_per_host=self._per_host, ssl=self._tls, keepalive_timeout=30.0
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Content-Type", "Accept-Encoding"),
                auto_decompress=False,
            )
        return self._session


def _shown(url: str) -> str:
    """Return a URL for a message: without query and credentials."""
    return url.partition("?")[0].rpartition("@")[2][:200]


def _reason(error: Exception) -> str:
    """Return why there is no answer, in the words of the system where it has some."""
    secured = isinstance(error, aiohttp.ClientSSLError)  # whose numbers are not those of the system
    if isinstance(error, aiohttp.ClientConnectorError) and (error.errno or 0) > 0 and not secured:
        return os.strerror(error.errno or 0)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > _MAX_BODY_BYTES:
        raise ValueError(f"answer larger than {_MAX_BODY_BYTES} bytes")
    if answer.content_length is not None:
        return await answer.read()
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ValueError(f"answer larger than {_MAX_BODY_BYTES} bytes")
    return bytes(body)


class HttpTransport:
    """One CSE over HTTP (``cse.client.transport.Transport``); options as of ``HttpClient``.

    ``?ct=`` of ``base_url`` picks the serialisation, as in ``http://127.0.0.1:8080?ct=cbor``.
    """

    def __init__(self, base_url: str, **options: Any) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = HttpClient(**options)

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable."""
        return await self._client.send(self._base_url, request, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close kept connections."""
        await self._client.close()
