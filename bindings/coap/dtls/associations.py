"""The associations of one socket by the address of the peer: bounded in number and time, begun with a cookie."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from bindings.coap.dtls.context import Context
from bindings.coap.dtls.session import Session
from bindings.coap.peers import Rates

#: How often handshakes are looked at that wait, and associations that are idle.
_TICK_S = 0.25
_RECORD_BYTES, _HANDSHAKE, _CLIENT_HELLO = 13, 22, 1
#: Where the random number of a ClientHello stands that is in one record.
_RANDOM = slice(27, 59)
#: Handshakes that a server begins with one address in a second; each takes two messages.
_HELLOS_PER_S = 40


@dataclass(slots=True)
class Bounds:
    """``sessions`` at most, the one not used for longest goes; so do they after ``idle_s``. Times in seconds."""

    sessions: int = 1000
    handshakes: int = 200
    handshake_s: float = 20.0
    idle_s: float = 3600.0
    hellos_per_s: float = _HELLOS_PER_S


@dataclass(eq=False, slots=True)
class Association:
    """A session with a peer; ``remote`` is what the owner of the socket needs to send to it, and knows this object."""

    session: Session
    key: Hashable
    remote: Any
    began: float
    used: float
    hello: bytes = b""
    asked: tuple[str, str] = ("", "")
    decided: asyncio.Event = field(default_factory=asyncio.Event)


class Associations:
    """``send`` gets datagrams, ``deliver`` contents, ``tell`` why a peer was refused, ``ended`` who left."""

    def __init__(
        self,
        context: Context,
        bounds: Bounds,
        time: Callable[[], float],
        *,
        send: Callable[[bytes, Any], None],
        deliver: Callable[[bytes, Association], None],
        tell: Callable[[Any, str], None],
        ended: Callable[[Association], None] = lambda _: None,
    ) -> None:
        self._context = context
        self._bounds = bounds
        self._time = time
        self._send = send
        self._deliver = deliver
        self._tell = tell
        self._ended = ended
        self._open: OrderedDict[Hashable, Association] = OrderedDict()
        self._begun: OrderedDict[Hashable, Association] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def begun(self) -> int:
        """Handshakes under way."""
        return len(self._begun)

    def take(self, data: bytes, key: Hashable, remote: Any) -> None:
        """Take a datagram of a peer."""
        if len(data) < _RECORD_BYTES or not 20 <= data[0] <= 23 or data[1] != 0xFE:
            self._tell(remote, "no DTLS record")
            return
        begun, known = self._begun.get(key), self._open.get(key)
        if data[3:5] == b"\0\0":
            if data[0] == _HANDSHAKE and len(data) > _RECORD_BYTES and data[_RECORD_BYTES] == _CLIENT_HELLO:
                self._hello(data, key, remote)
            elif (association := begun or known) is not None:
                self._feed(association, data)
        else:  # of a peer that has begun anew, or of one in whose name somebody else has
            for association in (begun, known):
                if association is not None:
                    self._feed(association, data)

    def protect(self, content: bytes, association: Association) -> None:
        """Send contents to a peer; nothing happens when the association is over."""
        association.session.send(content)
        self._flush(association)
        if association.session.closed:
            self._end(association)

    async def close(self) -> None:
        """Take leave of all peers."""
        self.closed = True
        for association in (*self._begun.values(), *self._open.values()):
            self._leave(association)
        if self._timer is not None:
            self._timer.cancel()

    def _hello(self, data: bytes, key: Hashable, remote: Any) -> None:
        """A ClientHello; only a server has anything to do with it."""

    def _add(self, association: Association) -> None:
        before = self._begun.pop(association.key, None)
        if before is not None:
            before.session.fail("begun anew")
            self._end(before, told=False)
        if len(self._begun) >= self._bounds.handshakes:
            oldest = next(iter(self._begun.values()))
            oldest.session.fail(f"more than {self._bounds.handshakes} handshakes at a time; this was the oldest")
            self._end(oldest)
        self._begun[association.key] = association
        association.remote.association = association
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _feed(self, association: Association, data: bytes) -> None:
        session = association.session
        if session.closed:
            return
        contents = session.take(data)
        self._flush(association)
        if session.open and self._begun.get(association.key) is association:
            self._opened(association)
        if contents:
            association.used = self._time()
            self._open.move_to_end(association.key)
        for content in contents:
            self._deliver(content, association)
        if association.session.closed:
            self._end(association)

    def _opened(self, association: Association) -> None:
        """The handshake is done: only now the association before it, if there is one, is over (RFC 6347 4.2.8)."""
        del self._begun[association.key]
        before = self._open.pop(association.key, None)
        self._open[association.key] = association
        association.used = self._time()
        association.decided.set()
        if before is not None:
            self._end(before)
        if len(self._open) > self._bounds.sessions:
            self._leave(next(iter(self._open.values())))

    def _leave(self, association: Association) -> None:
        association.session.close()
        self._end(association)

    def _end(self, association: Association, *, told: bool = True) -> None:
        session = association.session
        if session.released:
            return
        self._flush(association)
        session.release()
        for table in (self._begun, self._open):
            if table.get(association.key) is association:
                del table[association.key]
        association.decided.set()
        if session.failure and told:
            self._tell(association.remote, f"DTLS: {session.failure}")
        self._ended(association)

    def _flush(self, association: Association) -> None:
        for datagram in association.session.datagrams():
            self._send(datagram, association.remote)

    def _tick(self) -> None:
        """Send again, give up handshakes, close what is idle."""
        self._timer = None
        now = self._time()
        for association in list(self._begun.values()):
            association.session.tick()
            self._flush(association)
            if now - association.began > self._bounds.handshake_s:
                association.session.fail(f"the handshake did not end in {self._bounds.handshake_s:g} s")
            if association.session.closed:
                self._end(association)
        while self._open:
            oldest = next(iter(self._open.values()))
            if now - oldest.used <= self._bounds.idle_s:
                break
            self._leave(oldest)
        if (self._begun or self._open) and not self.closed:
            self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)


class Serving(Associations):
    """The side of a server: nothing is kept of a peer before it has shown that it gets what is sent to it."""

    def __init__(self, context: Context, bounds: Bounds, time: Callable[[], float], **callbacks: Any) -> None:
        super().__init__(context, bounds, time, **callbacks)
        self._hellos = Rates(time, bounds.hellos_per_s)
        self._listener = context.session()

    async def close(self) -> None:
        """Take leave of all peers."""
        await super().close()
        self._listener.release()

    def _hello(self, data: bytes, key: Hashable, remote: Any) -> None:
        hello = data[_RANDOM]
        for association in (self._begun.get(key), self._open.get(key)):
            if association is not None and association.hello == hello:
                self._feed(association, data)  # again, because the answer was lost
                return
        host = str(key[0]) if isinstance(key, tuple) else str(key)
        if not self._hellos.admits(host):
            self._tell(remote, f"DTLS: more than {self._bounds.hellos_per_s:g} messages a second that begin handshakes")
            return
        session = self._listener
        heard = session.listen(data, repr(key).encode())
        if not heard:
            for datagram in session.datagrams():
                self._send(datagram, remote)
            return
        self._listener = self._context.session()
        now = self._time()
        association = Association(session, key, remote, now, now, hello)
        self._add(association)
        self._feed(association, data)


class Calling(Associations):
    """The side of a client."""

    async def reach(self, key: Hashable, remote: Any, host: str, identity: str) -> Association:
        """The association with a server that has proved to be ``host``; raises ConnectionError with the reason."""
        while not self.closed:
            known = self._open.get(key)
            if known is not None and known.session.is_for(host, identity):
                return known
            begun = self._begun.get(key) or self._begin(key, remote, host, identity)
            try:
                await begun.decided.wait()
            except asyncio.CancelledError:
                self._tell(begun.remote, "DTLS: no answer in the handshake; nobody is there, or has another key")
                raise
            if begun.asked == (host, identity):
                if not begun.session.open or begun.session.closed:
                    raise ConnectionError(f"DTLS: {begun.session.failure or 'the peer has closed the session'}")
                return begun
        raise ConnectionError("the client is closed")

    def unreachable(self, key: Hashable, reason: str) -> None:
        """Whoever is asked is not there; one that comes back knows of no association."""
        for association in (self._begun.get(key), self._open.get(key)):
            if association is not None:
                association.session.fail(reason)
                self._end(association, told=False)

    def suspect(self, association: Association, since: float) -> None:
        """An answer did not come: if nothing else did since then either, the next request begins anew."""
        if association.used < since and self._open.get(association.key) is association:
            self._leave(association)

    def _begin(self, key: Hashable, remote: Any, host: str, identity: str) -> Association:
        now = self._time()
        association = Association(self._context.session(host, identity), key, remote, now, now, b"", (host, identity))
        self._add(association)
        self._feed(association, b"")
        return association
