"""The list of what answers 5001 is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cse import support
from cse.parameters.table import FILTER_CRITERIA, REQUEST_PARAMETERS
from resources.enumerations import UNSPECIFIED_TYPES
from resources.registry import Registry

SECTION = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8").partition("## What answers")[2]
WRITTEN = dict(re.findall(r"^\| ([a-zA-Z ]+) \| (.+) \|$", SECTION, re.MULTILINE))
TYPES = {type_.short: type_.name for type_ in Registry.default().types}


def words(what: str) -> set[str]:
    """Return the names that the list has."""
    return {word.rpartition(".")[2] for word in re.findall(r"`([^`]+)`", WRITTEN[what])}


def numbers(what: str) -> set[int]:
    """Return the numbers that the list has."""
    return set(map(int, re.findall(r"\b\d+\b", WRITTEN[what])))


def test_parameters_and_criteria() -> None:
    unsupported = {one.short for one in REQUEST_PARAMETERS.values() if not one.supported}
    assert words("request parameters") == unsupported
    assert words("filter criteria") == support.CONDITIONS
    assert {one.short for one in FILTER_CRITERIA.values() if not one.supported} == support.CONDITIONS
    assert words("event criteria") == support.EVENT_CRITERIA
    assert words("serialisations of notifications") == support.SERIALISATIONS


def test_numbers() -> None:
    assert numbers("ways to generate the result of a mashup") == support.MASHUP_RESULTS
    assert numbers("response types") == {5}


def test_attributes_of_every_type() -> None:
    assert words("attributes of every type") == support.EVERYWHERE


@pytest.mark.parametrize("short", sorted(support.ATTRIBUTES))
def test_attributes(short: str) -> None:
    assert words(f"attributes of {TYPES[short]}") == support.ATTRIBUTES[short]


def test_resource_types() -> None:
    assert numbers("resource types") == UNSPECIFIED_TYPES
