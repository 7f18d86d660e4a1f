"""The guide "add a device model" works as written, and the reference of device models is complete."""

from __future__ import annotations

from pathlib import Path

from resources.model_format import ATTRIBUTE, ENUMERATION, FRAME, MODEL, TYPES
from tests.docs.guide import environment_of, follow

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "add_a_device_model.md"
REFERENCE = ROOT / "docs" / "models.md"


def test_the_guide_works_as_written(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    follow(GUIDE, folder, environment_of(tmp_path, ROOT))


def test_the_reference_names_every_member_and_type() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    members = {member.short for type_ in (FRAME, ENUMERATION, MODEL, ATTRIBUTE) for member in type_.members}
    assert {name for name in members | TYPES.keys() if f"`{name}`" not in text} == set()
