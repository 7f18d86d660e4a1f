"""The example of docs/access-control.md decides as its table says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cse.access.decision import AccessControl, Facts
from cse.clock import seconds_of
from tests.access.conftest import FixedClock, SmallTree

PAGE = (Path(__file__).parents[2] / "docs" / "access-control.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.endswith(("| allowed |", "| denied |"))
]


@pytest.mark.parametrize("row", ROWS, ids=["ACP example " + " ".join(filter(None, row)) for row in ROWS])
def test_the_documented_example(tree: SmallTree, access: AccessControl, clock: FixedClock, row: list[str]) -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    tree.policy("p", *json.loads(example[1])["acr"])
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    originator, address, moment, permission, child, answer = row
    clock.now = seconds_of(f"20260302T{moment.replace(':', '')}00")  # a Monday
    child_type = int(child) if child else None
    allowed = access.permitted(container, originator, int(permission), Facts(address), child_type=child_type)
    assert allowed is (answer == "allowed")


def test_the_example_has_both_answers() -> None:
    assert {row[-1] for row in ROWS} == {"allowed", "denied"}
