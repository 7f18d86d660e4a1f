"""The sides of WebSocket that open connections: a CSE that notifies, an AE that asks and is notified."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSCloseCode, hdrs

from bindings.websocket.link import Answering, Bounds, Link
from bindings.websocket.mapping import codec_of, subprotocol_of
from cse.client.transport import ANSWER_LIMITS, Handler, Unreachable
from cse.codecs import JSON_ONLY, Codec, Codecs, target_codec
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.security.transport import calling_tls
from resources.ae import AE
from resources.errors import CseError
from resources.status import Status

_log = logging.getLogger(__name__)
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_MAX_REQUESTS = 256
_PING_S = 30.0
_CLOSE_S = 2.0
#: Pauses between tries to open a connection again, in seconds.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
#: AEs of one gateway that are greeted for after a reconnect.
_MOST_ENTITIES = 10_000


class Dialer:
    """Opens connections whose requests ``answer`` answers."""

    def __init__(self, answer: Answering, *, ca: str = "", client_certificate: str = "", private_key: str = "") -> None:
        self._answer = answer
        self._tls = calling_tls(ca, client_certificate, private_key) if ca or client_certificate else True
        self._session: aiohttp.ClientSession | None = None
        self._readers: set[asyncio.Task[None]] = set()

    async def dial(self, url: str, subprotocol: str, codec: Codec, timeout_s: float) -> Link:
        """Open a connection and begin to read it; raises Unreachable."""
        try:
            async with asyncio.timeout(timeout_s):
                socket = await self._open().ws_connect(
                    _address(url), protocols=(subprotocol,), heartbeat=_PING_S, compress=0, autoping=True,
                    max_msg_size=_MAX_MESSAGE_BYTES, decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )  # fmt: skip
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{_shown(url)}: {_reason(error)}") from error
        link = Link(cast(Any, socket), codec, Bounds(ANSWER_LIMITS, _MAX_REQUESTS), self._answer)
        if socket.protocol != subprotocol:
            await link.close(WSCloseCode.PROTOCOL_ERROR, "the sub-protocol was not accepted")
            raise Unreachable(f"{_shown(url)}: does not speak {subprotocol}")
        task = asyncio.get_running_loop().create_task(link.run())
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)
        return link

    async def close(self) -> None:
        """End all that was opened."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, ssl=self._tls)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(),
                                                  skip_auto_headers=(hdrs.USER_AGENT,))  # fmt: skip
        return self._session


