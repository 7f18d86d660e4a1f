"""The registry: every resource type this CSE knows, found in this folder and indexed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import resources
from resources.announced import announced, may_stand_under
from resources.datatypes import DataType, nearest
from resources.device_models import standard
from resources.enumerations import STANDARD_TYPES, UNSPECIFIED_TYPES
from resources.mgmt_obj import MGMT_OBJ
from resources.model import ResourceType


def discover() -> Iterator[ResourceType]:
    """Find the ``ResourceType`` constants of every module of the ``resources`` folder, subfolders included."""
    for module in walk_packages(resources.__path__, "resources."):
        for constant in vars(import_module(module.name)).values():
            if isinstance(constant, ResourceType):
                yield constant


class Registry:
    """A frozen index of resource types. ``known_type_numbers`` are types of the standard that are missing here.

    Specializations (management objects, device models) share number and place in the tree with their base: they are
    in ``by_root`` and ``types``; ``by_number``, ``by_name`` and ``by_short`` lead to base types alone.
    """

    __slots__ = (
        "_children",
        "_nested",
        "_specialized",
        "attribute_names",
        "by_name",
        "by_number",
        "by_root",
        "by_short",
        "discriminators",
        "known_type_numbers",
        "types",
    )

    def __init__(self, *types: ResourceType) -> None:
        self.types = tuple(sorted(dict.fromkeys(types), key=lambda type_: type_.number))
        bases = tuple(type_ for type_ in self.types if type_.discriminator is None)
        self.by_number = {type_.number: type_ for type_ in bases}
        self.by_short = {type_.short: type_ for type_ in bases}
        self.by_name = {type_.name: type_ for type_ in bases}
        self.by_root = {type_.root: type_ for type_ in self.types}
        if min(len(self.by_number), len(self.by_name)) < len(bases) or len(self.by_root) < len(self.types):
            raise ValueError(f"two resource types share a number, name or root: {self._shared()}")
        self._specialized = self._specializations()
        #: Attribute that tells the specializations of a type number apart (13: ``mgd``, 28: ``cnd``).
        self.discriminators = {number: short for number, short, _ in self._specialized}
        self.attribute_names = frozenset(short for type_ in self.types for short in type_.by_short)
        self.known_type_numbers = (STANDARD_TYPES.keys() | UNSPECIFIED_TYPES) - self.by_number.keys()
        self._children = {
            parent.name: frozenset(child.number for child in bases if may_stand_under(child, parent))
            for parent in bases
        }
        self._nested = {
            parent.root: frozenset(child.number for child in self.types if parent.name in child.parents)
            for parent in self.specializations(MGMT_OBJ.number).values()  # no other may stand under one of its kind
        }

    @classmethod
    def default(cls, *more: ResourceType) -> Registry:
        """The registry of all types of ``resources``, device models too, of ``more``, and of announced variants."""
        return _default().extended(*more) if more else _default()

    def extended(self, *types: ResourceType) -> Registry:
        """A new registry that has these types too; raises ValueError when a number, name or root is taken."""
        return Registry(*self.types, *with_announced(type_ for type_ in types if type_ not in self.types))

    def attribute_types(self) -> dict[str, DataType | None]:
        """The data type of each attribute by short name; None where attributes of several types share the name."""
        found: dict[str, DataType | None] = {}
        general = sorted(self.types, key=lambda type_: type_.base is not None)  # a specialization narrows (mgd)
        for row in (row for type_ in general for row in type_.attributes):
            known = found.setdefault(row.short, row.type)
            if known is not None and known.name != row.type.name:
                found[row.short] = None
        return found

    def children_of(self, parent: ResourceType) -> frozenset[int]:
        """Numbers of the types that may stand under ``parent``."""
        children = self._children[parent.base or parent.name]
        nested = self._nested.get(parent.root)
        return children | nested if nested else children

    def specializations(self, number: int) -> Mapping[Any, ResourceType]:
        """The specializations of a type number by the value that tells them apart (``mgd``, ``cnd``)."""
        return {value: type_ for (own, _, value), type_ in self._specialized.items() if own == number}

    def specialization(self, number: int, value: Any) -> ResourceType | None:
        """The specialization of a type number with this discriminating value."""
        return self._specialized.get((number, self.discriminators.get(number, ""), value))

    def type_of(self, number: int, attributes: Mapping[str, Any]) -> ResourceType | None:
        """The type of a stored resource, by its number and, where it is a specialization, its attributes."""
        short = self.discriminators.get(number)
        if short is None:
            return self.by_number.get(number)
        return self._specialized.get((number, short, attributes.get(short)), self.by_number.get(number))

    def instance_type(self, parent: ResourceType) -> ResourceType | None:
        """The type of the instances that a resource of type ``parent`` keeps; None when it keeps none."""
        if parent.instance is None:
            return None
        base = self.by_name[parent.instance]
        if parent.discriminator is None:
            return base
        return self.specialization(base.number, parent.discriminator[1]) or base

    def number_of(self, name: str) -> int:
        """Type number for a long or short name, also of a standard type that is missing here.

        Raises ValueError that names the nearest known one.
        """
        found = self.by_name.get(name) or self.by_short.get(name)
        if found is not None:
            return found.number
        for number, known in STANDARD_TYPES.items():
            if known == name:
                return number
        raise ValueError(f"{name!r} is no resource type; {nearest(name, self.by_name)}")

    def _specializations(self) -> dict[tuple[int, str, Any], ResourceType]:
        found: dict[tuple[int, str, Any], ResourceType] = {}
        for type_ in self.types:
            if type_.discriminator is not None:
                key = (type_.number, *type_.discriminator)
                if key in found:
                    raise ValueError(f"{found[key].root} and {type_.root} share {key[1]} {key[2]!r}")
                found[key] = type_
        return found

    def _shared(self) -> str:
        seen: set[object] = set()
        shared = []
        for type_ in self.types:
            keys: set[object] = {type_.root}
            if type_.discriminator is None:
                keys |= {type_.number, type_.name}
            if keys & seen:
                shared.append(f"{type_.name} ({type_.number}, {type_.root})")
            seen |= keys
        return ", ".join(shared)


@cache
def _default() -> Registry:
    """Made once in a process: it holds nothing but constants."""
    return Registry(*with_announced((*discover(), *standard().types)))


def with_announced(types: Iterable[ResourceType]) -> list[ResourceType]:
    """Types and the announced variants derived from them."""
    given = list(dict.fromkeys(types))
    variants = [variant for variant in map(announced, given) if variant is not None]
    return [*given, *variants]
