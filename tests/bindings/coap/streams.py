"""Streams as a hostile peer sends them over TCP: good messages with bits, lengths and options changed; by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bindings.coap.mapping import Message
from bindings.coap.stream import ABORT, PING, PONG, RELEASE, settings_frame, write_frame
from tests.bindings.coap.datagrams import CHANGES, good

#: A peer says first how large messages may be.
SETTINGS = settings_frame(100_000)


def frames() -> list[bytes]:
    """The requests of ``datagrams`` as they are on a stream, and signals."""
    requests = [data for data in good() if len(data) > 4]
    signals = [write_frame(b"t", Message(code, [])) for code in (PING, PONG, RELEASE, ABORT)]
    return [*(_framed(data) for data in requests), *signals, SETTINGS]


def mutated(seed: int, count: int) -> Iterator[list[bytes]]:
    """Yield what is sent over ``count`` connections, in pieces; the same for the same seed.

    Some connections begin with the settings that have to come first, some with anything.
    """
    choose = random.Random(seed)
    seeds = frames()
    for _ in range(count):
        stream = bytearray(SETTINGS if choose.random() < 0.8 else b"")
        for _ in range(choose.randint(1, 12)):
            data = bytearray(choose.choice(seeds))
            for _ in range(choose.choice((0, 1, 1, 2, 4))):
                choose.choice(CHANGES)(data, choose)
            stream += data[:5000]
        yield list(_cut(bytes(stream), choose))


def _framed(data: bytes) -> bytes:
    """A datagram's message on a stream: length instead of type and message ID."""
    token = data[4 : 4 + (data[0] & 15)]
    body = data[4 + len(token) :]
    length = len(body)
    head = bytes((length << 4,)) if length < 13 else bytes((0xD0, length - 13))
    if length >= 269:
        head = b"\xe0" + (length - 269).to_bytes(2, "big")
    return bytes((head[0] | len(token),)) + head[1:] + data[1:2] + token + body


def _cut(stream: bytes, choose: random.Random) -> Iterator[bytes]:
    """In one piece or in several, each a write of its own."""
    while stream:
        end = len(stream) if choose.random() < 0.5 else choose.randint(1, len(stream))
        yield stream[:end]
        stream = stream[end:]
