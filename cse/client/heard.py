"""Notifications that come twice: a CSE that got no answer tells again, under the same request identifier."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

from cse.codecs import encode
from cse.primitive import RequestPrimitive


class Heard:
    """The latest requests of others that were taken; one with another content is another, whatever its identifier."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._taken: OrderedDict[bytes, None] = OrderedDict()

    def knows(self, request: RequestPrimitive) -> bool:
        """True for one that was taken before."""
        return _key(request) in self._taken

    def take(self, request: RequestPrimitive) -> None:
        """Note that it was taken; the oldest is forgotten when there are too many."""
        self._taken[_key(request)] = None
        if len(self._taken) > self._most:
            self._taken.popitem(last=False)


def _key(request: RequestPrimitive) -> bytes:
    return blake2b(encode([request.originator, request.request_id, request.content]), digest_size=16).digest()
