"""A thousand targets, a tenth of them dead, slow or resetting: what that costs the others, in delay and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bad", [10, 30])
def test_a_thousand_targets_and_a_tenth_of_them_in_trouble(tmp_path: Path, bad: int) -> None:
    command = [sys.executable, "-m", "bench.targets", "--bad", str(bad), "--json", "--folder", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=850, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    result = json.loads(run.stdout)
    assert len(result["ratios"]) == 5
    assert result["p99_ratio"] <= 1.2, result["rows"]
    assert result["more_mib"] <= 64, result["rows"]
    for phase in result["phases"]:
        assert phase["arrivals"] == 20 * 40 * (1000 - result["bad"]) / 100
        assert (phase["missing"], phase["twice"], phase["disordered"]) == (0, 0, 0)
