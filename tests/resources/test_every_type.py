"""Every data type: its sample fits, and what is wrong anywhere inside is found at its place."""

from __future__ import annotations

from typing import Any

import pytest

from resources.datatypes import DataType, Invalid, Member
from tests.compare.data_types import data_types
from tests.resources.samples import leaves, replaced, sample

TYPES = data_types()
OBJECTS = {name: type_ for name, type_ in TYPES.items() if type_.members}
#: Wrong for every kind of JSON value but one.
STRANGERS: tuple[tuple[str, Any], ...] = (
    ("string", "\x00 \n"), ("number", float("nan")), ("boolean", True), ("array", [None]), ("object", {"": None}),
)  # fmt: skip
#: Members of these are free, or are texts of any kind.
FREE = ("m2m:representation", "m2m:primitiveContent", "m2m:resourceWrapper")


def problem_of(type_: DataType, value: object) -> Invalid:
    with pytest.raises(Invalid) as problem:
        type_.check(value)
    return problem.value


def every(types: dict[str, DataType]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("type_", types.values(), ids=list(types))


@every(TYPES)
def test_a_fitting_value_is_accepted(type_: DataType) -> None:
    type_.check(sample(type_))


@every({name: type_ for name, type_ in TYPES.items() if type_.json != "any"})
def test_another_kind_of_json_is_refused(type_: DataType) -> None:
    for kind, value in STRANGERS:
        if kind not in type_.json.split("|"):
            assert "expected" in problem_of(type_, value).problem


@every(TYPES)
def test_null_is_refused_at_every_place(type_: DataType) -> None:
    if type_.name in FREE or type_.name == "m2m:geoCoordinates":
        return
    value = sample(type_)
    for path, keys in leaves(value):
        if ":" not in path and ".val" not in path and ".thld" not in path:
            assert problem_of(type_, replaced(value, keys, None)).path == path


@every(OBJECTS)
def test_an_unknown_member_is_refused_and_a_known_one_is_proposed(type_: DataType) -> None:
    first = type_.members[0].short
    problem = problem_of(type_, {**sample(type_), f"{first}x": 1})
    assert f"'{first}x' is no member of {type_.name}" in problem.problem


@every(OBJECTS)
def test_a_missing_member_is_named(type_: DataType) -> None:
    for member in type_.members:
        if member.required:
            value = {short: part for short, part in sample(type_).items() if short != member.short}
            assert problem_of(type_, value).problem == f"{member.short} is missing; {type_.name} must have it"


@every(OBJECTS)
def test_one_value_where_an_array_belongs_is_refused(type_: DataType) -> None:
    for member in filter(several, type_.members):
        one = sample(member.type)
        if not isinstance(one, list):
            problem = problem_of(type_, {**sample(type_), member.short: one})
            assert problem.path == member.short
            assert problem.problem.startswith(f"expected an array of {member.type.name}")


def several(member: Member) -> bool:
    return member.card.endswith(("n", "5"))


@every(OBJECTS)
def test_text_of_an_object_is_its_json(type_: DataType) -> None:
    with pytest.raises(Invalid, match="JSON text"):
        type_.parse_text('{"a": NaN}')
    with pytest.raises(Invalid, match="JSON text"):
        type_.parse_text('{"a": 1e999}')


def test_members_are_named_once_and_constants_follow_the_standard() -> None:
    for type_ in OBJECTS.values():
        assert len({member.short for member in type_.members}) == len(type_.members)
    assert len({id(type_) for type_ in TYPES.values()}) == len(TYPES)
