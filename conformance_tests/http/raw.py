"""HTTP byte by byte: what is sent is no library's business, and what comes back is read to the letter."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from conformance_tests.http.raw_answers import RawAnswer, read_answers
from conformance_tests.primitive import NoAnswer

#: More is not read from one connection.
_LONGEST = 8 << 20


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class EndOfSending:
    """The tester ends its direction of the connection and goes on listening."""


Piece = bytes | Pause | EndOfSending


@dataclass(frozen=True, slots=True)
class Address:
    """Where the CSE listens; ``tls`` None is plain TCP."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Conversation:
    """What happened on one connection.

    ``rubbish`` are bytes that came and are no HTTP answer, or not a whole one. ``closed``: the CSE ended the
    connection.
    """

    answers: list[RawAnswer] = field(default_factory=list)
    rubbish: bytes = b""
    closed: bool = False


class Connection:
    """One connection to the CSE. Use with ``async with``; entering raises NoAnswer when nobody listens."""

    def __init__(self, address: Address, bodiless: bool = False) -> None:
        self._address = address
        self._bodiless = bodiless
        self._received = bytearray()
        self._closed = False
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Connection:
        address = self._address
        try:
            async with asyncio.timeout(10):
                self._reader, self._writer = await asyncio.open_connection(
                    address.host, address.port, ssl=address.tls, server_hostname=address.host if address.tls else None
                )
        except (OSError, TimeoutError) as error:
            reason = str(error) or "no answer in 10 s"
            raise NoAnswer(f"no connection to {address.host}:{address.port}: {reason}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def talk(self, pieces: Iterable[Piece], answers: int, within_s: float, linger_s: float) -> Conversation:
        """Send, and listen until there are so many answers, the connection is closed, or the time is over.

        After the last expected answer, ``linger_s`` is waited for more of them or the end of the connection.
        Pauses do not count as part of ``within_s``. May be called again on the same connection.
        """
        pieces = list(pieces)
        until = time.monotonic() + within_s + sum(piece.seconds for piece in pieces if isinstance(piece, Pause))
        sending = asyncio.create_task(self._send(pieces))
        try:
            while not self._closed and len(self._answers()[0]) < answers and time.monotonic() < until:
                await self._receive(until - time.monotonic())
            until = time.monotonic() + linger_s
            while not self._closed and time.monotonic() < until:
                await self._receive(until - time.monotonic())
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
        found, rest = self._answers()
        self._received.clear()
        return Conversation(found, rest, self._closed)

    def _answers(self) -> tuple[list[RawAnswer], bytes]:
        return read_answers(bytes(self._received), closed=self._closed, bodiless=self._bodiless)

    async def _send(self, pieces: Iterable[Piece]) -> None:
        """Send; what the CSE does not take any more is not sent."""
        with suppress(OSError):
            for piece in pieces:
                if isinstance(piece, Pause):
                    await asyncio.sleep(piece.seconds)
                elif isinstance(piece, EndOfSending):
                    if self._writer.can_write_eof():
                        self._writer.write_eof()
                else:
                    self._writer.write(piece)
                    await self._writer.drain()

    async def _receive(self, within_s: float) -> None:
        """Read what comes next."""
        try:
            async with asyncio.timeout(max(within_s, 0)):
                data = await self._reader.read(65_536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        self._received += data
        self._closed = not data or len(self._received) > _LONGEST


async def send_bytes(
    host: str, port: int, data: bytes, timeout_s: float, tls: ssl.SSLContext | None = None
) -> Conversation:
    """Send bytes on a connection of their own and return what came back until the first answer or in ``timeout_s``.

    Raises NoAnswer when nobody listens.
    """
    async with Connection(Address(host, port, tls)) as connection:
        return await connection.talk([data], 1, timeout_s, 0.05)
