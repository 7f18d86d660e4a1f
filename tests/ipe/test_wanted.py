"""What commands may ask for."""

from __future__ import annotations

import pytest

from ipe.arbitration import Refusal
from ipe.points import Value
from ipe.wanted import Wanted, read_wanted


@pytest.mark.parametrize(
    ("content", "value"),
    [(5, 5), ("5.5", 5.5), (True, True), ("true", True), ({"value": 1}, 1), ('{"value": false}', False)],
)
def test_values(content: object, value: Value) -> None:
    found = read_wanted(content)
    assert found == Wanted(value)
    assert type(found.value) is type(value)


def test_all_members() -> None:
    text = '{"value": 5, "priority": 8, "lease_s": 600, "why": "peak"}'
    assert read_wanted(text) == Wanted(5, 8, 600.0, "peak")
    assert read_wanted({"release": True, "priority": 3}) == Wanted(None, 3)


@pytest.mark.parametrize("content", [None, "", "[]", "[" * 100_000, "nan?", {"value": "5"}, {"value": None}, [5], {}])
def test_no_value(content: object) -> None:
    with pytest.raises(Refusal, match="no value"):
        read_wanted(content)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"value": 5, "prioritaet": 3}, "did you mean 'priority'"),
        ({"valeu": 5}, "did you mean 'value'"),
        ({"value": 5, "lease_s": 0}, "lease_s: 0; expected seconds above 0"),
        ({"value": 5, "lease_s": True}, "expected seconds above 0"),
        ('{"value": 5, "lease_s": 1e999}', "expected seconds above 0"),
        ({"value": 5, "why": 3}, "why: expected a text"),
        ({"value": 5, "why": "x" * 501}, "at most 500"),
        ({"release": False}, "release: expected true"),
        ({"release": True, "value": 5}, "no value beside it"),
    ],
)
def test_what_is_wrong_is_named(content: object, text: str) -> None:
    with pytest.raises(Refusal, match=text):
        read_wanted(content)
