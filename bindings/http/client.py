"""The sending side of HTTP: requests to any point of access over kept connections."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from bindings.http.mapping import request_to, response_from
from cse.client.transport import Unreachable
from cse.codecs import Limits
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest

_MAX_BODY_BYTES = 16 * 1024 * 1024


class HttpClient:
    """Sends to any ``http`` or ``https`` URL (``cse.client.transport.Sender``).

    ``max_connections`` bounds all connections, ``per_host`` those to one host. ``client_certificate`` and
    ``private_key`` are files; ``ca`` is trusted besides the system's authorities.
    """

    def __init__(
        self,
        *,
        max_connections: int = 200,
        per_host: int = 16,
        limits: Limits | None = None,
        ca: str = "",
        client_certificate: str = "",
        private_key: str = "",
    ) -> None:
        self._max_connections = max_connections
        self._per_host = per_host
        self._limits = limits or Limits(max_depth=64, max_members=1_000_000)
        self._tls = _tls(ca, client_certificate, private_key)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send to a point of access, or to a notification URL when ``to`` is that URL or empty.

        Raises Unreachable when there is no answer in time or none that can be read.
        """
        method, target, headers, body = request_to(request, _destination(url))
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
                return response_from(answer.status, answer.headers, content, self._limits)
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


@lru_cache(maxsize=256)
def _destination(url: str) -> str:
    """Return the URL to send to; ``?ct=`` of a notification target picks the serialisation and stays here."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unreachable(f"{_shown(url)}: no http or https URL with a host")
    wanted = dict(parse_qsl(parts.query)).get("ct", "json")
    if wanted != "json":
        raise Unreachable(f"{_shown(url)}: asks for {wanted[:20]}; this binding sends json")
    query = "&".join(part for part in parts.query.split("&") if part and not part.startswith("ct="))
    return parts._replace(path=parts.path.rstrip("/"), query=query, fragment="").geturl()


def _shown(url: str) -> str:
    """Return a URL for a message: without query and credentials."""
    return url.partition("?")[0].rpartition("@")[2][:200]


def _reason(error: Exception) -> str:
    """Return why there is no answer, in the words of the system where it has some."""
    if isinstance(error, aiohttp.ClientConnectorError) and (error.errno or 0) > 0:
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


def _tls(ca: str, client_certificate: str, private_key: str) -> ssl.SSLContext | bool:
    if not ca and not client_certificate:
        return True
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca:
        context.load_verify_locations(ca)
    if client_certificate:
        context.load_cert_chain(client_certificate, private_key or None)
    return context


class HttpTransport:
    """One CSE over HTTP (``cse.client.transport.Transport``); options as of ``HttpClient``."""

    def __init__(self, base_url: str, **options: str | int) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = HttpClient(**options)  # type: ignore[arg-type]

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable."""
        return await self._client.send(self._base_url, request, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close kept connections."""
        await self._client.close()
