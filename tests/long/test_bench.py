"""The benchmark runs and its own checks hold; its numbers are for people to read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("wrk") is None, reason="needs Debian's wrk"),
]
ROOT = Path(__file__).parents[2]


def test_every_workload_is_answered_and_no_notification_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--seconds", "1", "--connections", "8", "--markdown"]
    workloads = ["--only", "W1,W2,W3,W4,W5", "--folder", str(tmp_path)]
    run = subprocess.run([*command, *workloads], cwd=ROOT, capture_output=True, text=True, timeout=180, check=True)
    rows = re.findall(r"^\| (W\d).*\| +(\d+) \|$", run.stdout, re.MULTILINE)
    assert [name for name, _ in rows] == ["W1", "W2", "W3", "W4", "W5"]
    assert [failures for _, failures in rows] == ["0"] * 5
    assert re.search(r"delivered \([\d,]+/s\), 0 lost, 0 twice", run.stdout)
    assert list(tmp_path.iterdir()) == []
