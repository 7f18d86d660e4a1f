"""Hostile frames: well-formed ones that are mutated, and bytes that never were any. The same for a seed, everywhere."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
_REQUEST = {"op": 2, "to": "cse", "fr": "CAdmin", "rqi": "r1", "rvi": "3"}
_CREATE = {**_REQUEST, "op": 1, "ty": 3, "pc": {"m2m:cnt": {"rn": "c", "lbl": ["a", "b"], "mni": 5}}}
_ANSWER = {"rsc": 2000, "rqi": "r1", "rvi": "3", "pc": {"m2m:sgn": {"sur": "/banyan/cse/s"}}}
SEEDS = [json.dumps(one).encode() for one in (
    _REQUEST, _CREATE, _ANSWER, {**_REQUEST, "fc": {"fu": 1, "lbl": ["x"]}, "rt": {"rtv": 1}},
    {**_REQUEST, "op": 5, "pc": {"m2m:sgn": {"vrq": True, "sur": "x"}}},
)]  # fmt: skip
STRANGE: tuple[object, ...] = (None, True, -1, 0, 2**63, 10**30, 1e308, "", " ", "\u0000", "전력", "x" * 5000, [], {},
                               [[]], {"m2m:cnt": None}, ["a"] * 500, {"a": {"b": {"c": {}}}})  # fmt: skip
BOMBS = (b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000, b'{"op":2' + b" " * 100_000, b'"' + b"\\u0000" * 20_000,
         b'{"a":1,' * 3 + b'"a":2}', b"[" + b"1," * 30_000 + b"1]", b"\xff\xfe\xfd", b"")  # fmt: skip


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, mask: bool = True, rsv: int = 0) -> bytes:
    """Write one frame (RFC 6455 5.2)."""
    size = len(payload)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    masked = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload)) if size < 4096 else _mask(payload, key)
    return head + key + masked


def _mask(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    whole = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")


def mutated(random_: random.Random) -> bytes:
    """Bytes that a peer may send: mostly a frame, often with a broken primitive in it."""
    kind = random_.randrange(10)
    if kind < 4:
        return frame(_bytes(random_), TEXT)
    if kind < 7:
        return frame(_member(random_), TEXT)
    if kind == 7:
        return _odd_frame(random_)
    if kind == 8:
        return frame(_bytes(random_), TEXT)[: random_.randrange(1, 40)]
    return random_.randbytes(random_.randrange(1, 60))


def _bytes(random_: random.Random) -> bytes:
    if random_.random() < 0.02:
        return random_.choice(BOMBS)
    data = bytearray(random_.choice(SEEDS))
    for _ in range(random_.randrange(1, 5)):
        place = random_.randrange(len(data))
        match random_.randrange(4):
            case 0:
                data[place] = random_.randrange(256)
            case 1:
                del data[place : place + random_.randrange(1, 8)]
            case 2:
                data[place:place] = random_.randbytes(random_.randrange(1, 5))
            case 3:
                data[place:place] = data[: random_.randrange(len(data))]
        if not data:
            break
    return bytes(data)


def _member(random_: random.Random) -> bytes:
    members = json.loads(random_.choice(SEEDS))
    for _ in range(random_.randrange(1, 4)):
        name = random_.choice([*members, "ty", "fc", "rt", "rcn", "zz", "pc", "rqet", "gid", "ec"])
        if random_.random() < 0.3:
            members.pop(name, None)
        else:
            members[name] = random_.choice(STRANGE)
    return json.dumps(members).encode()


def _odd_frame(random_: random.Random) -> bytes:
    payload = _bytes(random_)[: random_.choice([0, 1, 2, 125, 126, 200])]
    opcode = random_.choice([CONTINUATION, BINARY, CLOSE, PING, PONG, 3, 7, 11, 15, TEXT])
    return frame(payload, opcode, fin=random_.random() < 0.6, mask=random_.random() < 0.8,
                 rsv=random_.choice([0, 0, 0, 1, 4, 7]))  # fmt: skip


def frames(count: int, seed: int = 20) -> Iterator[bytes]:
    """So many hostile frames."""
    random_ = random.Random(seed)
    for _ in range(count):
        yield mutated(random_)
