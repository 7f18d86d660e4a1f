"""Resource types by the names people use: ``cnt``, ``container`` or ``3``."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from resources.model import ResourceType
from resources.registry import Registry

#: Found and indexed once; the tables are constants.
registry = cache(Registry.default)


def kind_of(name: str) -> ResourceType:
    """Find a type by short name, long name or root element; raises ValueError that names the nearest one."""
    known = registry()
    found = known.by_short.get(name) or known.by_name.get(name) or known.by_root.get(name)
    if found is not None:
        return found
    names = [*known.by_short, *known.by_name]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known.by_short))}"
    raise ValueError(f"{name!r} is no resource type; {hint}")


def type_number(kind: str | int) -> int:
    """Return the number of a type given by number (text too), short or long name."""
    if isinstance(kind, int) or (kind.isascii() and kind.isdigit()):
        return int(kind)
    return kind_of(kind).number


def structural_types() -> tuple[int, ...]:
    """Numbers of all types but instances."""
    return tuple(sorted(number for number, type_ in registry().by_number.items() if type_.instance_of is None))


def short_name(number: int) -> str:
    """Return the short name of a type number, or the number as text when it is unknown."""
    type_ = registry().by_number.get(number)
    return str(number) if type_ is None else type_.short
