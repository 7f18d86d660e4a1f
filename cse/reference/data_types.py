"""The data types of the tables as named schemas: each is written once and referred to by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import resources
from resources.datatypes import DataType
from resources.registry import Registry

#: Names of the standard; the others describe themselves, such as "list of m2m:ID".
_NAMED = re.compile(r"[a-z0-9]+:\w+")

#: Schemas as short as this are written where they stand: a reference would say less.
_PLAIN: tuple[Mapping[str, Any], ...] = ({}, *({"type": kind} for kind in ("string", "boolean", "integer", "number")))


def constants() -> Iterator[DataType]:
    """Find the ``DataType`` constants of every module of the ``resources`` folder."""
    for module in walk_packages(resources.__path__, "resources."):
        yield from (value for value in vars(import_module(module.name)).values() if isinstance(value, DataType))


class DataTypes:
    """Named schemas, and other schemas written with references to them.

    A data type's schema holds those of its parts as the very same objects, which is how a part's name is found.
    """

    def __init__(self, registry: Registry, prefix: str = "#/$defs/") -> None:
        self._prefix = prefix
        rows = (row.type for type_ in registry.types for row in type_.attributes)
        self._names = _named(type_ for type_ in (*constants(), *rows) if _NAMED.fullmatch(type_.name))
        self._used: dict[str, Mapping[str, Any]] = {}

    def reference(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Write a schema with references to the named types in it, or as one reference."""
        name = self._names.get(id(schema))
        if name is None:
            return self._inside(schema)
        self._used[name] = schema
        return {"$ref": f"{self._prefix}{name}"}

    def definitions(self) -> dict[str, Any]:
        """Every schema that was referred to, and what those refer to."""
        done: dict[str, Any] = {}
        while waiting := [name for name in self._used if name not in done]:
            for name in waiting:
                done[name] = {"title": name, **self._inside(self._used[name])}
        return dict(sorted(done.items()))

    def _inside(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._part(value) for key, value in schema.items()}

    def _part(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.reference(value)
        return [self._part(one) for one in value] if isinstance(value, list | tuple) else value


def _named(types: Iterable[DataType]) -> dict[int, str]:
    """Names by the identity of schemas; a name that stands for two different schemas gets a number."""
    names: dict[int, str] = {}
    schemas: dict[str, Mapping[str, Any]] = {}
    for type_ in types:
        if id(type_.schema) in names or type_.schema in _PLAIN:
            continue
        plain = name = type_.name.partition(":")[2]
        number = 1
        while name in schemas and schemas[name] != type_.schema:
            number += 1
            name = f"{plain}_{number}"
        schemas[name] = type_.schema
        names[id(type_.schema)] = name
    return names
