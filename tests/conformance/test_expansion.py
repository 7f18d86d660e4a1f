"""Permuted purposes: entries times rows."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.case import CatalogueError
from conformance_tests.expansion import expand

TABLES = {"colours": {"RED": {"code": 1, "more": {"hue": 0}}, "BLUE": {"code": 2, "more": {"hue": 240}}}}


def cases(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return list(expand({"steps": [], **entry}, TABLES.__getitem__))


def test_an_entry_without_axes_is_one_case_and_stays_as_it_is() -> None:
    assert cases({"id": "A <key>"}) == [{"id": "A <key>", "steps": []}]


def test_a_table_gives_one_case_per_row_and_values_keep_their_type() -> None:
    found = cases(
        {"id": "A_<key>", "for": [{"table": "colours"}], "steps": [{"with": {"n": "<code>", "t": "no <code>"}}]}
    )
    assert [one["id"] for one in found] == ["A_RED", "A_BLUE"]
    assert found[1]["steps"] == [{"with": {"n": 2, "t": "no 2"}}]


def test_axes_are_multiplied_and_a_prefix_keeps_columns_apart() -> None:
    entry = {
        "id": "<a.key>-<b.key>-<c>",
        "for": [{"table": "colours", "as": "a"}, {"table": "colours", "as": "b"}, [{"c": 7}]],
    }
    assert [one["id"] for one in cases(entry)] == ["RED-RED-7", "RED-BLUE-7", "BLUE-RED-7", "BLUE-BLUE-7"]


def test_rows_are_chosen_and_left_out() -> None:
    assert [one["id"] for one in cases({"id": "<key>", "for": [{"table": "colours", "only": ["BLUE"]}]})] == ["BLUE"]
    assert [one["id"] for one in cases({"id": "<key>", "for": [{"table": "colours", "except": ["BLUE"]}]})] == ["RED"]


def test_an_axis_may_use_what_stands_before_it() -> None:
    entry = {"id": "<key>", "for": [[{"which": "BLUE"}], {"table": "colours", "only": ["<which>"]}]}
    assert [one["id"] for one in cases(entry)] == ["BLUE"]


def test_keys_are_filled_nested_columns_reached_and_brackets_escaped() -> None:
    entry = {"id": "<<key>", "for": [{"table": "colours", "only": ["BLUE"]}], "steps": [{"<key>": "<more.hue>"}]}
    assert cases(entry) == [{"id": "<key>", "steps": [{"BLUE": 240}]}]


def test_a_column_with_several_steps_is_put_in_their_place() -> None:
    entry = {"id": "x", "for": [[{"first": [{"a": 1}, {"b": 2}]}]], "steps": ["<first>", {"c": 3}]}
    assert cases(entry)[0]["steps"] == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"id": "<colour>", "for": [{"table": "colours"}]}, "no row has a column <colour>; there are key, code, more"),
        ({"id": "x", "for": [{"table": "colours", "only": ["GREEN"]}]}, "has no row GREEN"),
    ],
)
def test_what_is_not_there_is_said(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        cases(entry)
