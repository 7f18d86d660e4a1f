"""One connection to the broker: what comes is cut into packets and checked, what goes is bounded, silence ends it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

from bindings.broker import packets
from bindings.broker.house import Inlet
from bindings.broker.packets import Connect, Packet, Refused, Splitter
from cse.settings import BrokerSettings

#: What is read ahead of a client before it is not read on, and what is written ahead of one that does not read.
_AHEAD_BYTES = 65_536
_BURST_S = 1.0


class Server(Protocol):
    """Whose connection it is."""

    settings: BrokerSettings
    lines: set[Line]

    def admits(self, address: str) -> bool:
        """Whether there is room for one more connection of an address; it is counted in."""

    def left(self, address: str) -> None:
        """A connection that was admitted is gone."""

    def complain(self, who: str, what: str) -> None:
        """Say what somebody did."""

    def begin(self, line: Line, connect: Connect) -> None:
        """Serve a client that has said who it is."""


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, gate: Server) -> None:
        self._gate = gate
        self._settings = gate.settings
        self._clock = asyncio.get_running_loop().time
        self._splitter = Splitter(gate.settings.max_packet_bytes)
        self.inlet = Inlet(self._taken)
        self.relieved: Callable[[], None] = _nothing
        self._transport: asyncio.Transport | None = None
        self.address = ""
        self._admitted = False
        self._begun = self._in = False
        self._over = False
        self._ahead = 0
        self._pauses: set[str] = set()
        self._rate = float(gate.settings.max_rate)
        self._due = 0.0
        self._since = self._heard = self._clock()
        self._within: float | None = None
        self._full: float | None = None
        self._ending: float | None = None
        self._silence_s = gate.settings.connect_timeout_s

    @property
    def is_full(self) -> bool:
        """True while the client does not read what it has been sent."""
        return self._full is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit a client, or not."""
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its type
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "?"
        self._gate.lines.add(self)
        self._admitted = self._gate.admits(self.address)
        if not self._admitted:
            self.end("")
            return
        transport.set_write_buffer_limits(high=_AHEAD_BYTES)
        found = transport.get_extra_info("socket")
        if found is not None:
            with suppress(OSError):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone."""
        self._over = True
        self._gate.lines.discard(self)
        if self._admitted:
            self._admitted = False
            self._gate.left(self.address)
        self.inlet.feed_eof()

    def eof_received(self) -> bool:
        """The client says no more: what it has said is answered."""
        self._over = True
        self.inlet.feed_eof()
        plain = self._transport is not None and self._transport.get_extra_info("ssl_object") is None
        return plain and self._begun

    def data_received(self, data: bytes) -> None:
        """Check what came, and pass on what is well-formed."""
        if self._over:
            return
        now = self._heard = self._clock()
        count = 0
        try:
            for packet in self._splitter.feed(data):
                count += 1
                if not self._take(packet):
                    return
        except Refused as refused:
            self.refuse(refused)
            return
        if not self._splitter.within:
            self._within = None
        elif count or self._within is None:
            self._within = now
        self._slow_down(now, count)

    def _take(self, packet: Packet) -> bool:
        """Pass a packet on; False when nothing may follow it."""
        if packet.connect is not None:
            self._begun = True
            self._pause("login")
            self._gate.begin(self, packet.connect)
            return True
        self._ahead += len(packet.data)
        if self._ahead > _AHEAD_BYTES:
            self._pause("ahead")
        self.inlet.feed(packet)
        if packet.type == packets.DISCONNECT:
            self._over = True
            self.inlet.feed_eof()
        return packet.type != packets.DISCONNECT

    def _slow_down(self, now: float, count: int) -> None:
        """Read on later what comes too fast."""
        if not self._rate or not count:
            return
        self._due = max(self._due, now) + count / self._rate
        if self._due - now > _BURST_S:
            self._pause("rate")
            asyncio.get_running_loop().call_later(self._due - now - _BURST_S, self._resume, "rate")

    def is_in(self, keep_alive_s: int, *, unlimited: bool) -> None:
        """The client has proved who it is."""
        self._in = True
        longest = self._settings.max_silence_s
        self._silence_s = min(keep_alive_s * 1.5, longest) if keep_alive_s else longest
        if unlimited:
            self._rate = 0.0
        self._resume("login")

    def write(self, data: bytes) -> None:
        """Send a packet."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        """The client does not read: nothing more is sent to it, and it is not read either."""
        self._full = self._clock()
        self._pause("full")

    def resume_writing(self) -> None:
        """It reads."""
        self._full = None
        self._resume("full")
        self.relieved()

    def check(self, now: float) -> None:
        """End a connection that does not get on."""
        settings = self._settings
        if self._ending is not None:
            if now - self._ending > settings.write_timeout_s:
                self.end("")
        elif not self._in:
            if now - self._since > settings.connect_timeout_s:
                self.end("no CONNECT, or no login, in time")
        elif self._full is not None:
            if now - self._full > settings.write_timeout_s:
                self.end("does not read what it is sent")
        elif self._within is not None and not self._pauses:
            if now - self._within > settings.packet_timeout_s:
                self.end("a packet that does not end")
        elif now - self._heard > self._silence_s and not self._pauses:
            self.end("silent for longer than its keep alive allows")

    def refuse(self, refused: Refused) -> None:
        """End the connection for what came over it."""
        self._gate.complain(self.address, str(refused))
        if refused.answer:
            self.write(refused.answer)
            self.close()
        else:
            self.end("")

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._over = True
        self._ending = self._ending or self._clock()
        self.inlet.feed_eof()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def end(self, why: str) -> None:
        """End the connection now."""
        if why:
            self._gate.complain(self.address, why)
        self._over = True
        self.inlet.feed_eof()
        if self._transport is not None:
            self._transport.abort()

    def _taken(self, size: int) -> None:
        self._ahead -= size
        if self._ahead <= _AHEAD_BYTES // 2:
            self._resume("ahead")

    def _pause(self, why: str) -> None:
        if not self._pauses and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._pauses.add(why)

    def _resume(self, why: str) -> None:
        if why in self._pauses:
            self._pauses.discard(why)
            self._heard = self._clock()
            if not self._pauses and self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()


def _nothing() -> None:
    """Nobody waits for this line yet."""
