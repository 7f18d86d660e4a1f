"""docs/ipe.md names every setting and every column."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from ipe.manifest import find_protocols
from ipe.points import COMMON
from ipe.settings import IpeSettings

TEXT = (Path(__file__).parents[2] / "docs/ipe.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`\[?(\w+)\]?`", TEXT))


def test_every_setting_is_documented() -> None:
    assert {field.name for field in dataclasses.fields(IpeSettings)} <= WORDS


def test_every_column_and_device_setting_is_documented() -> None:
    assert {column.name for column in COMMON} <= WORDS
    for manifest in find_protocols().values():
        assert {column.name for column in manifest.load().columns} <= WORDS
        assert {setting.name for setting in manifest.settings} <= WORDS
        assert manifest.title in TEXT


def test_the_table_of_protocols_is_that_of_the_manifests() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `(ipe/\w+)` \| ([^|]+) \| (\w+)", TEXT, re.MULTILINE)
    assert {(title, folder, quality) for title, folder, _, quality in rows} == {
        (manifest.title, f"ipe/{name}", manifest.quality) for name, manifest in find_protocols().items()}
    for title, _, packages, _ in rows:
        manifest = next(each for each in find_protocols().values() if each.title == title)
        assert f"extra `{manifest.extra}`" in packages
        assert all(re.split("[<>=]", requirement)[0] in packages for requirement in manifest.requires)
