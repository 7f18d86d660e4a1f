"""What is installed is what `pyproject.toml` asks for, with hashes, from wherever the installer is told to look."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = {path.name: path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))}


def pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", PINS[name], re.MULTILINE))


def named(lines: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", line)[0].lower() for line in lines} - {"banyan-cse"}


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9-]+==)", PINS[name], flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in PINS[name]
    assert "index-url" not in PINS[name]


def test_pins_cover_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    run = named([*project["project"]["dependencies"], *extras["http"], *extras["modbus"]])
    test = named([line for lines in (*extras.values(), *groups.values()) for line in lines if isinstance(line, str)])
    assert named(extras["demo"]) == set()
    assert run - pinned("run.txt").keys() == set()
    assert (run | test) - pinned("test.txt").keys() == set()


def test_the_test_tools_do_not_change_what_runs() -> None:
    run, test = pinned("run.txt"), pinned("test.txt")
    assert {name: version for name, version in run.items() if test.get(name) != version} == {}
