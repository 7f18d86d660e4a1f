"""V15, GRP-13: a group request is processed once for each target, whatever ways lead there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from cse.core import Call
from cse.primitive import ResponsePrimitive
from resources.errors import NoPrivilege, NotFound, OriginatorError
from resources.status import Status


class SeenGroupRequests:
    """Group request identifiers by target: those that are being processed, and the latest that were.

    Of those processed the oldest are forgotten first. What was refused is not remembered, so that nobody without
    access can make this CSE forget what others have asked.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._processed: OrderedDict[bytes, None] = OrderedDict()
        self._begun: set[bytes] = set()

    def begin(self, group_request_id: str, target: str) -> bytes | None:
        """Note that a request is being processed; returns its key for ``end``, None when it is or was already."""
        key = blake2b(f"{group_request_id} {target}".encode(), digest_size=16).digest()
        if key in self._processed or key in self._begun:
            return None
        self._begun.add(key)
        return key

    def end(self, key: bytes, *, processed: bool) -> None:
        """Note how it ended."""
        self._begun.discard(key)
        if processed:
            self._processed[key] = None
            if len(self._processed) > self._most:
                self._processed.popitem(last=False)


async def once(call: Call, operate: Callable[[Call], Awaitable[ResponsePrimitive]]) -> ResponsePrimitive:
    """Do what a group request asks of its target, the first time; later ones are 4104."""
    group_request_id, seen = call.request.group_request_id, call.core.seen
    assert group_request_id is not None
    key = seen.begin(group_request_id, _target(call))
    if key is None:
        raise OriginatorError(f"gid: group request {group_request_id} has been processed here already",
                              Status.GROUP_REQUEST_IDENTIFIER_EXISTS)
    processed = True
    try:
        return await operate(call)
    except (NoPrivilege, NotFound):
        processed = False
        raise
    finally:
        seen.end(key, processed=processed)


def _target(call: Call) -> str:
    target = call.target
    return "/".join((target.instance.ri if target.instance else target.resource.ri, target.virtual or "",
                     *target.rest))
