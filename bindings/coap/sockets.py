"""A datagram socket for aiocoap that reads all that has come in one turn of the event loop, and goes on after errors.

aiocoap's own reads one datagram a turn, after asking for an error each time. On uvloop it hears nothing any more after
the first ICMP error, because libuv stops to watch a socket that has one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol

from aiocoap.util import socknumbers

#: More wait for the next turn, so that one socket does not keep the others waiting.
_AT_ONCE = 64
_MAX_BYTES, _MAX_ANCILLARY_BYTES = 4096, 1024


class Receiver(Protocol):
    """Who is given what comes (aiocoap's ``RecvmsgDatagramProtocol``)."""

    def connection_made(self, transport: Any) -> None:
        """The socket is there."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""

    def datagram_msg_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        """A datagram."""

    def datagram_errqueue_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        """An error that came back for a datagram which was sent, ``data``."""

    def error_received(self, exc: OSError) -> None:
        """An error of the socket."""


class Datagrams(asyncio.BaseTransport):
    """The transport: ``sendmsg`` sends at once or not at all, as CoAP sends again by itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, receiver: Receiver) -> None:
        super().__init__(extra={"socket": sock})
        sock.setblocking(False)
        self._loop = loop
        self._sock = sock
        self._receiver = receiver
        self._closed = False
        receiver.connection_made(self)
        loop.add_reader(sock, self._readable)

    def sendmsg(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        """Send one datagram."""
        if self._closed:
            return
        try:
            self._sock.sendmsg((data,), ancdata, flags, address)
        except OSError as error:
            self._receiver.error_received(error)

    def close(self) -> None:
        """Close the socket."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock)
        self._sock.close()
        self._loop.call_soon(self._receiver.connection_lost, None)

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def _readable(self) -> None:
        self._read(0, self._receiver.datagram_msg_received)
        if self._read(socknumbers.MSG_ERRQUEUE, self._receiver.datagram_errqueue_received) and not self._closed:
            self._loop.remove_reader(self._sock)
            self._loop.add_reader(self._sock, self._readable)

    def _read(self, flags: int, received: Callable[[bytes, Any, int, Any], None]) -> bool:
        """Read what there is; True: there was something."""
        count = 0
        while count < _AT_ONCE and not self._closed:
            try:
                data, ancillary, told, address = self._sock.recvmsg(_MAX_BYTES, _MAX_ANCILLARY_BYTES, flags)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._receiver.error_received(error)
            else:
                received(data, ancillary, told, address)
            count += 1
        return count > 0
