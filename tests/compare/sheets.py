"""Fact sheets: how they are read, and how their rows are brought into the form of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from resources.model import Attribute, ResourceType

#: How the sheet writes defaults that are no JSON value of the attribute.
DEFAULTS: dict[tuple[str, Any], Any] = {("regs", "ACTIVE"): 1, ("exy", 0): "PT0S"}

#: A row that stands for the attributes of each specialization.
PLACEHOLDER = "*"


def load(folder: Path, name: str) -> dict[str, Any]:
    """Read one sheet."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load((folder / name).read_text(encoding="utf-8"), loader)
    return content


def row_of(attribute: Attribute, type_: ResourceType) -> dict[str, Any]:
    """A row of ours in the form of the sheet; a shared row is not older than the type."""
    return {
        "n": attribute.name,
        "type": attribute.type.name,
        "json": attribute.type.json,
        "single": attribute.single,
        "C": attribute.create.value,
        "U": attribute.update.value,
        "annc": attribute.announce.value,
        "dflt": attribute.default,
        "rel": max(attribute.release, type_.release),
    }


def row_of_sheet(fact: dict[str, Any]) -> dict[str, Any]:
    """A row of the sheet in the same form. A list of wrapped references is written without its ``list of``."""
    default = fact.get("dflt")
    several = fact["json"] == "array" and fact["type"] == "m2m:mgmtLinkRef"
    return {
        **{key: fact[key] for key in ("n", "json", "C", "U", "annc", "rel")},
        "type": f"list of {fact['type']}" if several else fact["type"],
        "single": fact["card"].startswith("1"),
        "dflt": DEFAULTS.get((fact["s"], default), default),
    }


def rows_of_sheet(fact: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a type by short name, without the one that stands for others."""
    return {row["s"]: row_of_sheet(row) for row in fact["attributes"] if row["s"] != PLACEHOLDER}
