"""CoAP over DTLS (RFC 7252 9.1): an interface for ``stack`` whose messages come in records of an association."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import aiocoap
from aiocoap.transports.udp6 import UDP6EndpointAddress

from bindings.coap.datagram import Refused
from bindings.coap.dtls.associations import Association, Associations, Bounds, Calling, Serving
from bindings.coap.dtls.context import Context
from bindings.coap.stack import MAX_DATAGRAM_BYTES, Guard, Udp, open_context, peer_of

#: Makes the associations of an interface of their callbacks.
_Made = Callable[..., Associations]


class SecureAddress(UDP6EndpointAddress):
    """A peer and the association with it: whoever comes later from the same address is another."""

    scheme = "coaps"
    association: Association | None = None
    is_multicast = False
    is_multicast_locally = False

    def __hash__(self) -> int:
        return hash(self.sockaddr[:-1])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SecureAddress):
            return self.association is other.association
        return bool(super().__eq__(other))

    @property
    def names(self) -> tuple[str, ...]:
        """Who the peer has proved to be."""
        return self.association.session.names if self.association is not None else ()

    def as_response_address(self) -> SecureAddress:
        """Answers go back in the same association."""
        return self


class SecureUdp(Udp):
    """The socket of one side; what is in records passes the guard like any datagram."""

    def __init__(self, guard: Guard, messages: Any, log: logging.Logger, loop: Any, *, made: _Made) -> None:
        super().__init__(guard, messages, log, loop)
        self.associations = made(send=self._send, deliver=self._deliver, tell=self._tell, ended=self._ended)

    async def shutdown(self) -> None:
        """Take leave of all peers and close the socket."""
        await self.associations.close()
        await super().shutdown()

    def datagram_msg_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:  # noqa: ARG002
        """Take records, or refuse them; raises nothing."""
        pktinfo = next((value for _, kind, value in ancdata if kind == socket.IPV6_PKTINFO), None)
        remote = SecureAddress(address, self, pktinfo=pktinfo)
        try:
            self._guard.count(peer_of(remote))
            if len(data) >= MAX_DATAGRAM_BYTES:
                raise Refused("a datagram of 4096 bytes or more")
            self.associations.take(data, address, remote)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the others are served
            self._tell(remote, str(error) if isinstance(error, Refused) else f"records that failed: {error!r:.200}")

    def datagram_errqueue_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        """A peer cannot be reached: whoever waits for it learns so."""
        super().datagram_errqueue_received(data, ancdata, flags, address)
        if isinstance(self.associations, Calling):
            self.associations.unreachable(address, "nobody listens there")

    def send(self, message: aiocoap.Message) -> None:
        """Send a message to its peer."""
        self.send_bytes(message.encode(), message.remote)

    def send_bytes(self, data: bytes, remote: Any) -> None:
        """Protect and send bytes that are a message already."""
        if remote.association is not None:
            self.associations.protect(data, remote.association)

    def _send(self, data: bytes, remote: Any) -> None:
        super().send_bytes(data, remote)

    def _deliver(self, content: bytes, association: Association) -> None:
        self.let_in(content, association.remote, counted=True)

    def _tell(self, remote: Any, what: str) -> None:
        self._guard.complaints.tell(peer_of(remote), what)

    def _ended(self, association: Association) -> None:
        """Nothing comes of an association that is over: whoever waits learns so."""
        if association.remote.association is association and not self.associations.closed:
            reason = association.session.failure or "the peer has closed the session"
            try:
                self._ctx.dispatch_error(ConnectionResetError(f"DTLS: {reason}"), association.remote)
            except Exception as error:  # noqa: BLE001 - aiocoap fails on requests that were cancelled in this turn
                self._tell(association.remote, f"an end that failed: {error!r:.200}")


async def open_server(
    context: Context, guard: Guard, bounds: Bounds, site: Any, bind: tuple[str, int]
) -> aiocoap.Context:
    """Listen for DTLS. Raises OSError."""
    return await open_context(guard, site, bind, partial(SecureUdp, made=partial(Serving, context, bounds, guard.time)))


class SecureClient:
    """Sends over DTLS from one socket. Opening it raises OSError."""

    def __init__(self, context: Context, guard: Guard, bounds: Bounds) -> None:
        self._context = context
        self._guard = guard
        self._bounds = bounds
        self._opening = asyncio.Lock()
        self._aiocoap: aiocoap.Context | None = None

    async def exchange(self, host: str, port: int, message: aiocoap.Message, identity: str) -> aiocoap.Message:
        """Send a request and return its answer; raises OSError, TimeoutError, aiocoap's Error."""
        context = await self._open()
        interface: SecureUdp = context.request_interfaces[0].token_interface.message_interface
        family, _, _, _, found = (await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        address: Any = found if family == socket.AF_INET6 else (f"::ffff:{found[0]}", found[1], 0, 0)
        calling = interface.associations
        assert isinstance(calling, Calling)
        association = await calling.reach(address, SecureAddress(address, interface), host, identity)
        message.remote = association.remote
        began = self._guard.time()
        try:
            return await context.request(message).response
        except (asyncio.CancelledError, TimeoutError, aiocoap.error.TimeoutError):
            # aiocoap has forgotten this request only when its cancelled task has had a turn
            asyncio.get_running_loop().call_soon(calling.suspect, association, began)
            raise

    async def close(self) -> None:
        """Take leave of all servers and close the socket."""
        if self._aiocoap is not None:
            context, self._aiocoap = self._aiocoap, None
            await context.shutdown()

    async def _open(self) -> aiocoap.Context:
        async with self._opening:
            if self._aiocoap is None:
                made = partial(Calling, self._context, self._bounds, self._guard.time)
                self._aiocoap = await open_context(self._guard, interface=partial(SecureUdp, made=made))
            return self._aiocoap
