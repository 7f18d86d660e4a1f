"""The HTTP server of a CSE or of an AE that receives notifications: aiohttp's low-level server and limits around it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import PayloadEncodingError
from aiohttp.streams import EmptyStreamReader

from bindings.http.answer import Answer
from bindings.http.connection import Connection, GuardedServer
from bindings.http.mapping import ALLOW, Context, refusal, request_from, response_to
from bindings.http.media import Form, MediaTypes
from bindings.http.pages import SECURITY_HEADERS, Page, Route, static_pages
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs, Limits
from cse.parameters import AttributeTypes
from cse.primitive import ResponsePrimitive
from cse.security.transport import refuse_plain, serving_tls
from cse.settings import HttpSettings, JsonSettings
from resources.errors import BadRequest, CseError, ReceiverError
from resources.status import Status

__all__ = ["HttpServer", "Page", "Route"]

_log = logging.getLogger(__name__)
#: How long a stopping server waits for requests that are being worked on.
_DRAIN_S = 10.0
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpServer:
    """Serves a CSE over HTTP.

    ``handler`` answers primitives; ``attributes`` are the attribute short names that a query may use; ``codecs`` are
    the serialisations. ``routes`` are pages such as ``/healthz`` outside of the resource tree; the files below ``ui``
    are served under ``/ui/``.
    """

    def __init__(
        self,
        handler: Handler,
        settings: HttpSettings,
        json: JsonSettings,
        *,
        attributes: AttributeTypes | None = None,
        codecs: Codecs = JSON_ONLY,
        routes: Mapping[str, Route] | None = None,
        ui: Path | None = None,
    ) -> None:
        refuse_plain("http", settings.host, secured=bool(settings.certificate), allowed=settings.allow_plain,
                     remedy="set certificate and private_key, or set allow_plain = true behind a proxy that does TLS")
        self._handler = handler
        self._settings = settings
        self._context = Context(
            settings.root_path.rstrip("/"), Limits(json.max_depth, json.max_members), attributes or {},
            MediaTypes(codecs),
        )
        self._pages: dict[str, Route] = {**(static_pages(ui, "/ui/") if ui is not None else {}), **(routes or {})}
        self._server: GuardedServer | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def connections(self) -> int:
        """Open connections."""
        return 0 if self._server is None else self._server.open_connections

    async def start(self) -> str:
        """Listen and return the base URL; raises OSError when the address cannot be had."""
        settings = self._settings
        self._server = GuardedServer(self._answer, settings)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_DRAIN_S)
        await self._runner.setup()
        tls = serving_tls(settings.certificate, settings.private_key, settings.client_ca)
        site = web.TCPSite(self._runner, settings.host, settings.port, ssl_context=tls, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        scheme = "https" if settings.certificate else "http"
        return settings.public_url or f"{scheme}://{host}:{port}{self._context.root_path}"

    async def stop(self) -> None:
        """Stop listening, let running requests finish, close connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = self._server = None

    def _answer(self, message: RawRequestMessage, payload: StreamReader, connection: Connection) -> Awaitable[Answer]:
        page = self._pages.get(message.path.partition("?")[0])
        return self._resource(message, payload, connection) if page is None else _page(message.method, page)

    async def _resource(self, message: RawRequestMessage, payload: StreamReader, connection: Connection) -> Answer:
        form: Form | None = None
        headers = message.headers.items()
        try:
            if (host := message.headers.get("Host")) != connection.host:
                connection.host = _checked_host(host)
            body = complete(payload) if payload.is_eof() else await self._arriving(message, payload, connection)
            if len(body) > self._settings.max_body_bytes:
                raise _too_large(self._settings.max_body_bytes)
            primitive, form = request_from(self._context, message.method, message.path, headers, body)
            primitive.source_address = connection.source_address
            primitive.authenticated = connection.authenticated
            response = await self._handler(primitive)
        except _BodyRefused as refused:
            return refused.answer(headers)
        except CseError as error:
            response = refusal(error, headers)
        except Exception:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
            _log.exception("%s %r failed", message.method, message.path)
            response = refusal(ReceiverError("internal error; see the log of the CSE"), headers)
        if form is None:
            form = self._context.media.form_of_refusal(headers)
        try:
            status, written, content = response_to(response, form, self._context.root_path)
        except CseError as error:
            unsaid = _without_content(response, error, message.method)
            status, written, content = response_to(unsaid, root_path=self._context.root_path)
        if status == 405:
            written["Allow"] = ALLOW
        return Answer(status, written, content)

    async def _arriving(self, message: RawRequestMessage, payload: StreamReader, connection: Connection) -> bytes:
        """Wait for a body that did not come with its head, as long and as much as allowed."""
        limit = self._settings.max_body_bytes
        if int(message.headers.get("Content-Length", 0)) > limit:
            raise _too_large(limit)
        if message.headers.get("Expect", "").lower() == "100-continue" and connection.transport is not None:
            connection.transport.write(_CONTINUE)
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                while chunk := await payload.readany():
                    body += chunk
                    if len(body) > limit:
                        raise _too_large(limit)
        except TimeoutError:
            raise _BodyRefused(408, "HTTP: the body did not arrive in time", Status.REQUEST_TIMEOUT) from None
        except (web.RequestPayloadError, PayloadEncodingError, ConnectionError):
            raise _BodyRefused(400, "HTTP: the body is malformed", Status.BAD_REQUEST) from None
        return bytes(body)


def _without_content(response: ResponsePrimitive, error: CseError, method: str) -> ResponsePrimitive:
    """The answer where the form that was asked for cannot say the content: what was done is told all the same."""
    if method == "GET" or response.status.http >= 400:
        return refusal(error, (("X-M2M-RI", response.request_id), ("X-M2M-RVI", response.release_version or "")))
    return replace(response, content=None)


def _checked_host(host: str | None) -> str | None:
    """Return the Host of a request. Raises BadRequest for one that can be none (RFC 9112 3.2)."""
    if host is not None and not _HOST.fullmatch(host):
        raise BadRequest(f"Host: {host!r:.80} is no host; expected NAME[:PORT]")
    return host


def complete(payload: StreamReader) -> bytes:
    """A body that came whole: taken without the flow control of the reader, which nothing waits for any more."""
    if isinstance(payload, EmptyStreamReader):
        return b""
    parts = payload._buffer  # noqa: SLF001 - reading it empty costs as much as parsing the request
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _BodyRefused(Exception):
    """A body that is not read to its end: the connection cannot be used any more."""

    def __init__(self, http_status: int, reason: str, status: Status) -> None:
        super().__init__(reason)
        self._http_status = http_status
        self._error = CseError(reason, status)

    def answer(self, headers: Iterable[tuple[str, str]]) -> Answer:
        answer = Answer.refusal(self._http_status, self._error, headers)
        answer.force_close()
        return answer


def _too_large(limit: int) -> _BodyRefused:
    return _BodyRefused(413, f"HTTP: the body is larger than {limit} bytes", Status.NOT_ACCEPTABLE)


async def _page(method: str, route: Route) -> Answer:
    if method not in {"GET", "HEAD"}:
        return Answer(405, {"Allow": "GET, HEAD"}, b"")
    page = await route()
    return Answer(page.status, {"Content-Type": page.content_type, **SECURITY_HEADERS}, page.body)

