"""MQTT 3.1.1 written and read by hand, and a broker to be talked to that way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bindings.broker import logins
from bindings.broker.gate import Gate
from cse.settings import BrokerSettings

PASSWORD = "hush"
#: Few iterations: what a password costs is not the subject.
HASHES = {f"Cae{number}": logins.hash_of(PASSWORD, 10) for number in range(1, 6)}
OWN_PASSWORD = "known to the process alone"
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\x00", b"\xd0\x00", b"\xe0\x00"
ACCEPTED = b"\x20\x02\x00\x00"
_PATIENCE_S = 5.0


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length, left = bytearray(), len(body)
    while True:
        left, low = left >> 7, left & 127
        length.append(low | (128 if left else 0))
        if not left:
            return bytes((first,)) + bytes(length) + body


def connect(
    client_id: str = "", user: str | None = "Cae1", password: str | None = PASSWORD, *, clean: bool = True,
    keep_alive_s: int = 60, will: tuple[str, bytes] | None = None, level: int = 4, name: str = "MQTT",
) -> bytes:  # fmt: skip
    has_user, has_password = user is not None, password is not None
    flags = has_user << 7 | has_password << 6 | bool(will) << 2 | clean << 1
    tail = [text(part) for part in (*(will or ()), user, password) if part is not None]
    return packet(0x10, text(name), bytes((level, flags)), keep_alive_s.to_bytes(2, "big"), text(client_id), *tail)


def publish(topic: str, payload: bytes = b"x", number: int = 0, *, retain: bool = False, again: bool = False) -> bytes:
    first = 0x30 | (2 if number else 0) | retain | (8 if again else 0)
    return packet(first, text(topic), number.to_bytes(2, "big") if number else b"", payload)


def puback(number: int) -> bytes:
    return packet(0x40, number.to_bytes(2, "big"))


def subscribe(number: int, *filters: tuple[str, int]) -> bytes:
    return packet(0x82, number.to_bytes(2, "big"), *(text(name) + bytes((qos,)) for name, qos in filters))


def unsubscribe(number: int, *filters: str) -> bytes:
    return packet(0xA2, number.to_bytes(2, "big"), *(text(name) for name in filters))


class Client:
    """A connection. ``packet`` reads the next packet whole, b'' at the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.packet()

    async def packet(self) -> bytes:
        async with asyncio.timeout(_PATIENCE_S):
            try:
                read = await self._reader.readexactly(2)
                length, shift = read[1] & 127, 7
                while read[-1] & 128:
                    read += await self._reader.readexactly(1)
                    length |= (read[-1] & 127) << shift
                    shift += 7
                return read + await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError):  # uvloop: also that it is not connected any more
                return b""

    async def is_cut(self) -> bool:
        """Whether the broker ends the connection, without a word."""
        return await self.packet() == b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):  # uvloop: also that it is not connected any more
            await self.writer.wait_closed()

    def abort(self) -> None:
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def opened(port: int, first: bytes = b"") -> AsyncIterator[Client]:
    """A connection, logged in where there is a first packet."""
    client = await Client.to(port)
    if first:
        assert (await client.ask(first))[:1] == b"\x20"
    try:
        yield client
    finally:
        await client.close()


class Small:
    """A broker without a CSE."""

    def __init__(self, gate: Gate, port: int) -> None:
        self.gate = gate
        self.port = port

    async def serves(self) -> bool:
        """Whether two decent clients reach each other."""
        async with opened(self.port, connect(user="Cae4")) as asks, opened(self.port, connect(user="Cae5")) as told:
            assert await told.ask(subscribe(1, ("/oneM2M/req/+/Cae5/#", 1))) == b"\x90\x03\x00\x01\x01"
            acknowledged = await asks.ask(publish("/oneM2M/req/Cae4/Cae5/json", b"after", 7))
            return acknowledged == puback(7) and (await told.packet()).endswith(b"after")


@contextlib.asynccontextmanager
async def broker(folder: Path, **given: object) -> AsyncIterator[Small]:
    """A broker on a free port with the logins of ``HASHES``."""
    file = folder / "logins"
    logins.write(file, HASHES)
    settings = BrokerSettings(enabled=True, port=0, logins=str(file), **given)  # type: ignore[arg-type]
    gate = Gate(settings, OWN_PASSWORD, "cse")
    url = await gate.start()
    try:
        yield Small(gate, int(url.rpartition(":")[2]))
    finally:
        await gate.stop()
