"""Bodies that were correct once: bytes turned, lost, repeated and mixed, and pieces that mean something to a parser."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from cse.codecs import Codec
from cse.reference.examples import EXAMPLES
from tests.codecs.serialisations import CONTENTS

PIECES = {
    "xml": [
        b"<",
        b">",
        b"&",
        b"&#0;",
        b"&#xFFFF;",
        b"<!DOCTYPE a [",
        b"<!ENTITY a 'b'>",
        b"&a;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"<?xml version='1.0' encoding='utf-16'?>",
        b"\x00",
        b"\xff",
        b"\xc3",
        b" xmlns:m2m='u'",
        b"<a>" * 40,
        b" rn='x'",
        b"<m2m:cnt>",
        b"<con xsi:nil='1'/>",
        b"9" * 400,
        b"NaN",
        b"-1e999",
        b"\xef\xbf\xbf",
    ],
    "cbor": [
        b"\xff",
        b"\x9f",
        b"\xbf",
        b"\x7f",
        b"\x5f",
        b"\xd8\x1c",
        b"\xd8\x1d\x00",
        b"\xd8\x23",
        b"\xc2\x5a\xff\xff",
        b"\xf9\x7e\x00",
        b"\xfa\x7f\x80\x00\x00",
        b"\xf7",
        b"\xf8\xff",
        b"\x9b" + b"\xff" * 8,
        b"\x7b" + b"\x7f" * 8,
        b"\x81" * 40,
        b"\xa1" * 40,
        b"\x1b" + b"\xff" * 8,
        b"\x3b" + b"\xff" * 8,
        b"\x62\xc3\x28",
        b"\xd9\x01\x00",
    ],
    "json": [b"{", b"[" * 40, b'"', b"\\ud800", b"1e999", b"NaN", b"\xff", b"9" * 400, b'"rn":1,', b"null"],
}


def bodies(codec: Codec, seed: int, count: int) -> Iterator[bytes]:
    """Make ``count`` bodies; the same ones for the same seed."""
    whole = [codec.encode(content) for content in (*EXAMPLES.values(), *CONTENTS.values())]
    return mutants(whole, PIECES[codec.name], seed, count)


def mutants(whole: list[bytes], pieces: list[bytes], seed: int, count: int) -> Iterator[bytes]:
    """Make ``count`` of those that are correct; the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            _mutate(body, chance, whole, pieces)
        yield bytes(body)


def _mutate(body: bytearray, chance: random.Random, whole: list[bytes], pieces: list[bytes]) -> None:
    at = chance.randrange(len(body) + 1)
    match chance.randrange(7):
        case 0 if at < len(body):
            body[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(body):
            body[at] = chance.randrange(256)
        case 2:
            del body[at : at + chance.randrange(1, 9)]
        case 3:
            body[at:at] = chance.choice(pieces)
        case 4:
            body[at:at] = body[at : at + chance.randrange(1, 60)] * chance.choice((1, 2, 30))
        case 5:
            other = chance.choice(whole)
            body[at:] = other[chance.randrange(len(other)) :]
        case _:
            del body[at:]


def resident_mib() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
