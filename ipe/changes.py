"""What is different between two point lists, point by point and column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipe.points import Entry

DEFAULT = "(default)"


@dataclass(frozen=True, slots=True)
class Change:
    """``kind``: added, removed or changed; ``columns``: text before and after, by column."""

    kind: str
    name: str
    columns: dict[str, tuple[str, str]]

    def __str__(self) -> str:
        if self.kind != "changed":
            return f"{'+' if self.kind == 'added' else '-'} {self.name}"
        return f"~ {self.name}: " + ", ".join(f"{name} {old} -> {new}" for name, (old, new) in self.columns.items())


def changes(old: Sequence[Entry[Any]], new: Sequence[Entry[Any]]) -> list[Change]:
    """Return what was added and changed in the order of the new list, then what was removed.

    Columns are compared by meaning: ``0x10`` is 16, and an empty cell is the default.
    """
    before = {entry.point.name: entry for entry in old}
    after = {entry.point.name for entry in new}
    found = []
    for entry in new:
        name = entry.point.name
        if name not in before:
            found.append(Change("added", name, {}))
        elif columns := _columns(before[name], entry):
            found.append(Change("changed", name, columns))
    return found + [Change("removed", name, {}) for name in before if name not in after]


def _columns(old: Entry[Any], new: Entry[Any]) -> dict[str, tuple[str, str]]:
    names = dict.fromkeys([*new.values, *old.values])
    return {
        name: (old.texts.get(name) or DEFAULT, new.texts.get(name) or DEFAULT)
        for name in names if old.values.get(name) != new.values.get(name)
    }  # fmt: skip
