"""CBOR: exact bytes both ways, and what is refused of all that CBOR could say."""

from __future__ import annotations

import math
import time

import cbor2
import pytest

from cse.codecs import REQUEST_ROOT, Limits, Raw
from resources.errors import BadRequest
from resources.status import Status
from tests.codecs.serialisations import CBOR, CONTENTS

LIMITS = Limits(max_depth=5, max_members=10)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (-1, "20"),
        (-500, "3901f3"),
        (2**64 - 1, "1bffffffffffffffff"),
        (True, "f5"),
        (False, "f4"),
        (None, "f6"),
        (1.5, "fb3ff8000000000000"),
        ("전", "63eca084"),
        ([], "80"),
        ({"m2m:cnt": {"rn": "c1", "mni": 5}}, "a1676d326d3a636e74a262726e626331636d6e6905"),
    ],
)
def test_exact_bytes(value: object, data: str) -> None:
    assert CBOR.encode(value).hex() == data
    assert CBOR.decode(bytes.fromhex(data), LIMITS) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("fa3fc00000", 1.5),
        ("f93e00", 1.5),
        ("9f0102ff", [1, 2]),
        ("7f61616162ff", "ab"),
        ("bf616101ff", {"a": 1}),
        ("1900ff", 255),
        ("1a00000001", 1),
    ],
)
def test_other_ways_to_say_the_same_are_read(data: str, value: object) -> None:
    assert CBOR.decode(bytes.fromhex(data), LIMITS) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "empty"),
        ("82", "too early"),
        ("0101", "1 bytes behind"),
        ("a2616101616102", "Duplicate"),
        ("a10102", "not int"),
        ("a1416102", "member name is no text"),
        ("a18001", "not tuple"),
        ("4161", "byte string"),
        ("f7", "UndefinedType"),
        ("f8ff", "CBORSimpleValue"),
        ("f97e00", "nan"),
        ("f97c00", "inf"),
        ("fbfff0000000000000", "inf"),
        ("1c", "0x1c"),
        ("ff", "break"),
        ("62c328", "utf-8"),
        ("3bffffffffffffffff", "65 bits"),
        ("7f4161ff", "indefinite"),
        ("9b7fffffffffffffff", "too early"),
        ("bbffffffffffffffff", "too early"),
        ("7b7fffffffffffffff", "too early"),
        ("818181818181818101", "depth (5)"),
        ("8b0102030405060708090a0b", "more than 10"),
    ],
)
def test_refused_with_reason(data: str, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        CBOR.decode(bytes.fromhex(data), LIMITS)
    assert reason in caught.value.message
    assert caught.value.status is Status.BAD_REQUEST


@pytest.mark.parametrize(
    "tag",
    [
        0,
        1,
        2,
        3,
        4,
        5,
        21,
        24,
        25,
        28,
        29,
        30,
        35,
        36,
        37,
        52,
        54,
        100,
        256,
        258,
        260,
        261,
        1004,
        43000,
        55799,
        2**64 - 1,
    ],
)
@pytest.mark.parametrize("inside", ["60", "80", "4101", "01", "820102"])
def test_every_tag_is_refused(tag: int, inside: str) -> None:
    data = cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] + bytes.fromhex(inside)
    with pytest.raises(BadRequest, match="has a tag"):
        CBOR.decode(data, LIMITS)


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x81" * 1_000_000,
        b"\xd8\x1c" * 500_000,
        b"\x9f" * 1_000_000,
        b"\x9a\x00\x0f\x00\x00" + b"\x80" * 0xF0000,
        b"\x9f" + b"\xa0" * 1_000_000,
        b"\x7f" + b"\x60" * 1_000_000,
        b"\xc2\x5a\x00\x0f\x00\x00" + b"\xff" * 0xF0000,
    ],
)
def test_a_bomb_costs_nothing(bomb: bytes) -> None:
    since = time.thread_time()
    with pytest.raises(BadRequest):
        CBOR.decode(bomb, Limits())
    assert time.thread_time() - since < 5


def test_a_large_text_is_one_member() -> None:
    value = {"m2m:cin": {"con": "x" * 1_000_000, "lbl": ["a"] * 1000}}
    assert CBOR.decode(CBOR.encode(value), Limits()) == value


@pytest.mark.parametrize("name", CONTENTS)
def test_round_trip_and_another_reader(name: str) -> None:
    content = CONTENTS[name]
    data = CBOR.encode(content)
    assert CBOR.decode(data, Limits()) == content
    assert cbor2.loads(data) == content


def test_encoded_parts_and_primitives() -> None:
    assert CBOR.encode({"m2m:cin": Raw(b'{"con":1}')}) == CBOR.encode({"m2m:cin": {"con": 1}})
    data = CBOR.encode_primitive({"op": 2, "rqi": "1"}, REQUEST_ROOT)
    assert data.hex() == "a2626f7002637271696131"
    assert CBOR.decode_primitive(data, REQUEST_ROOT, LIMITS) == {"op": 2, "rqi": "1"}
    assert (CBOR.is_text, CBOR.media_type) == (False, "application/cbor")


def test_floats_are_exact() -> None:
    for number in (0.1, 1e300, -5e-324, math.pi):
        assert CBOR.decode(CBOR.encode([number]), LIMITS) == [number]
