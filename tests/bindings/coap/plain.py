"""A CoAP peer of sockets and bytes: what a test sends is on the wire as it is."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from bindings.coap.datagram import write_options
from bindings.coap.options import Options


def datagram(
    code: int, options: Options, payload: bytes = b"", *, kind: int = 0, message_id: int = 1, token: bytes = b"\xaa"
) -> bytes:
    """Write a message."""
    head = bytes((0x40 | kind << 4 | len(token), code)) + message_id.to_bytes(2, "big") + token
    return head + write_options(options) + (b"\xff" + payload if payload else b"")


class PlainPeer(asyncio.DatagramProtocol):
    """Sends bytes and keeps what comes back in ``received``."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    @classmethod
    async def to(cls, url: str) -> PlainPeer:
        """Open a socket to a server."""
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(cls, remote_addr=(parts.hostname, parts.port))
        return peer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.put_nowait(data)

    def send(self, data: bytes) -> None:
        self.transport.sendto(data)

    async def ask(self, data: bytes, timeout_s: float = 2.0) -> bytes:
        """Send and return the next datagram that comes; raises TimeoutError."""
        self.send(data)
        async with asyncio.timeout(timeout_s):
            return await self.received.get()

    async def silence(self, data: bytes, for_s: float = 0.15) -> bool:
        """Send and return whether nothing came back."""
        try:
            await self.ask(data, for_s)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.transport.close()
