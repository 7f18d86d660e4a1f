"""The table of pairs in docs/bindings.md is what the contract has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_pairs_is_that_of_the_contract() -> None:
    command = [sys.executable, "-m", "tests.bindings.pairs"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    counts = [cell for line in ran.stdout.splitlines()[2:] for cell in line.split("|")[2:-1]]
    assert len(counts) == 15
    assert all(int(count) > 100 for count in counts), ran.stdout
    assert ran.stdout.strip() in (ROOT / "docs/bindings.md").read_text(), (
        "docs/bindings.md is behind; put in what `python -m tests.bindings.pairs` prints"
    )
