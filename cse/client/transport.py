"""Ports of the client side: a request primitive out, a response primitive back.

``Handler`` is also what a CSE offers to its bindings, so that a client can talk to a CSE in the same process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from cse.codecs import Limits, decode, encode
from cse.primitive import Content, RequestPrimitive, ResponsePrimitive

Handler = Callable[[RequestPrimitive], Awaitable[ResponsePrimitive]]


class Transport(Protocol):
    """A way to one CSE. ``send`` raises ``Unreachable`` when no answer can be had within the time-out."""

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer."""

    async def close(self) -> None:
        """Release connections."""


class TwoWay(Transport, Protocol):
    """A way to one CSE over which the CSE asks too."""

    async def listen(self, handler: Handler) -> None:
        """Have the CSE's requests answered by ``handler``, as long as the transport is open."""

    def heard_at(self, originator: str) -> str:
        """What a subscription of ``originator`` has as target to be heard here: the entity itself, or a URL."""


class Sender(Protocol):
    """A way to any URL of one scheme: the CSE's side of notifications and forwarding."""

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request to a point of access (``to`` is in the request); raises ``Unreachable``."""

    async def close(self) -> None:
        """Release connections."""


class Unreachable(Exception):
    """The peer cannot be reached or did not answer in time."""


def back_off_s(attempt: int) -> float:
    """Seconds to wait after a failed attempt (0, 1 …): 0.2, 0.4 … at most 5."""
    return min(5.0, 0.2 * 2.0 ** min(attempt, 10))


#: What a CSE answers is trusted to be as large as it says.
ANSWER_LIMITS = Limits(max_depth=128, max_members=2**31)


class DirectTransport:
    """A CSE in the same process; ``handler`` is its ``handle`` method.

    Content goes through the codec both ways, so that neither side sees the other change it, and raw parts are read.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Hand the primitive over; raises Unreachable when it takes longer than ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._handler(replace(request, content=_copy(request.content)))
        except TimeoutError:
            raise Unreachable(f"the CSE did not answer within {timeout_s:g} s") from None
        return replace(response, content=_copy(response.content))

    async def close(self) -> None:
        """Nothing to release."""


def _copy(content: Content | None) -> Content | None:
    if content is None:
        return None
    copied: Content = decode(encode(content), ANSWER_LIMITS)
    return copied
