"""Resource types by the names people use: ``cnt``, ``container`` or ``3``."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from resources.model import ResourceType
from resources.registry import REGISTRY


def kind_of(name: str) -> ResourceType:
    """Find a type by short or long name; raises ValueError that names the nearest one."""
    for type_ in REGISTRY.types:
        if name in (type_.short, type_.name, type_.root):
            return type_
    known = [each for type_ in REGISTRY.types for each in (type_.short, type_.name)]
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}"
    raise ValueError(f"{name!r} is no resource type; {hint}")


def type_number(kind: str | int) -> int:
    """Return the number of a type given by number (text too), short or long name."""
    if isinstance(kind, int) or kind.isascii() and kind.isdigit():
        return int(kind)
    return kind_of(kind).number


@cache
def structural_types() -> tuple[int, ...]:
    """Numbers of all types but instances."""
    return tuple(type_.number for type_ in REGISTRY.types if type_.instance_of is None)


def short_name(number: int) -> str:
    """Return the short name of a type number, or the number as text when it is unknown."""
    return next((type_.short for type_ in REGISTRY.types if type_.number == number), str(number))
