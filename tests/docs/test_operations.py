"""The page for operators names the metrics that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def metrics(*parts: str) -> set[str]:
    """Return the names of metrics in a file."""
    return set(re.findall(r"banyan_[a-z_]+", ROOT.joinpath(*parts).read_text(encoding="utf-8")))


def test_every_metric_is_explained() -> None:
    assert metrics("docs", "operations.md") == metrics("cse", "app.py") | metrics("cse", "observe", "metrics.py")
