"""Datagrams as a hostile peer sends them: good ones with bits, lengths and options changed, and noise; by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bindings.coap.blocks import Block
from bindings.coap.datagram import write_options
from bindings.coap.options import BLOCK1, BLOCK2, CONTENT_FORMAT, URI_PATH, URI_QUERY
from tests.bindings.coap.plain import datagram

_ORIGINATOR = [(271, b"3"), (279, b"CAdmin"), (283, b"r1")]
_CONTAINER = b'{"m2m:cnt":{"rn":"c1","lbl":["a","b"]}}'


def good() -> list[bytes]:
    """Requests that are answered, and the other kinds of messages."""
    path = [(URI_PATH, b"cse")]
    create = [*path, (CONTENT_FORMAT, b"\x32"), (267, b"\x03"), *_ORIGINATOR]
    block = [*path, (CONTENT_FORMAT, b"\x32"), (BLOCK1, Block(0, True, 0).to_bytes()), (267, b"\x03"), *_ORIGINATOR]
    return [
        datagram(1, [*path, *_ORIGINATOR]),
        datagram(1, [*path, *_ORIGINATOR], kind=1),
        datagram(1, [*path, (URI_QUERY, b"fu=1"), (URI_QUERY, b"ty=3"), *_ORIGINATOR]),
        datagram(1, [*path, (BLOCK2, Block(0, False, 0).to_bytes()), *_ORIGINATOR]),
        datagram(2, create, _CONTAINER),
        datagram(2, block, _CONTAINER[:16]),
        datagram(3, [*path, (CONTENT_FORMAT, b"\x32"), *_ORIGINATOR], b'{"m2m:cb":{"lbl":["x"]}}'),
        datagram(4, [*path, (URI_PATH, b"c1"), *_ORIGINATOR]),
        datagram(2, [*path, (URI_QUERY, b"op=2"), (URI_QUERY, b"rt=1"), *_ORIGINATOR]),
        datagram(69, _ORIGINATOR, b"{}", kind=0),
        datagram(69, _ORIGINATOR, b"{}", kind=2),
        b"\x40\x00\x12\x34",
        b"\x60\x00\x12\x34",
        b"\x70\x00\x12\x34",
    ]


def mutated(seed: int, count: int) -> Iterator[bytes]:
    """Yield ``count`` datagrams; the same for the same seed."""
    choose = random.Random(seed)
    seeds = good()
    for _ in range(count):
        data = bytearray(choose.choice(seeds))
        for _ in range(choose.randint(1, 4)):
            choose.choice(CHANGES)(data, choose)
        # An ID of its own for most, or nearly all would be taken for repetitions.
        if len(data) >= 4 and choose.random() < 0.9:
            data[2:4] = choose.randbytes(2)
        yield bytes(data[:5000])


def _flip(data: bytearray, choose: random.Random) -> None:
    if data:
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)


def _overwrite(data: bytearray, choose: random.Random) -> None:
    if data:
        data[choose.randrange(len(data))] = choose.choice((0, 0x0D, 0x0E, 0x0F, 0xD0, 0xE0, 0xF0, 0xFF, 0x80, 0xC3))


def _cut(data: bytearray, choose: random.Random) -> None:
    del data[choose.randrange(len(data) + 1) :]


def _insert(data: bytearray, choose: random.Random) -> None:
    at = choose.randrange(len(data) + 1)
    data[at:at] = choose.randbytes(choose.randint(1, 12))


def _repeat(data: bytearray, choose: random.Random) -> None:
    at = choose.randrange(len(data) + 1)
    data[at:at] = data[at : at + choose.randint(1, 40)] * choose.randint(1, 60)


def _option(data: bytearray, choose: random.Random) -> None:
    number, value = choose.randrange(65536), choose.randbytes(choose.choice((0, 1, 2, 3, 8, 300)))
    data[4:4] = write_options([(number, value)])


def _noise(data: bytearray, choose: random.Random) -> None:
    data[:] = choose.randbytes(choose.randint(0, 200))


CHANGES = (_flip, _flip, _overwrite, _overwrite, _cut, _insert, _repeat, _option, _noise)
