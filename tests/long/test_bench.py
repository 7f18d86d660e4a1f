"""The benchmark runs and its own checks hold; its numbers are for people to read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs Debian's wrk")
def test_every_workload_is_answered_and_no_notification_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--seconds", "1", "--connections", "8", "--markdown"]
    workloads = ["--only", "W1,W2,W3,W4,W5", "--folder", str(tmp_path)]
    run = subprocess.run([*command, *workloads], cwd=ROOT, capture_output=True, text=True, timeout=180, check=True)
    rows = re.findall(r"^\| (W\d).*\| +(\d+) \|$", run.stdout, re.MULTILINE)
    assert [name for name, _ in rows] == ["W1", "W2", "W3", "W4", "W5"]
    assert [failures for _, failures in rows] == ["0"] * 5
    assert re.search(r"delivered \([\d,]+/s\), 0 lost, 0 twice", run.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("binding", ["coap", "coap+tcp", "mqtt", "ws"])
def test_every_binding_is_measured_beside_the_limit_of_its_library(binding: str, tmp_path: Path) -> None:
    if binding == "mqtt" and not (shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")):
        pytest.skip("needs Debian's mosquitto")
    command = [sys.executable, "-m", "bench", "--binding", binding, "--seconds", "1", "--connections", "8"]
    where = ["--markdown", "--folder", str(tmp_path)]
    run = subprocess.run([*command, *where], cwd=ROOT, capture_output=True, text=True, timeout=180, check=True)
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in run.stdout.splitlines()]
    rows = {row[0]: row for row in cells if row[0].startswith(f"{binding} ") and len(row) == 8}
    limits = [f"{binding} limit of {name}" for name in ("W1", "W2", "W5")]
    own = [name for name in rows if name not in limits]
    assert list(rows) == [name for pair in zip(limits, own, strict=True) for name in pair]
    for name, (_, _, rate, share, *_, failures) in rows.items():
        assert int(rate.replace(",", "")) > 0, name
        assert failures == "0", name
        assert bool(re.fullmatch(r"\d+%", share)) is (name in own), name
    assert re.search(r"[1-9][\d,]* delivered \([\d,]+/s\), 0 lost, 0 twice", run.stdout)
    assert re.search(r"RSS of the CSE +\| +\d+ MiB", run.stdout)
    assert list(tmp_path.iterdir()) == []
