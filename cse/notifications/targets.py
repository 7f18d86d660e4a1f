"""Where a notification goes: an entry of ``nu`` or an AE becomes points of access, tried in order (SUB-21, AE-7)."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cse.client.transport import Sender, Unreachable
from cse.codecs import JSON, Codec, Codecs, target_codec
from cse.connections import Connection
from cse.identifiers import Identity
from cse.notifications.points import PointsOfAccess
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.reachability import reachable_now
from cse.tree import Tree
from resources.ae import AE
from resources.cse_base import CSE_BASE
from resources.errors import BadRequest, OriginatorError
from resources.model import Resource
from resources.status import Status
from resources.subscription import is_url, resource_of

if TYPE_CHECKING:
    from cse.core import Core


_ASKS = re.compile(r"[?&]ct=")
#: Release of the requests that this CSE makes itself.
RELEASE = "3"


class Targets:
    """Ways out of one CSE. ``senders`` maps a URL scheme to the binding's client, ``points`` knows how they do."""

    def __init__(self, tree: Tree, identity: Identity, senders: Mapping[str, Sender], timeout_s: float,
                 points: PointsOfAccess) -> None:
        self.core: Core
        self.points = points
        self._tree = tree
        self._identity = identity
        self._senders = senders
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(4)

    async def send(self, target: str, content: dict[str, Any], event_category: int | None = None, *,
                   timeout_s: float | None = None, request_id: str = "") -> ResponsePrimitive:
        """Send a NOTIFY of this CSE to an entry of ``nu`` or ``su``; without a ``request_id`` under a new one."""
        request = RequestPrimitive(
            Operation.NOTIFY, "", self._identity.cse_id, request_id or f"{self._prefix}-{next(self._numbers)}", RELEASE,
            content=content, event_category=event_category,
        )
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            address, codec = target_codec(target, self.core.codecs)
        except OriginatorError:  # it was possible once
            return _unreachable()
        if is_url(target):
            return await self._try(address, request, timeout_s, codec)
        resource = self._tree.find(resource_of(target))
        if resource is None:
            return await self._remote(resource_of(target), request)
        if resource.type.number == CSE_BASE.number:
            return ResponsePrimitive(Status.OK)
        if resource.type.number == AE.number:
            return await self.forward(resource, request, timeout_s, codec if _ASKS.search(target) else None)
        return await self._local(resource, request)

    def fetches(self, target: str) -> bool:
        """True for an entity that comes for what is for it, which waits as long as it takes (PCH-4).

        It has a pollingChannel, or opens connections and cannot be called.
        """
        polling, connections = self.core.polling, self.core.connections
        if not (polling.in_use or connections.in_use) or is_url(target):
            return False
        entity = self._tree.find(resource_of(target))
        return entity is not None and (polling.serves(entity) or connections.comes(entity))

    async def forward(self, entity: Resource, request: RequestPrimitive,
                      timeout_s: float | None = None, codec: Codec | None = None) -> ResponsePrimitive:
        """Pass a NOTIFY on to an AE: through its polling channel, over its open connection, to its points of access.

        These are tried in this order, the points of access in theirs (AE-8), those that failed lately after the others;
        what they get is in ``codec`` or in what the AE reads (AE-7).

        Outside of the schedule of its node it is not called (SCH-2), but for a verification, which cannot wait.
        """
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        request.to = self._identity.sp_relative(entity.ri)
        polled = await self.core.polling.deliver(entity, request, timeout_s)
        if polled is not None:
            return _unreachable() if polled.status == Status.REQUEST_TIMEOUT else polled
        awake = verifies(request) or reachable_now(self._tree, entity, self.core.clock.time())
        if awake and entity.attributes.get("rr"):
            connection = self.core.connections.of(entity)
            if connection is not None:
                response = await _over(connection, request, min(timeout_s, self._timeout_s))
                if response.status != Status.TARGET_NOT_REACHABLE:
                    return response
            codec = codec or read_by(entity, self.core.codecs)
            for url in self.points.in_order(entity.attributes.get("poa") or ()) if codec is not None else ():
                response = await self._try(url, request, timeout_s, codec)
                if response.status != Status.TARGET_NOT_REACHABLE:
                    return response
        return _unreachable()

    async def _local(self, resource: Resource, request: RequestPrimitive) -> ResponsePrimitive:
        """NOTIFY a resource of this CSE; that the CSE itself asks is as good as proved to its behaviour."""
        request.to = resource.ri
        request.authenticated, request.internal = self._identity.cse_id, True
        return await self.core.handle(request)

    async def _remote(self, target: str, request: RequestPrimitive) -> ResponsePrimitive:
        """NOTIFY a resource of another CSE."""
        try:
            cse = self._identity.address(target).cse
        except BadRequest:
            return _unreachable()
        if cse is None:
            return _unreachable()
        request.to = target
        try:
            return await self.core.ask_remote(cse, request)
        except Unreachable:
            return _unreachable()

    async def _try(self, url: str, request: RequestPrimitive, timeout_s: float,
                   codec: Codec | None) -> ResponsePrimitive:
        sender = self._senders.get(_scheme(url))
        if sender is None:
            return _unreachable()
        try:
            async with self.points.place(url, timeout_s):
                response = await sender.send(asking_for(url, codec), request, timeout_s=timeout_s)
        except Unreachable:
            self.points.failed(url)
            return _unreachable()
        self.points.answered(url)
        return response


async def _over(connection: Connection, request: RequestPrimitive, timeout_s: float) -> ResponsePrimitive:
    try:
        return await connection.send(request, timeout_s=timeout_s)
    except Unreachable:
        return _unreachable()


def verifies(request: RequestPrimitive) -> bool:
    """True for a verification request (SUB-6)."""
    notification = (request.content or {}).get("m2m:sgn")
    return isinstance(notification, dict) and notification.get("vrq") is True


def read_by(entity: Resource, codecs: Codecs) -> Codec | None:
    """AE-7: what an entity reads of what is written here, JSON before all; None when it reads nothing of that."""
    known = [codec for codec in map(codecs.of_name, entity.attributes.get("csz") or ("json",)) if codec is not None]
    return JSON if JSON in known else next(iter(known), None)


def asking_for(url: str, codec: Codec | None) -> str:
    """The URL that tells the client of a binding what to write: JSON unless ``ct`` says something else."""
    if codec is None or codec is JSON or _ASKS.search(url):
        return url
    return f"{url}{'&' if '?' in url else '?'}ct={codec.name}"


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:  # such as http://[::1
        return ""


def _unreachable() -> ResponsePrimitive:
    return ResponsePrimitive(Status.TARGET_NOT_REACHABLE)
