"""The tests that the page about restarts names are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_promise_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "restarts.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    existing = {name for path in (ROOT / "tests").rglob("test_*.py")
                for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= existing, set(named) - existing
