"""A CSE process with a hundred HTTP targets, a tenth of them dead, slow or resetting: the others notice nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_sub_27_targets_in_trouble_disturb_no_other(tmp_path: Path) -> None:
    size = ["--targets", "100", "--rounds", "1", "--seconds", "4", "--timeout", "2", "--retry", "3"]
    command = [sys.executable, "-m", "bench.targets", *size, "--json", "--folder", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    result = json.loads(run.stdout)
    well, trouble = result["phases"]
    assert result["bad"] == 10
    for phase in (well, trouble):
        assert phase["arrivals"] == 4 * 40 * 9
        assert (phase["missing"], phase["twice"], phase["disordered"]) == (0, 0, 0)
    assert trouble["longest_ms"] < 2000, "a healthy target waited as long as a slow one may take"
    assert 0 < trouble["most_waiting"] <= 4 * 40 + 40, "more waits than there is for the targets in trouble"
    assert result["more_mib"] <= 32
    assert list(tmp_path.iterdir()) == []
