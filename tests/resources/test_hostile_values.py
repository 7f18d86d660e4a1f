"""Whatever a request carries, a check answers with ``Invalid`` and at once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from resources.datatypes import DataType, Invalid
from tests.compare.data_types import data_types

TYPES = data_types()
LONG = 200_000


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**5000,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\x00",
    "\ud800",
    "a\n",
    "٣",
    "T" * 20,
    "," * LONG,
    "a" * LONG,
    "a " * LONG,
    "1" * LONG,
    "A" * (LONG + 1),
    "/" * LONG,
    "a/" * LONG,
    "1," * LONG,
    "1-" * LONG,
    "* " * LONG,
    "a@" * LONG,
    "P" + "1Y" * LONG,
    ":" * LONG,
    [],
    [None],
    [[]],
    ["a"] * 1000 + [None],
    deep(500),
    {},
    {"": None},
    {"acr": None},
    {"acr": [None]},
    {"acr": [{"acor": None}]},
    {"typ": 3, "crd": deep(500)},
    {"typ": 1, "crd": "[" * LONG},
    {"typ": True, "crd": [0, 0]},
    {"net": [[1]]},
    {"x" * LONG: 1},
]


def refusals(type_: DataType, *, as_text: bool) -> list[str]:
    """What the type says to the values it refuses; any other exception passes through."""
    messages = []
    for value in VALUES:
        try:
            if not as_text:
                type_.check(value)
            elif isinstance(value, str):
                type_.check(type_.parse_text(value))
        except Invalid as problem:
            messages.append(str(problem))
    return messages


@pytest.mark.parametrize("type_", TYPES.values(), ids=list(TYPES))
def test_a_check_accepts_or_says_invalid_at_once(type_: DataType) -> None:
    begin = time.thread_time()
    messages = refusals(type_, as_text=False)
    assert time.thread_time() - begin < 5
    assert messages, "every type refuses null"
    assert max(map(len, messages)) < 1000


@pytest.mark.parametrize("type_", TYPES.values(), ids=list(TYPES))
def test_text_is_read_or_refused(type_: DataType) -> None:
    assert max(map(len, refusals(type_, as_text=True)), default=0) < 1000
