"""The registry: found types, indexes, and a type that is added while running."""

from __future__ import annotations

import pytest

from cse.validation import Validator
from resources.common import ET, UNIVERSAL
from resources.errors import BadRequest
from resources.model import Optionality, ResourceType, row
from resources.registry import Registry
from resources.simple_types import non_negative_integer
from tests.resources.fake import REGISTRY

METER = ResourceType(
    number=60001,
    short="mtr",
    name="meter",
    parents=("container", "AE"),
    attributes=(
        *UNIVERSAL,
        ET,
        row("rdg", "reading", non_negative_integer, create=Optionality.MANDATORY, single=True),
    ),
    prefix="my",
)


def test_every_module_of_the_folder_is_found() -> None:
    assert {type_.number: type_.short for type_ in REGISTRY.types} == {
        1: "acp",
        2: "ae",
        3: "cnt",
        4: "cin",
        5: "cb",
        9: "grp",
        23: "sub",
    }


def test_a_type_is_found_by_number_names_and_root() -> None:
    container = REGISTRY.by_number[3]
    assert REGISTRY.by_short["cnt"] is container
    assert REGISTRY.by_name["container"] is container
    assert REGISTRY.by_root["m2m:cnt"] is container


def test_children_follow_from_the_parents_of_the_tables() -> None:
    children = {type_.short: REGISTRY.children_of(type_) for type_ in REGISTRY.types}
    assert children == {
        "cb": {1, 2, 3, 9, 23},
        "ae": {1, 3, 9, 23},
        "cnt": {3, 4, 23},
        "acp": {23},
        "grp": {23},
        "cin": set(),
        "sub": set(),
    }


def test_types_of_the_standard_that_are_missing_are_known() -> None:
    assert {28, 16, 65, 10003} <= REGISTRY.known_type_numbers
    assert not REGISTRY.known_type_numbers & {1, 2, 3, 4, 5, 9, 23, 33, 52, 99, 60001}


@pytest.mark.parametrize(
    ("name", "number"), [("container", 3), ("cnt", 3), ("AE", 2), ("flexContainer", 28), ("containerAnnc", 10003)]
)
def test_number_of_a_name(name: str, number: int) -> None:
    assert REGISTRY.number_of(name) == number


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'contaner' is no resource type; did you mean container"):
        REGISTRY.number_of("contaner")


def test_all_short_names_are_known() -> None:
    assert {"lbl", "mni", "con", "acpi", "nu", "mid", "srt"} <= REGISTRY.attribute_names


def test_a_type_can_be_added_at_run_time() -> None:
    registry = Registry.default().extended(METER)
    validator = Validator(registry)
    assert registry.by_root["my:mtr"] is METER
    assert METER.number in registry.children_of(registry.by_short["cnt"])
    assert METER.number not in REGISTRY.by_number
    assert "rdg" in registry.attribute_names
    validator.create(METER, validator.root_of(METER, {"my:mtr": {"rdg": 5, "rn": "m1"}}))
    with pytest.raises(BadRequest, match="rdg: expected a whole number >= 0, got -5"):
        validator.create(METER, {"rdg": -5})
    with pytest.raises(BadRequest, match="rdg: reading is missing"):
        validator.create(METER, {})


@pytest.mark.parametrize(
    ("number", "short", "name"), [(3, "xyz", "another"), (60002, "xyz", "container"), (60002, "cnt", "another")]
)
def test_two_types_cannot_share_a_number_a_name_or_a_root(number: int, short: str, name: str) -> None:
    other = ResourceType(number=number, short=short, name=name, parents=(), attributes=UNIVERSAL)
    with pytest.raises(ValueError, match="two resource types share a number, name or root: "):
        REGISTRY.extended(other)


def test_the_same_type_twice_is_one() -> None:
    assert REGISTRY.extended(*REGISTRY.types).types == REGISTRY.types
