"""Receiving notifications: paths, callbacks, and the answers a CSE expects."""

from __future__ import annotations

import asyncio
import importlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cse.client.heard import Heard
from cse.client.notification import Notification, unpack
from cse.codecs import JSON_ONLY, Codecs
from cse.codecs.offered import codecs_of
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings
from resources.registry import Registry
from resources.status import Status

Callback = Callable[[Notification], Awaitable[None]]
_log = logging.getLogger(__name__)
#: URL scheme -> module of what listens; imported when needed, so that no binding is imported here.
LISTENERS = {"http": "bindings.http.receiver", "coap": "bindings.coap.receiver", "coap+tcp": "bindings.coap.receiver"}


class NotificationListener(Protocol):
    """What a binding offers to receive NOTIFY requests (``bindings.http.receiver.NotificationServer``)."""

    async def start(self) -> str:
        """Listen and return the URL."""

    async def stop(self) -> None:
        """Stop listening."""


@dataclass(slots=True)
class Route:
    """Who is called; ``address`` is that of the subscription where it tells."""

    callback: Callback
    address: str = ""
    heard: Heard = field(default_factory=Heard)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Receiver:
    """Gives every subscription a URL of its own and calls back with what arrives there.

    ``url`` is where a CSE reaches this receiver, without a path.
    """

    def __init__(self, url: str = "", *, serialisation: str = "") -> None:
        self.url = url.rstrip("/")
        self._query = f"?ct={serialisation}" if serialisation else ""
        self._routes: dict[str, Route] = {}
        self._listener: NotificationListener | None = None

    def add(self, callback: Callback, path: str = "") -> str:
        """Return a URL whose notifications go to ``callback``: a new one, or the one with this path."""
        path = path or uuid.uuid4().hex
        self._routes[path] = Route(callback)
        return f"{self.url}/{path}"

    async def ready(self, originator: str) -> None:
        """Be there before a subscription of ``originator`` is made."""

    def name(self) -> str | None:
        """A name for a subscription to whom its name does not matter; None: the CSE may choose it."""
        return None

    def target(self, url: str, originator: str, address: str) -> str:  # noqa: ARG002 - for other ways to be told
        """What the subscription ``address`` of an originator has as notification target."""
        return f"{url}{self._query}"

    def remove(self, url: str) -> None:
        """Forget a URL of ``add``; what still arrives there is answered 4004."""
        self._routes.pop(url.rpartition("/")[2], None)

    async def receive(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer one NOTIFY: 2000 once the callback has returned, 5000 when it failed; one that comes again 2000."""
        status, content = await self._dispatch(request)
        return ResponsePrimitive(status, request.request_id, content, release_version=request.release_version)

    async def start(self, listener: NotificationListener, public_url: str | None = None) -> None:
        """Listen; ``close`` stops it."""
        url = await listener.start()
        self.url = (public_url or url).rstrip("/")
        self._listener = listener

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None

    def _route_of(self, request: RequestPrimitive) -> Route | None:
        return self._routes.get(request.to.rpartition("/")[2])

    async def _dispatch(self, request: RequestPrimitive) -> tuple[Status, dict[str, Any] | None]:
        if request.operation is not Operation.NOTIFY:
            return _refuse(Status.OPERATION_NOT_ALLOWED, "only NOTIFY is received here")
        route = self._route_of(request)
        if route is None:
            return _refuse(Status.NOT_FOUND, f"nothing here is subscribed at {request.to!r}")
        try:
            notifications = list(unpack(request.content))
        except ValueError as error:
            return _refuse(Status.BAD_REQUEST, str(error))
        async with route.lock:
            if route.heard.knows(request):
                return Status.OK, None
            for notification in notifications:
                if notification.verification:
                    continue
                try:
                    await route.callback(notification)
                except Exception:  # noqa: BLE001 - whatever a callback does, the CSE gets an answer
                    _log.exception("the callback of %s failed", notification.subscription)
                    return _refuse(Status.INTERNAL_SERVER_ERROR, "the receiver failed")
            route.heard.take(request)
        return Status.OK, None


async def listen(host: str = "127.0.0.1", port: int = 0, *, scheme: str = "http", public_url: str | None = None,
                 ct: str = "") -> Receiver:
    """Start a notification receiver over ``http``, ``coap`` or ``coap+tcp``; ``port`` 0 takes a free one.

    ``public_url`` is where the CSE reaches it when that is not ``scheme://host:port`` (behind a proxy); ``ct`` is the
    serialisation to be told in: json, cbor, xml. Raises ValueError for another scheme or serialisation.
    """
    if scheme not in LISTENERS:
        raise ValueError(f"nothing listens over {scheme!r}; expected one of {', '.join(LISTENERS)}")
    receiver = Receiver(serialisation=ct)
    settings = CoapSettings(tcp=True) if scheme == "coap+tcp" else None
    listening = importlib.import_module(LISTENERS[scheme]).NotificationServer
    await receiver.start(listening(host, port, receiver.receive, settings, _reading(ct)), public_url)
    return receiver


def _reading(ct: str) -> Codecs:
    if not ct:
        return JSON_ONLY
    codecs = codecs_of(("cbor", "xml"), Registry.default())
    if codecs.of_name(ct) is None:
        raise ValueError(f"{ct!r} is no serialisation; expected one of {', '.join(codecs.names)}")
    return codecs


def _refuse(status: Status, text: str) -> tuple[Status, dict[str, Any]]:
    return status, {"m2m:dbg": text}
