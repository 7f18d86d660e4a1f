"""Ports of the client side: a request primitive out, a response primitive back.

``Handler`` is also what a CSE offers to its bindings, so that a client can talk to a CSE in the same process.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from cse.primitive import RequestPrimitive, ResponsePrimitive

Handler = Callable[[RequestPrimitive], Awaitable[ResponsePrimitive]]


class Transport(Protocol):
    """A way to one CSE. ``send`` raises ``Unreachable`` when no answer can be had within the time-out."""

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request and return its answer."""

    async def close(self) -> None:
        """Release connections."""


class Sender(Protocol):
    """A way to any URL of one scheme: the CSE's side of notifications and forwarding."""

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Send one request to a point of access (``to`` is in the request); raises ``Unreachable``."""

    async def close(self) -> None:
        """Release connections."""


class Unreachable(Exception):
    """The peer cannot be reached or did not answer in time."""


class DirectTransport:
    """A CSE in the same process; ``handler`` is its ``handle`` method."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Hand the primitive over."""
        return await self._handler(request)

    async def close(self) -> None:
        """Nothing to release."""
