"""Where a notification goes: an entry of ``nu`` or an AE becomes points of access, tried in order (SUB-21, AE-7)."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cse.client.transport import Sender, Unreachable
from cse.identifiers import Identity
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.tree import Tree
from resources.model import Resource
from resources.status import Status

AE, CSE_BASE = 2, 5

#: Release of the requests that this CSE makes itself.
RELEASE = "3"


class Targets:
    """Ways out of one CSE. ``senders`` maps a URL scheme to the binding's client."""

    def __init__(self, tree: Tree, identity: Identity, senders: Mapping[str, Sender], timeout_s: float) -> None:
        self._tree = tree
        self._identity = identity
        self._senders = senders
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(4)

    async def send(self, target: str, content: dict[str, Any], event_category: int | None = None) -> Status:
        """Send a NOTIFY of this CSE to an entry of ``nu`` or ``su``; returns the answered status."""
        request = RequestPrimitive(
            Operation.NOTIFY, "", self._identity.cse_id, f"{self._prefix}-{next(self._numbers)}", RELEASE,
            content=content, event_category=event_category,
        )
        target = target.partition("?ct=")[0]
        if "://" in target:
            return (await self._try(target, request)).status
        resource = self._tree.find(target)
        if resource is not None and resource.type.number == CSE_BASE:
            return Status.OK
        if resource is None or resource.type.number != AE:
            return Status.TARGET_NOT_REACHABLE
        return (await self.forward(resource, request)).status

    async def forward(self, entity: Resource, request: RequestPrimitive) -> ResponsePrimitive:
        """Pass a NOTIFY on to an AE: each point of access in turn until one answers (AE-8)."""
        if entity.attributes.get("rr"):
            request.to = self._identity.sp_relative(entity.ri)
            for url in entity.attributes.get("poa") or ():
                response = await self._try(url, request)
                if response.status != Status.TARGET_NOT_REACHABLE:
                    return response
        return ResponsePrimitive(Status.TARGET_NOT_REACHABLE)

    async def _try(self, url: str, request: RequestPrimitive) -> ResponsePrimitive:
        sender = self._senders.get(urlsplit(url).scheme)
        if sender is None:
            return ResponsePrimitive(Status.TARGET_NOT_REACHABLE)
        try:
            return await sender.send(url, request, timeout_s=self._timeout_s)
        except Unreachable:
            return ResponsePrimitive(Status.TARGET_NOT_REACHABLE)
