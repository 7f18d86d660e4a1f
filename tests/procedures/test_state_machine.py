"""Random histories of the whole core against a simple model of it; the long ones are in tests/long."""

from __future__ import annotations

import pytest

from tests.whole_core.machine import run

STEPS = 2_000


@pytest.mark.timeout(600)
def test_the_core_does_what_the_model_says() -> None:
    done = run(STEPS)
    assert done.total() >= STEPS
