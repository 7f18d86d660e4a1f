"""A DTLS client whose datagrams a test has in its hands, over a socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bindings.coap.dtls.associations import Serving
from bindings.coap.dtls.context import Context
from bindings.coap.dtls.session import Session
from bindings.coap.server import CoapServer
from tests.bindings.coap.plain import PlainPeer


def associations_of(server: CoapServer) -> Serving:
    """What a server keeps of its peers over DTLS."""
    interface = server._contexts[-1].request_interfaces[0].token_interface.message_interface
    found = interface.associations
    assert isinstance(found, Serving)
    return found


class SecurePeer:
    """One session after the other from the same port; ``session`` is the one that is used."""

    def __init__(self, peer: PlainPeer, context: Context, identity: str) -> None:
        self.plain = peer
        self._context = context
        self._identity = identity
        self.session = self.new_session()

    @classmethod
    async def to(cls, url: str, context: Context, identity: str = "Cmeter") -> SecurePeer:
        """Open a socket; nothing is sent yet."""
        return cls(await PlainPeer.to(url), context, identity)

    def new_session(self) -> Session:
        """Make a session and the first datagram of its handshake."""
        session = self._context.session("127.0.0.1", self._identity)
        session.take(b"")
        return session

    async def connect(self, session: Session | None = None, *, until: Callable[[Session], bool] | None = None) -> None:
        """Do the handshake, until it is done or as far as said."""
        session = session or self.session
        while not (until or (lambda each: each.open))(session):
            for data in session.datagrams():
                self.plain.send(data)
            async with asyncio.timeout(3):
                session.take(await self.plain.received.get())
            assert not session.failure

    def tell(self, content: bytes, session: Session | None = None) -> None:
        """Send contents."""
        session = session or self.session
        session.send(content)
        for data in session.datagrams():
            self.plain.send(data)

    async def ask(self, content: bytes, session: Session | None = None) -> bytes:
        """Send contents and return the next that come; raises TimeoutError."""
        session = session or self.session
        self.tell(content, session)
        return await self.next(session)

    async def next(self, session: Session | None = None, timeout_s: float = 2.0) -> bytes:
        """Return the next contents, b'' when the session is over; raises TimeoutError."""
        session = session or self.session
        async with asyncio.timeout(timeout_s):
            while not session.closed:
                if contents := session.take(await self.plain.received.get()):
                    return contents[0]
        return b""

    def close(self) -> None:
        """Close the socket without a word."""
        with contextlib.suppress(RuntimeError):
            self.plain.close()
        self.session.release()
