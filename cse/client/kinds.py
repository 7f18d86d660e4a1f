"""Resource types by the names people use: ``cnt``, ``container`` or ``3``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final

from resources.model import ResourceType
from resources.registry import Registry

MANAGEMENT_OBJECT: Final = "mgmtObj"
#: Found and indexed once; the tables are constants.
registry = cache(Registry.default)


@cache
def management_objects() -> Mapping[str, ResourceType]:
    """Management objects by short and long name; no base type has one of these names."""
    objects = [type_ for type_ in registry().types if type_.base == MANAGEMENT_OBJECT]
    return {name: type_ for type_ in objects for name in (type_.short, type_.name)}


def kind_of(name: str) -> ResourceType:
    """Find a type by short name, long name or root element; raises ValueError that names the nearest one."""
    known, objects = registry(), management_objects()
    found = known.by_short.get(name) or known.by_name.get(name) or known.by_root.get(name) or objects.get(name)
    if found is not None:
        return found
    near = get_close_matches(name, [*known.by_short, *known.by_name, *objects], 1)
    hint = f"did you mean {near[0]!r}?" if near else "expected for example cnt, container, m2m:bat or cod:tempe"
    raise ValueError(f"{name!r} is no resource type; {hint}")


def type_number(kind: str | int) -> int:
    """Return the number of a type given by number (text too), short or long name; raises ValueError.

    The name of a specialization is refused: its number is that of all of them.
    """
    if isinstance(kind, int) or (kind.isascii() and kind.isdigit()):
        return int(kind)
    type_ = kind_of(kind)
    if type_.discriminator is not None:
        name, value = type_.discriminator
        raise ValueError(f"{kind!r} has the type number of every {type_.base}; ask for {name}={value}")
    return type_.number


def structural_types() -> tuple[int, ...]:
    """Numbers of all types but instances."""
    return tuple(sorted(number for number, type_ in registry().by_number.items() if type_.instance_of is None))


def short_name(number: int) -> str:
    """Return the short name of a type number, or the number as text when it is unknown."""
    type_ = registry().by_number.get(number)
    return str(number) if type_ is None else type_.short
