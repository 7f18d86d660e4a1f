"""Registers to values and back, and what is read together."""

from __future__ import annotations

import random
import struct

import pytest

from ipe.driver import PointError
from ipe.modbus.mapping import FORMATS, Block, ModbusPoint, Register, decode, encode, plan, words_of
from ipe.points import Point, Value

ORDERS = [(words, data) for words in ("big", "little") for data in ("big", "little")]
#: 0x11223344 in the four orders of vendors' manuals, written out by hand.
MANUAL = {
    ("big", "big"): [0x1122, 0x3344],
    ("little", "big"): [0x3344, 0x1122],
    ("big", "little"): [0x2211, 0x4433],
    ("little", "little"): [0x4433, 0x2211],
}


def point(name: str, address: int, type_: str = "uint16", unit_id: int = 1, table: str = "holding") -> ModbusPoint:
    return Point(name, Register(unit_id, table, address, type_))


@pytest.mark.parametrize("order", ORDERS)
def test_orders_are_those_of_the_manuals(order: tuple[str, str]) -> None:
    register = Register(1, "holding", 0, "uint32", *order)
    assert decode(register, MANUAL[order]) == 0x11223344
    assert encode(register, 0x11223344) == MANUAL[order]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int16", -32768), ("uint16", 65535), ("int32", -2), ("uint32", 2**32 - 1), ("int64", -(2**63)),
        ("uint64", 2**64 - 1), ("float32", -0.1), ("float64", 0.1), ("float32", 3.4028235e38), ("float32", 0),
    ],
)  # fmt: skip
def test_every_type_survives_a_round_trip(type_: str, value: Value, order: tuple[str, str]) -> None:
    register = Register(1, "holding", 0, type_, *order)
    words = encode(register, value)
    assert len(words) == register.count
    assert decode(register, words) == value


def test_any_float32_is_shown_short_and_stays_the_same() -> None:
    register = Register(1, "holding", 0, "float32")
    numbers = random.Random(32)
    for _ in range(2000):
        words = [numbers.randrange(0x10000), numbers.randrange(0x10000)]
        if words[0] & 0x7F80 != 0x7F80:
            value = decode(register, words)
            assert encode(register, value) == words
    assert encode(register, decode(register, [0x7F7F, 0xFFFF])) == [0x7F7F, 0xFFFF]


def test_word_order_of_64_bits() -> None:
    register = Register(1, "holding", 0, "uint64", "little")
    assert decode(register, [4, 3, 2, 1]) == 0x0001_0002_0003_0004


def test_bits() -> None:
    assert decode(Register(1, "coil", 0, "bool"), [1]) is True
    assert decode(Register(1, "holding", 0, "bit0"), [0x0001]) is True
    assert decode(Register(1, "holding", 0, "bit15"), [0x0001]) is False
    assert decode(Register(1, "holding", 0, "bit8", byte_order="little"), [0x0001]) is True
    assert encode(Register(1, "coil", 0, "bool"), True) == [1]
    assert encode(Register(1, "coil", 0, "bool"), 0) == [0]


@pytest.mark.parametrize(
    ("scale", "offset", "raw", "value"),
    [
        (0.1, 0, 234, 23.4),
        (0.001, 0, 1234, 1.234),
        (10, 0, 7, 70),
        (0.5, -40, 100, 10),
        (-1, 0, 5, -5),
        (0.3, 0, 3, 0.9),
    ],
)
def test_scaling_goes_both_ways(scale: float, offset: float, raw: int, value: float) -> None:
    register = Register(1, "holding", 0, "int16", scale=scale, offset=offset)
    assert decode(register, [raw]) == pytest.approx(value, rel=1e-12)
    assert encode(register, value) == [raw]


def test_decimal_scales_give_short_numbers() -> None:
    register = Register(1, "holding", 0, "uint16", scale=0.1)
    assert [decode(register, [raw]) for raw in (3, 234, 65535)] == [0.3, 23.4, 6553.5]
    assert decode(Register(1, "holding", 0, "float32"), [0x3DCC, 0xCCCD]) == 0.1


def test_an_unscaled_integer_stays_exact() -> None:
    assert decode(Register(1, "input", 0, "uint64"), [0xFFFF] * 4) == 2**64 - 1


