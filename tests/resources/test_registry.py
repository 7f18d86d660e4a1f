"""The registry: found types, indexes, and a type that is added while running."""

from __future__ import annotations

from pathlib import Path

import pytest

import resources
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
    tables = {path.stem for path in Path(resources.__file__ or "").parent.glob("*.py")}
    assert {"ae", "cse_base", "flex_container", "ae_contact_list_per_cse", "mgmt_obj"} <= tables
    ordinary = [type_ for type_ in REGISTRY.types if type_.base is None and type_.number < 10_000]
    assert len(ordinary) == 57
    assert len(REGISTRY.specializations(13)) == 25
    assert len([type_ for type_ in REGISTRY.by_number.values() if type_.number > 10_000]) == 28


def test_a_type_is_found_by_number_names_and_root() -> None:
    container = REGISTRY.by_number[3]
    assert REGISTRY.by_short["cnt"] is container
    assert REGISTRY.by_name["container"] is container
    assert REGISTRY.by_root["m2m:cnt"] is container


@pytest.mark.parametrize(
    ("parent", "children"),
    [
        ("acp", {23, 51}),
        ("cnt", {3, 4, 23, 24, 28, 29, 51, 65}),
        ("cin", {24, 51}),
        ("sub", {18, 25, 51}),
        ("nod", {13, 18, 23, 24, 28, 51, 65}),
        ("mssp", {20, 23, 51}),
        ("cinA", {24, 10024}),
        ("alpc", set()),
    ],
)
def test_children_follow_from_the_parents_of_the_tables(parent: str, children: set[int]) -> None:
    assert REGISTRY.children_of(REGISTRY.by_short[parent]) == children


def test_a_specialization_has_the_children_of_its_base() -> None:
    battery = REGISTRY.by_root["m2m:bat"]
    assert REGISTRY.children_of(battery) == REGISTRY.children_of(REGISTRY.by_number[13]) == {23, 24, 51}
    copy = REGISTRY.by_root["m2m:batA"]
    assert REGISTRY.children_of(copy) == {23}


def test_types_of_the_standard_that_are_missing_are_known() -> None:
    assert REGISTRY.known_type_numbers == {52, 53, 54, 55, 56, 57, 59, 61}
    assert not REGISTRY.known_type_numbers & {1, 33, 99, 60001}


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


def test_names_that_several_types_share_have_no_type_in_a_query() -> None:
    types = REGISTRY.attribute_types()
    assert types.keys() == REGISTRY.attribute_names
    assert types["state"] is None  # true or false of a switch, a number of software
    assert types["sus"] is None
    power = types["power"]
    assert power is not None
    assert power.name == "xs:float"


def test_the_number_of_every_management_object_may_stand_in_a_query() -> None:
    number = REGISTRY.attribute_types()["mgd"]
    assert number is not None
    assert [number.parse_text(str(mgd)) for mgd in REGISTRY.specializations(13)] == list(REGISTRY.specializations(13))
