"""The guide "add a resource type" works as written, in a copy of what it changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.guide import environment_of, follow

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "add_a_resource_type.md"
PARTS = ("cse", "resources", "bindings")


def test_the_guide_works_as_written(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for part in PARTS:
        shutil.copytree(ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "tests" / "procedures").mkdir(parents=True)
    for name in ("pyproject.toml", "tests/rig.py"):
        shutil.copy(ROOT / name, checkout / name)
    follow(GUIDE, checkout, environment_of(tmp_path, checkout))