class WebSocketClient:
    """Sends to any ``ws`` or ``wss`` URL (``cse.client.transport.Sender``) over one kept connection for each.

    The other side may answer over it and not ask. Of more than ``max_connections`` the one that was not used for
    longest is closed.
    """

    def __init__(self, *, max_connections: int = 200, codecs: Codecs = JSON_ONLY, **options: str) -> None:
        self._max_connections = max_connections
        self._codecs = codecs
        self._dialer = Dialer(_refuse, **options)
        self._links: OrderedDict[tuple[str, Codec], Link] = OrderedDict()
        self._opening: dict[tuple[str, Codec], asyncio.Lock] = {}
        self._closed = False

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send to a point of access, or to a notification URL when ``to`` is empty: then that is ``to``.

        ``?ct=`` of the URL picks the serialisation. Raises Unreachable.
        """
        if self._closed:
            raise Unreachable("the client is closed")
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        try:
            url, codec = target_codec(url, self._codecs)
        except CseError as error:
            raise Unreachable(f"{_shown(url)}: {error.message}") from None
        if not request.to:
            request = replace(request, to=url)
        way = _base(url), codec
        link = self._links.get(way)
        if link is None or not link.open:
            link = await self._connected(way, timeout_s)
        if way in self._links:
            self._links.move_to_end(way)
        return await link.send(request, timeout_s=max(0.0, until - loop.time()))

    async def close(self) -> None:
        """Close all connections; nothing can be sent any more."""
        self._closed = True
        await asyncio.gather(*(link.close(WSCloseCode.GOING_AWAY) for link in self._links.values()))
        self._links.clear()
        await self._dialer.close()

    async def _connected(self, way: tuple[str, Codec], timeout_s: float) -> Link:
        base, codec = way
        lock = self._opening.setdefault(way, asyncio.Lock())
        try:
            async with lock:
                link = self._links.get(way)
                if link is None or not link.open:
                    link = await self._dialer.dial(base, subprotocol_of(codec), codec, timeout_s)
                    self._links[way] = link
                    await self._make_room()
                return link
        finally:
            if not lock.locked():
                self._opening.pop(way, None)

    async def _make_room(self) -> None:
        while len(self._links) > self._max_connections:
            _, link = self._links.popitem(last=False)
            await link.close(WSCloseCode.GOING_AWAY, "not used for long")


class WebSocketTransport:
    """One CSE over WebSocket (``cse.client.transport.Transport``).

    With ``listen`` requests of the CSE are answered over the same connection, which is opened again when it is lost:
    then each AE that has asked over it says so, because the CSE asks an AE over the connection that it used last.
    """

    def __init__(
        self, url: str, *, subprotocol: str = "oneM2M.json", codecs: Codecs = JSON_ONLY, **options: str
    ) -> None:
        codec = codec_of(subprotocol, codecs)
        if codec is None:
            names = ", ".join(map(subprotocol_of, codecs.by_name.values()))
            raise ValueError(f"{subprotocol!r} is no sub-protocol that is spoken here; expected one of {names}")
        self._url = _base(url)
        self._spoken = subprotocol, codec
        self._dialer = Dialer(self._serve, **options)
        self._handler: Handler | None = None
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._entities: dict[str, None] = {}
        self._closed = False

    async def listen(self, handler: Handler) -> None:
        """Have requests of the CSE answered, and the connection kept open from now on."""
        self._handler = handler
        if self._keeper is None:
            self._keeper = asyncio.get_running_loop().create_task(self._keep())

    def heard_at(self, originator: str) -> str:
        """The entity itself: the CSE asks it over the connection that it used last."""
        return originator

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer; raises Unreachable."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        link = await self._connected(timeout_s)
        response = await link.send(request, timeout_s=max(0.0, until - loop.time()))
        self._remember(request, response)
        return response

    async def close(self) -> None:
        """Close the connection; the registration stays."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._link is not None:
            await self._link.close()
        await self._dialer.close()

    async def _connected(self, timeout_s: float) -> Link:
        if self._closed:
            raise Unreachable("the client is closed")
        link = self._link
        if link is not None and link.open:
            return link
        async with self._opening:
            if self._link is None or not self._link.open:
                link = await self._dialer.dial(self._url, *self._spoken, timeout_s)
                if self._handler is not None:
                    await self._greet(link, timeout_s)
                self._link = link
            return self._link

    async def _keep(self) -> None:
        """Open the connection again whenever it is lost."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                link = await self._connected(_LONGEST_PAUSE_S)
                pause_s = _FIRST_PAUSE_S
                await link.ended()
            except Unreachable as error:
                _log.info("%s; tried again in %g s", error, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _greet(self, link: Link, timeout_s: float) -> None:
        """Make a new connection that of the AEs that used the one before; raises Unreachable, and it is closed."""
        try:
            for number, entity in enumerate(tuple(self._entities)):
                hello = RequestPrimitive(Operation.RETRIEVE, entity, entity, f"hello-{number}", "3",
                                         attribute_list=["ri"])  # fmt: skip
                await link.send(hello, timeout_s=timeout_s)
        except BaseException:
            await link.close()
            raise

    def _remember(self, request: RequestPrimitive, response: ResponsePrimitive) -> None:
        entity = request.originator
        if request.operation is Operation.CREATE and request.resource_type == AE.number:
            made = next(iter((response.content or {}).values()), None)
            entity = made.get("aei", entity) if isinstance(made, dict) else entity
        known = len(entity) > 1 and response.status < Status.BAD_REQUEST
        if known and len(self._entities) < _MOST_ENTITIES:
            self._entities[entity] = None

    async def _serve(self, request: RequestPrimitive, link: Link) -> ResponsePrimitive:
        return await (_refuse(request, link) if self._handler is None else self._handler(request))


async def _refuse(request: RequestPrimitive, link: Link) -> ResponsePrimitive:  # noqa: ARG001 - the port
    text = {"m2m:dbg": "nothing is received here"}
    return ResponsePrimitive(Status.OPERATION_NOT_ALLOWED, request.request_id, text, request.release_version)


@lru_cache(maxsize=256)
def _base(url: str) -> str:
    """The connection that a URL names: without path, query and credentials. Raises Unreachable."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError as error:
        raise Unreachable(f"{_shown(url)}: {error}") from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise Unreachable(f"{_shown(url)}: no ws or wss URL with a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def _address(base: str) -> str:
    return f"{base}/"


def _shown(url: str) -> str:
    """A URL for a message: without query and credentials."""
    return url.partition("?")[0].rpartition("@")[2][:200]


def _reason(error: Exception) -> str:
    """Why there is no connection, in the words of the system where it has some."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"refuses the handshake with status {error.status}"
    secured = isinstance(error, aiohttp.ClientSSLError)  # whose numbers are not those of the system
    if isinstance(error, aiohttp.ClientConnectorError) and (error.errno or 0) > 0 and not secured:
        return os.strerror(error.errno or 0)
    if isinstance(error, TimeoutError):
        return "no connection in time"
    return str(error) or type(error).__name__
