"""Strict JSON: what is refused and why, what survives, and that no duplicate name slips through the fast check."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from cse.codecs import Limits, Raw, decode, encode
from resources.errors import BadRequest
from resources.status import Status

LIMITS = Limits(max_depth=5, max_members=10)


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "text",
        "",
        0,
        -1,
        1.5,
        True,
        None,
        2**64 - 1,
        -(2**63),
        {"m2m:cin": {"con": '{"t":21.5}', "lbl": ["a:b", ":", '":', '\\":'], "cnf": "text/plain:0"}},
        {"a": {"a": {"a": 1}}},
        {"ends in a backslash\\": 1},
        {"한국어": "전력"},
        "\U0001f600\x00",
    ],
)
def test_round_trip(value: Any) -> None:
    assert decode(encode(value), LIMITS) == value
    assert decode(json.dumps(value, indent=1, separators=(" ,", " : ")).encode(), LIMITS) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "ends too early at byte 1"),
        (b'{"a":1,}', "byte 7"),
        (b"{}{}", "trailing characters"),
        (b"NaN", "byte 0"),
        (b'{"a":Infinity}', "byte 5"),
        (b"1e400", "out of range"),
        (b"9" * 5000, "out of range"),
        (b"9" * 30, "bits"),
        (b'{"a":18446744073709551616}', "65 bits"),
        (b"[-9223372036854775809]", "bits"),
        (b'"\xff"', "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte 0"),
        (b'"\\ud800"', "ends too early"),
        (b'"\\udc00 "', "surrogate"),
        (b"[[[[[[]]]]]]", "deeper than 5"),
        (b"[" * 100_000, "deeper than 5"),
        (b'{"a":' * 100_000, "deeper than 5"),
        (b"[1,2,3,4,5,6,7,8,9,0,1]", "more than 10"),
        (b'{"a":[1,2,3,4,5],"b":[1,2,3,4]}', "more than 10"),
    ],
)
def test_refused_with_reason(text: bytes, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(text, LIMITS)
    assert reason in caught.value.message
    assert caught.value.status is Status.BAD_REQUEST


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"a" :1,"a":2}',
        b'{"a"\n:1,"a":2}',
        b'{"a"\t:1,"a":2}',
        b'{"a"\r:1,"a":2}',
        b'{"x":{"a":1,"a":2}}',
        b'[{"a":1},{"b":1,"a":1,"b":2}]',
        b'{"a":":","a" :1}',
        b'{"a\\\\":1,"a\\\\":2,"b":":x"}',
        b'{"k\\\\":1,"a":1,"a":2}',
        b'{"a":"\\":","a":"x"}',
        b'{"a":":","b":":","a":2}',
    ],
)
def test_duplicate_names_are_refused(text: bytes) -> None:
    with pytest.raises(BadRequest, match="occurs twice"):
        decode(text, LIMITS)


def test_duplicate_check_agrees_with_a_full_reading() -> None:
    """Random objects over an alphabet that is made to confuse the count of quotes and colons."""
    dice = random.Random(7)
    strings = ["a", ":", '":', "\\", '\\"', '\\":', ' "', '" :', "b", ""]

    def text(depth: int) -> str:
        if depth == 0 or dice.random() < 0.4:
            return json.dumps(dice.choice(strings))
        gap = dice.choice(["", "", " ", "\n"])
        members = [f"{json.dumps(dice.choice(strings))}{gap}:{text(depth - 1)}" for _ in range(dice.randrange(4))]
        return "{" + ",".join(members) + "}"

    refused = 0
    for _ in range(3000):
        sample = text(3)
        try:
            value = decode(sample.encode(), Limits())
        except BadRequest:
            refused += 1
            assert _has_duplicate(sample)
        else:
            assert not _has_duplicate(sample)
            assert value == json.loads(sample)
    assert 300 < refused < 2700


def _has_duplicate(text: str) -> bool:
    found = False

    def pairs(members: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(members)) != len(members)

    json.loads(text, object_pairs_hook=pairs)
    return found


def test_raw_parts_are_embedded() -> None:
    assert encode({"m2m:cin": Raw(b'{"con":1}'), "l": [Raw(b"2")]}) == b'{"m2m:cin":{"con":1},"l":[2]}'


def test_a_secret_value_is_not_repeated() -> None:
    with pytest.raises(BadRequest) as caught:
        decode(b'{"pwd":"hunter2","pwd":"hunter3"}', LIMITS)
    assert "hunter" not in caught.value.message
