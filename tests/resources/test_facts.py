"""The tables agree with a fact sheet of the standard, where one is at hand (docs/facts.md explains the rest)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests import compare_models
from tests.compare_facts import EXPLAINED, compare, outdated, unexplained

DOCUMENT = Path(__file__).parents[2] / "docs" / "facts.md"


@pytest.mark.optional_input
def test_every_row_agrees_with_the_fact_sheet() -> None:
    folder = os.environ.get("BANYAN_FACTS")
    if not folder:
        pytest.skip("set BANYAN_FACTS to a folder with resource_types.yaml to compare")
    tables = compare(Path(folder))
    assert unexplained(tables) == []
    assert outdated(tables) == []


def test_the_document_has_every_explanation() -> None:
    document = re.sub(r"[\s`]+", " ", DOCUMENT.read_text(encoding="utf-8"))
    assert [reason for reason in EXPLAINED.values() if reason not in document] == []


@pytest.mark.optional_input
def test_every_device_model_agrees_with_the_fact_sheet() -> None:
    folder = os.environ.get("BANYAN_FACTS")
    if not folder:
        pytest.skip("set BANYAN_FACTS to a folder with sdt_energy.yaml to compare")
    assert compare_models.compare(Path(folder)) == []
