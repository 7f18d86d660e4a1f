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