@pytest.mark.parametrize("raw", [0x7FC0, 0x7F80, 0xFF80])
def test_a_float_that_is_no_number_is_an_error(raw: int) -> None:
    with pytest.raises(PointError, match="no number"):
        decode(Register(1, "input", 0, "float32"), [raw, 0])


@pytest.mark.parametrize(
    ("type_", "scale", "value", "expected"),
    [
        ("uint16", 1, -1, "expected 0 to 65535 for a uint16 with scale 1"),
        ("uint16", 0.1, 6554, "expected 0.0 to 6553.5 for a uint16 with scale 0.1"),
        ("int32", 1, 2**31, "expected -2147483648 to 2147483647"),
        ("float32", 1, 1e39, "a number that a float32 can hold"),
        ("uint16", 1, float("nan"), "no finite number"),
        ("uint16", 1, True, "expected a number for a uint16, got true"),
        ("bool", 1, 2, "expected true, false, 1 or 0"),
    ],
)
def test_a_value_out_of_range_is_refused(type_: str, scale: float, value: Value, expected: str) -> None:
    with pytest.raises(PointError) as caught:
        encode(Register(1, "holding", 0, type_, scale=scale), value)
    assert expected in str(caught.value)


def test_counts() -> None:
    counts = {type_: Register(1, "holding", 0, type_).count for type_ in (*FORMATS, "bool", "bit3")}
    assert counts == {type_: struct.calcsize(f">{code}") // 2 for type_, code in FORMATS.items()} | {
        "bool": 1,
        "bit3": 1,
    }


def spans(blocks: list[Block]) -> list[tuple[int, str, int, int]]:
    return [(block.unit_id, block.table, block.start, block.count) for block in blocks]


def test_neighbours_are_read_together_whatever_their_order() -> None:
    blocks = plan([point("b", 2, "float32"), point("a", 0, "uint32"), point("c", 4)], max_gap=0)
    assert spans(blocks) == [(1, "holding", 0, 5)]
    words = [10, 11, 12, 13, 14]
    assert {each.name: words_of(blocks[0], each, words) for each in blocks[0].points} == {
        "a": [10, 11], "b": [12, 13], "c": [14],
    }  # fmt: skip


def test_units_and_tables_are_apart() -> None:
    points = [
        point("a", 0),
        point("b", 1, unit_id=2),
        point("c", 1, table="input"),
        point("d", 1, "bool", table="coil"),
    ]
    assert spans(plan(points, max_gap=8)) == [
        (1, "coil", 1, 1),
        (1, "holding", 0, 1),
        (1, "input", 1, 1),
        (2, "holding", 1, 1),
    ]


def test_gap_is_limited() -> None:
    points = [point("a", 0), point("b", 9)]
    assert spans(plan(points, max_gap=8)) == [(1, "holding", 0, 10)]
    assert spans(plan(points, max_gap=7)) == [(1, "holding", 0, 1), (1, "holding", 9, 1)]


@pytest.mark.parametrize(("type_", "table", "limit"), [("uint16", "holding", 125), ("bool", "coil", 2000)])
def test_a_read_keeps_the_limit_of_the_protocol(type_: str, table: str, limit: int) -> None:
    points = [point(f"p{address}", address, type_, table=table) for address in range(limit + 1)]
    assert spans(plan(points, max_gap=8)) == [(1, table, 0, limit), (1, table, limit, 1)]


def test_a_value_is_never_split_over_two_reads() -> None:
    points = [*(point(f"p{address}", address) for address in range(124)), point("wide", 124, "float64")]
    assert spans(plan(points, max_gap=0)) == [(1, "holding", 0, 124), (1, "holding", 124, 4)]


def test_overlapping_points_share_a_read() -> None:
    points = [point("whole", 0, "uint64"), point("low", 3), point("flag", 0, "bit7")]
    assert spans(plan(points, max_gap=0)) == [(1, "holding", 0, 4)]


def test_points_set_apart_are_read_alone() -> None:
    points = [point("a", 0), point("bad", 1), point("c", 2)]
    assert spans(plan(points, max_gap=8, apart=frozenset({"bad"}))) == [(1, "holding", 1, 1), (1, "holding", 0, 3)]
