"""Receiving notifications: paths, callbacks, and the answers a CSE expects."""

from __future__ import annotations

import asyncio
import importlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cse.client.notification import Notification, unpack
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

Callback = Callable[[Notification], Awaitable[None]]
_log = logging.getLogger(__name__)


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
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Receiver:
    """Gives every subscription a URL of its own and calls back with what arrives there.

    ``url`` is where a CSE reaches this receiver, without a path.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url.rstrip("/")
        self._routes: dict[str, Route] = {}
        self._listener: NotificationListener | None = None

    def add(self, callback: Callback, path: str = "") -> str:
        """Return a URL whose notifications go to ``callback``: a new one, or the one with this path."""
        path = path or uuid.uuid4().hex
        self._routes[path] = Route(callback)
        return f"{self.url}/{path}"

    async def ready(self) -> None:
        """Be there before the first subscription is made."""

    def name(self) -> str | None:
        """A name for a subscription to whom its name does not matter; None: the CSE may choose it."""
        return None

    def target(self, url: str, originator: str, address: str) -> str:  # noqa: ARG002 - for other ways to be told
        """What the subscription ``address`` of an originator has as notification target."""
        return url

    def remove(self, url: str) -> None:
        """Forget a URL of ``add``; what still arrives there is answered 4004."""
        self._routes.pop(url.rpartition("/")[2], None)

    async def receive(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer one NOTIFY: 2000 once the callback has returned, 5000 when it failed."""
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
            for notification in notifications:
                if notification.verification:
                    continue
                try:
                    await route.callback(notification)
                except Exception:  # noqa: BLE001 - whatever a callback does, the CSE gets an answer
                    _log.exception("the callback of %s failed", notification.subscription)
                    return _refuse(Status.INTERNAL_SERVER_ERROR, "the receiver failed")
        return Status.OK, None


async def listen(host: str = "127.0.0.1", port: int = 0, *, public_url: str | None = None) -> Receiver:
    """Start a notification receiver over HTTP; ``port`` 0 takes a free one.

    ``public_url`` is where the CSE reaches it when that is not ``http://host:port`` (behind a proxy).
    """
    binding = importlib.import_module("bindings.http.receiver")
    receiver = Receiver()
    await receiver.start(binding.NotificationServer(host, port, receiver.receive), public_url)
    return receiver


def _refuse(status: Status, text: str) -> tuple[Status, dict[str, Any]]:
    return status, {"m2m:dbg": text}
