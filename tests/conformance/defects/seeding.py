"""Seeded defects: a line of the CSE read differently while a test's own process imports it."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
TABLES = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Defect:
    """One fault. In ``file`` the text ``before``, which occurs there once, reads ``after``.

    ``caught_by`` are cases of the suite that fail with it; empty when the suite is known to miss it, and ``missed``
    says why.
    """

    name: str
    meaning: str
    file: str
    before: str
    after: str
    caught_by: tuple[str, ...] = ()
    missed: str = ""

    @property
    def module(self) -> str:
        """The module that the fault is in."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def source(self) -> str:
        """Return the source with the fault; raises ValueError when the text is not there once."""
        text = (ROOT / self.file).read_text()
        if text.count(self.before) != 1:
            raise ValueError(f"{self.name}: {self.file} has the text {text.count(self.before)} times: {self.before!r}")
        return text.replace(self.before, self.after)


def read_defects() -> dict[str, Defect]:
    """Return all defects by name."""
    found: dict[str, Defect] = {}
    for path in sorted(TABLES.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text()):
            defect = Defect(**{**row, "caught_by": tuple(row.get("caught_by", ()))})
            if defect.name in found:
                raise ValueError(f"{path.name}: {defect.name} is there twice")
            found[defect.name] = defect
    return found


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, defect: Defect) -> None:
        super().__init__(defect.module, str(ROOT / defect.file))
        self._defect = defect

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._defect.source(), self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._defect.module:
            return None
        place: Any = [str((ROOT / self._defect.file).parent)] if self._defect.file.endswith("__init__.py") else None
        loader = _Loader(self._defect)
        spec = importlib.machinery.ModuleSpec(fullname, loader, origin=loader.path, is_package=place is not None)
        spec.has_location = True
        spec.submodule_search_locations = place
        return spec


def seed(defect: Defect) -> None:
    """Let this process import the module with its fault; raises RuntimeError when it has been imported already."""
    if defect.module in sys.modules:
        raise RuntimeError(f"{defect.module} has been imported before the defect was seeded")
    sys.meta_path.insert(0, _Finder(defect))
