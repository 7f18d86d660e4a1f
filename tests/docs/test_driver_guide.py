"""The guide "add a field protocol" works as written, in a copy of what it adds to, and its driver stays small."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.guide import blocks, environment_of, follow, free_port

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "new-driver.md"
PARTS = ("cse", "resources", "bindings", "ipe")
TESTS = ("contract.py",)
MOST_LINES = 300


def test_the_guide_works_as_written(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for part in PARTS:
        shutil.copytree(ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "tests" / "ipe").mkdir(parents=True)
    for name in ("pyproject.toml", *(f"tests/ipe/{name}" for name in TESTS)):
        shutil.copy(ROOT / name, checkout / name)
    environment = environment_of(tmp_path, checkout)
    follow(GUIDE, checkout, environment,
           {"http://127.0.0.1:8080": environment["BANYAN_CSE"], "4711": str(free_port())})


def test_the_driver_of_the_guide_is_small() -> None:
    saved = [block for block in blocks(GUIDE) if block.file is not None]
    assert {"ipe/lines/driver.py", "ipe/lines/manifest.toml", "station.py"} <= {block.file for block in saved}
    assert sum(block.text.count("\n") for block in saved) <= MOST_LINES
