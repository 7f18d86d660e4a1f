"""Sends request primitives over HTTP and returns what came back, with both messages as text."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from conformance_tests.http.mapping import from_http, to_http
from conformance_tests.http.wire_text import request_text, response_text
from conformance_tests.primitive import NoAnswer, Request, Response

#: Idle connections are given up soon: one that the CSE closes at the same moment would look like no answer.
_IDLE_S = 1.0
_SET_BY_US = ("User-Agent", "Accept-Encoding", "Accept", "Content-Type")


class HttpClient:
    """An HTTP client of one CSE.

    ``base_url`` is the point of access, with its root path if it has one. ``insecure`` accepts any certificate, ``ca``
    is a file of certificates to trust, ``certificate`` and ``key`` are files of the client's own. ``bearer`` is a
    token, ``basic`` is ``user:password``; ``headers`` go with every request, a case may override them.
    Raises ValueError for a URL or files that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        timeout_s: float = 10.0,
        *,
        insecure: bool = False,
        ca: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        bearer: str | None = None,
        basic: str | None = None,
        headers: Mapping[str, str] | None = None,
        connections: int = 32,
    ) -> None:
        url = URL(base_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"{base_url!r}: expected http://HOST[:PORT][/PATH] or https://...")
        self.base_url = str(url.with_user(None)).rstrip("/")
        self.host, self.port = url.host, url.port or (443 if url.scheme == "https" else 80)
        self.timeout_s = timeout_s
        self.tls = _tls(insecure, ca, certificate, key) if url.scheme == "https" else None
        self.root = url.raw_path.rstrip("/")
        self._origin = str(url.origin())
        self.extra_headers = {**(headers or {}), **_credentials(bearer, basic)}
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def text_of(self, request: Request) -> str:
        """Return a request as it would be on the wire, for a report about one that got no answer."""
        method, target, headers, body = self._message(request)
        if body:
            headers.setdefault("Content-Length", str(len(body)))
        return request_text(method, target, headers.items(), body)

    async def send(self, request: Request, timeout_s: float | None = None) -> tuple[Response, str, str]:
        """Send; return the answer, and request and answer as text.

        Raises NoAnswer, and ValueError for a request that HTTP cannot carry.
        """
        method, target, headers, body = self._message(request)
        patience_s = self.timeout_s if timeout_s is None else timeout_s
        try:
            async with self._open().request(
                method,
                URL(self._origin + target, encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=patience_s),
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(_reason(error, patience_s)) from error
        given = list(answer.headers.items())
        return (
            from_http(answer.status, given, content),
            request_text(method, target, answer.request_info.headers.items(), body),
            response_text(answer.status, given, content, answer.reason),
        )

    def _message(self, request: Request) -> tuple[str, str, dict[str, str], bytes]:
        method, target, headers, body = to_http(request, self.root)
        overridden = {name.lower() for name in (*headers, *request.headers)}
        extra = {name: value for name, value in self.extra_headers.items() if name.lower() not in overridden}
        return method, target, {"Host": self._origin.partition("://")[2], **extra, **headers}, body

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_IDLE_S, ssl=self.tls if self.tls is not None else True
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_SET_BY_US,
                auto_decompress=True,
                max_field_size=65_536,
                max_line_size=65_536,
            )
        return self._session


def _tls(insecure: bool, ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    if key is not None and certificate is None:
        raise ValueError(f"the private key {key} belongs to a certificate, which is missing")
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # of the file or, as SSLError, of what it holds
        raise ValueError(f"the trusted certificates {ca} cannot be used: {_words(error)}") from None
    try:
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        names = f"{certificate} and the private key {key or 'in it'}"
        raise ValueError(f"the certificate {names} cannot be used: {_words(error)}") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _credentials(bearer: str | None, basic: str | None) -> dict[str, str]:
    if bearer is not None:
        return {"Authorization": f"Bearer {bearer}"}
    if basic is not None:
        return {"Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
    return {}


def _words(error: OSError) -> str:
    return f"no PEM of that kind ({error})" if isinstance(error, ssl.SSLError) else error.strerror or str(error)


def _reason(error: BaseException, timeout_s: float) -> str:
    """Say why there is no answer."""
    match error:
        case asyncio.TimeoutError():
            return f"no answer in {timeout_s:g} s"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"no TLS connection: {error}"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return f"connection refused by {error.host}:{error.port}"
        case aiohttp.ClientConnectorError():
            return f"no connection to {error.host}:{error.port}: {error.os_error}"
        case aiohttp.ServerDisconnectedError() if error.message != "Server disconnected":
            return f"the answer is no HTTP: {error.message}"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return "the connection was closed without an answer"
        case aiohttp.ClientPayloadError():
            return f"the connection was closed within the answer: {error}"
        case aiohttp.ClientResponseError():
            return f"the answer is no HTTP: {error.message}"
    return f"no answer: {error}"
