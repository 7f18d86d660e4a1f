"""Announced variants of resource types, derived from their tables (TS-0001 9.6.26)."""

from __future__ import annotations

from resources.model import ResourceType


def announced(type_: ResourceType) -> ResourceType | None:
    """The announced variant of a type; None when it has none."""
    assert type_.announced_as is None, type_
    return None
