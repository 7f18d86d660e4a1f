"""Long random histories of the whole core against a simple model of it."""

from __future__ import annotations

import pytest

from tests.whole_core.machine import run

STEPS = 20_000


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_core_does_what_the_model_says_for_long() -> None:
    done = run(STEPS, length=100)
    print(*(f"{count:6} {what}" for what, count in sorted(done.items())), sep="\n")
    assert done.total() >= STEPS
