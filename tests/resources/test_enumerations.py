"""Enumerations: the numbers of the standard and nothing that only looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from resources import enumerations as e
from resources.datatypes import DataType, Invalid
from resources.status import Status
from tests.compare.data_types import data_types, values_of

ENUMERATIONS = {name: type_ for name, type_ in data_types().items() if "oneOf" in type_.schema}
MASKS = [(e.access_control_operations, 63), (e.primitive_profile_applicability, 7)]

NUMBERS: list[tuple[DataType, set[int]]] = [
    (e.operation, {1, 2, 3, 4, 5}),
    (e.result_content, set(range(13))),
    (e.response_type, {1, 2, 3, 4, 5}),
    (e.std_event_cats, {2, 3, 4}),
    (e.exec_result_type, set(range(17)) | set(range(19, 32))),
    (e.notification_event_type, set(range(1, 9))),
    (e.eval_mode, {0, 1, 2, 3}),
    (e.location_update_event_criteria, {0}),
    (e.esprim_protocol_and_alg_id, {10, 11, 12}),
    (e.suid, {*range(10, 16), *range(21, 26), *range(32, 36), *range(40, 46)}),
    (e.mgmt_definition, {0, *range(1001, 1032)}),
    (e.cellular_network_bearer, set(range(8))),
    (e.response_status_code, {code.value for code in Status}),
]


@pytest.mark.parametrize("type_", ENUMERATIONS.values(), ids=list(ENUMERATIONS))
def test_only_the_numbers_of_the_table_fit(type_: DataType) -> None:
    numbers = values_of(type_)
    for number in numbers:
        type_.check(number)
        assert type_.parse_text(str(number)) == number
    strangers: list[Any] = [max(numbers) + 1, min(numbers) - 1, float(min(numbers)), str(min(numbers)), True, None, [1]]
    for stranger in [*strangers, float("nan"), 10**400]:
        with pytest.raises(Invalid, match=r"expected (one of|a number of) .*, got"):
            type_.check(stranger)


@pytest.mark.parametrize(("type_", "numbers"), NUMBERS)
def test_numbers_that_code_relies_on(type_: DataType, numbers: set[int]) -> None:
    assert values_of(type_).keys() == numbers


@pytest.mark.parametrize("type_", ENUMERATIONS.values(), ids=list(ENUMERATIONS))
def test_each_number_has_a_name_of_its_own(type_: DataType) -> None:
    names = list(values_of(type_).values())
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("type_", "everything"), MASKS)
def test_a_mask_is_a_sum_of_its_bits(type_: DataType, everything: int) -> None:
    for number in range(1, everything + 1):
        type_.check(number)
    for stranger in (0, everything + 1, -1, True, 1.0, "1", None):
        with pytest.raises(Invalid, match=rf"expected a whole number 1\.\.{everything} \(1 [A-Z_]+, 2 [A-Z_]+, 4 "):
            type_.check(stranger)


def test_a_node_type_is_any_positive_number() -> None:
    e.node_type.check(5)
    with pytest.raises(Invalid, match="expected a whole number >= 1, got 0"):
        e.node_type.check(0)


def test_a_small_table_is_told_in_full_and_a_long_one_by_its_name() -> None:
    with pytest.raises(Invalid, match=r"^expected one of 1 UNI_DIRECTIONAL, 2 BI_DIRECTIONAL, got 3$"):
        e.announce_sync_type.check(3)
    with pytest.raises(Invalid, match=r"^expected a number of m2m:mgmtDefinition, got 1$"):
        e.mgmt_definition.check(1)


def test_every_announced_variant_has_its_type() -> None:
    for number in e.ANNOUNCEABLE_TYPES:
        assert e.STANDARD_TYPES[10000 + number] == f"{e.STANDARD_TYPES[number]}Annc"
    e.resource_type.check(10028)
    for stranger in (0, 33, 52, 10033, 10023, 20001):
        with pytest.raises(Invalid):
            e.resource_type.check(stranger)
    for number in (0, 3, 10002, 20001, 20002, 20003):
        e.member_type.check(number)
