"""The printed files are in step with the code: `python -m cse.settings_print` renews them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from cse.settings import Settings
from cse.settings_file import kinds, load
from cse.settings_print import files, schema

ROOT = Path(__file__).parents[2]


def test_printed_files_are_in_step() -> None:
    stale = [path.name for path, text in files(ROOT).items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_the_default_file_says_what_the_code_does() -> None:
    assert load(str(ROOT / "config" / "default.toml"), {}) == Settings()


def test_the_schema_knows_every_key_and_no_other() -> None:
    root = schema()
    for key in kinds():
        node = root
        for name in key.split("."):
            assert node["additionalProperties"] is False
            node = node["properties"][name]
        assert node["description"]
    assert json.loads((ROOT / "config" / "schema.json").read_text()) == root
    assert root["properties"].keys() == tomllib.loads((ROOT / "config" / "default.toml").read_text()).keys()
