"""The tables agree with a fact sheet of the standard, where one is at hand (docs/facts.md explains the rest)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.compare_facts import compare

EXPLAINED = {
    "group virtual: ['fopt'] here, ['fopt', 'sfop'] in the sheet",
    "subscription virtual: [] here, ['ntsr'] in the sheet",
    "subscription.enc dflt: None here, 'net=[1]' in the sheet",
    "m2m:resourceType: only here [], only in the sheet [33, 10033]",
    "m2m:memberType: only here [45, 10005, 10058, 10062], only in the sheet [33, 10033]",
    "m2m:notificationEventType: only here [], only in the sheet [9, 10]",
}


@pytest.mark.optional_input
def test_every_row_agrees_with_the_fact_sheet() -> None:
    folder = os.environ.get("BANYAN_FACTS")
    if not folder:
        pytest.skip("set BANYAN_FACTS to a folder with resource_types.yaml to compare")
    assert set(compare(Path(folder))) == EXPLAINED
