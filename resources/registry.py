"""The registry: every resource type this CSE knows, found in this folder and indexed once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import resources
from resources.datatypes import nearest
from resources.enumerations import STANDARD_TYPES
from resources.model import ResourceType


def discover() -> Iterator[ResourceType]:
    """Find the ``ResourceType`` constants of every module of the ``resources`` folder, subfolders included."""
    for module in walk_packages(resources.__path__, "resources."):
        for constant in vars(import_module(module.name)).values():
            if isinstance(constant, ResourceType):
                yield constant


class Registry:
    """A frozen index of resource types. ``known_type_numbers`` are types of the standard that are missing here."""

    __slots__ = (
        "_children",
        "attribute_names",
        "by_name",
        "by_number",
        "by_root",
        "by_short",
        "known_type_numbers",
        "types",
    )

    def __init__(self, *types: ResourceType) -> None:
        self.types = tuple(sorted(dict.fromkeys(types), key=lambda type_: type_.number))
        self.by_number = {type_.number: type_ for type_ in self.types}
        self.by_short = {type_.short: type_ for type_ in self.types}
        self.by_name = {type_.name: type_ for type_ in self.types}
        self.by_root = {type_.root: type_ for type_ in self.types}
        for index in (self.by_number, self.by_name, self.by_root):
            if len(index) < len(self.types):
                raise ValueError(f"two resource types share a number, name or root: {self._shared()}")
        self.attribute_names = frozenset(short for type_ in self.types for short in type_.by_short)
        self.known_type_numbers = frozenset(STANDARD_TYPES) - self.by_number.keys()
        self._children = {
            parent: frozenset(child.number for child in self.types if parent.name in child.parents)
            for parent in self.types
        }

    @classmethod
    def default(cls) -> Registry:
        """The registry of every type in the ``resources`` folder."""
        return cls(*discover())

    def extended(self, *types: ResourceType) -> Registry:
        """A new registry that has these types too; raises ValueError when a number, name or root is taken."""
        return Registry(*self.types, *types)

    def children_of(self, parent: ResourceType) -> frozenset[int]:
        """Numbers of the types that may stand under ``parent``."""
        return self._children[parent]

    def number_of(self, name: str) -> int:
        """Type number for a long or short name, also of a standard type that is missing here.

        Raises ValueError that names the nearest known one.
        """
        found = self.by_name.get(name) or self.by_short.get(name)
        if found is not None:
            return found.number
        for number, standard in STANDARD_TYPES.items():
            if standard == name:
                return number
        raise ValueError(f"{name!r} is no resource type; {nearest(name, self.by_name)}")

    def _shared(self) -> str:
        seen: set[object] = set()
        shared = []
        for type_ in self.types:
            keys = {type_.number, type_.name, type_.root}
            if keys & seen:
                shared.append(f"{type_.name} ({type_.number}, {type_.root})")
            seen |= keys
        return ", ".join(shared)
