"""Every test purpose of TS-0018 has one case, or a reason why it has none."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.suite import catalogue

#: Identifiers that TS-0018 gives; what a rule of behaviour asks for is named after the rule.
PURPOSE = re.compile(r"TC_\w+|TP/oneM2M/.+")


def test_a_purpose_has_a_case_or_a_reason_and_not_both() -> None:
    both = {case.id for case in catalogue().cases} & set(catalogue().uncovered)
    assert both == set()


def test_every_reason_says_something() -> None:
    assert [one for one, reason in catalogue().uncovered.items() if len(reason.split()) < 4] == []


@pytest.mark.optional_input
def test_every_purpose_is_accounted_for() -> None:
    purposes = _purposes()
    known = {case.id for case in catalogue().cases if PURPOSE.fullmatch(case.id)} | set(catalogue().uncovered)
    assert sorted(set(purposes) - known) == []
    assert sorted(known - set(purposes)) == []


@pytest.mark.optional_input
def test_every_case_stands_in_the_group_of_its_purpose() -> None:
    purposes = _purposes()
    wrong = {case.id: case.area for case in catalogue().cases if purposes.get(case.id, case.area) != case.area}
    assert wrong == {}


def _purposes() -> Mapping[str, str]:
    """The groups by identifier, from a fact sheet of the standard where one is at hand."""
    folder = os.environ.get("BANYAN_FACTS")
    if not folder:
        pytest.skip("set BANYAN_FACTS to a folder with test_purposes.csv to compare")
    with (Path(folder) / "test_purposes.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["group"] for row in csv.DictReader(file)}
