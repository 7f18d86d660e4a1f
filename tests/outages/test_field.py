"""Meter, proxy, CSE and the links between them end at random; see tests/long for ten rounds of five minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outages.field import Plan, play


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_history_of_a_meter_is_complete_and_true(tmp_path: Path, seed: int) -> None:
    print(await play(tmp_path, Plan(seed, duration_s=20)))
