"""FC-1 with many values: XOR, label queries, the edges of times, wildcards."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cse.clock import timestamp
from cse.criteria.attributes import LONGEST_PATTERN, OWN, equal, pattern
from cse.criteria.labels import label_query
from cse.filters import combine, compile_filter
from cse.primitive import FilterCriteria
from resources.errors import BadRequest

TEXTS = st.text("ab*?[]\\.", max_size=12)
KEYS = st.sampled_from(["a", "b", "room"])
VALUES = st.sampled_from(["", "1", "2", "x y"])
LABELS = st.lists(st.builds(lambda key, value: f"{key}:{value}" if value else key, KEYS, VALUES), max_size=5)
MOMENTS = st.floats(0, 4e9).map(timestamp)


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_fc_1_xor_is_true_for_an_odd_number(outcomes: list[bool]) -> None:
    expected = False
    for one in outcomes:
        expected ^= one
    assert combine(3, outcomes) is expected
    assert combine(1, outcomes) is all(outcomes)
    assert combine(2, outcomes) is any(outcomes)


@given(st.sampled_from([1, 2, 3]), st.dictionaries(st.sampled_from(["sts", "stb", "sza", "szb"]),
                                                    st.integers(0, 9), min_size=1),
       st.fixed_dictionaries({}, optional={"st": st.integers(0, 9), "cs": st.integers(0, 9)}))
def test_fc_1_sizes_and_states_the_right_way_round(operation: int, limits: dict[str, int],
                                                   attributes: dict[str, int]) -> None:
    names = {"sts": "st", "stb": "st", "sza": "cs", "szb": "cs"}
    outcomes = []
    for tag, limit in limits.items():
        value = attributes.get(names[tag])
        below = tag in ("sts", "szb")
        outcomes.append(value is not None and (value < limit if below else value >= limit))
    wanted = compile_filter(FilterCriteria({tag: [limit] for tag, limit in limits.items()}, operation=operation), 10)
    assert wanted.fits(attributes) is combine(operation, outcomes)


@given(st.sampled_from([("crb", "cra", "ct"), ("us", "ms", "lt"), ("exb", "exa", "et")]), MOMENTS, MOMENTS)
def test_fc_1_every_moment_is_before_or_from_a_time(tags: tuple[str, str, str], moment: str, limit: str) -> None:
    before, since, name = tags
    attributes = {name: moment}
    assert OWN[before]([limit])(attributes) is (moment < limit)
    assert OWN[before]([limit])(attributes) is not OWN[since]([limit])(attributes)
    assert not OWN[before]([limit])({})
    assert not OWN[since]([limit])({})


def found(labels: list[str], key: str) -> set[str] | None:
    """Values of a key; None when no label has it."""
    values = {one.partition(":")[2] for one in labels if one.partition(":")[0] == key}
    return values or None


@given(LABELS, KEYS, VALUES.filter(bool), VALUES.filter(bool))
def test_fc_1_label_queries_mean_what_they_say(labels: list[str], key: str, one: str, other: str) -> None:
    values = found(labels, key)
    there = values is not None
    expected = {
        key: there, f"NT {key}": not there, f"{key} EQ {one}": there and one in values,  # type: ignore[operator]
        f"{key} NE {one}": there and one not in values,  # type: ignore[operator]
        f"{key} IN ({one}, {other})": there and not values.isdisjoint({one, other}),  # type: ignore[union-attr]
        f" {key}  NI ( {one},{other} ) ": there and values.isdisjoint({one, other}),  # type: ignore[union-attr]
    }
    assert {query: label_query(query)(labels) for query in expected} == expected


@given(st.text(max_size=60) | st.text("ab :()EQNIT,", max_size=30))
def test_fc_1_any_text_is_a_label_query_or_refused(text: str) -> None:
    with suppress(BadRequest):
        assert label_query(text)(["a:1", "b"]) in (True, False)


@pytest.mark.parametrize(("text", "why"), [
    ("", "is empty"), ("room:1 EQ 2", "no ':'"), ("room EQ", "value is missing"), ("room XX 1", "'XX' is no operator"),
    ("room IN 1", "parentheses"), ("room NI (1", "parentheses"),
    ("a b c", "'b' is no operator"),
])
def test_fc_1_a_refused_label_query_says_why(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(why)):
        label_query(text)


@given(TEXTS, TEXTS)
def test_fc_1_only_the_star_is_special(wildcards: str, text: str) -> None:
    parts = [re.escape(part) for part in wildcards.split("*")]
    assert (pattern(wildcards).match(text) is not None) is (re.fullmatch("(?s:.*)".join(parts), text) is not None)


@settings(max_examples=30)
@given(st.integers(1, LONGEST_PATTERN // 2 - 1), st.integers(1, 100_000))
def test_fc_1_no_pattern_takes_long(stars: int, length: int) -> None:
    began = time.process_time()
    assert not equal("a" * length, "*a" * stars + "*b")
    assert time.process_time() - began < 5


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
                    lambda inside: st.lists(inside, max_size=3)
                    | st.dictionaries(st.text(max_size=3), inside, max_size=3)),
       st.none() | st.booleans() | st.integers() | TEXTS)
def test_fc_1_any_value_can_be_compared(actual: Any, wanted: Any) -> None:
    assert equal(actual, wanted) in (True, False)
    if actual is not None and not isinstance(actual, dict | list):
        assert equal(actual, "*")
