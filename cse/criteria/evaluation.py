"""``evalCriteria``: one attribute, an operator, a threshold, compiled once into a test (ACT-1, ACT-4, PRM-1, PRM-3)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from resources.complex_types.access import FIRST_ORDERED_OPERATOR
from resources.datatypes import Invalid, nearest, shown
from resources.errors import BadRequest
from resources.model import ResourceType

Attributes = Mapping[str, Any]
Test = Callable[[Attributes], bool]


def _same(value: Any, threshold: Any) -> bool:
    return isinstance(value, bool) is isinstance(threshold, bool) and bool(value == threshold)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """The comparison of two numbers or of two texts; of anything else false."""
    def both(value: Any, threshold: Any) -> bool:
        kinds = _kind(value), _kind(threshold)
        return kinds[0] is not None and kinds[0] == kinds[1] and compare(value, threshold)

    return both


def _kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None


#: m2m:evalCriteriaOperator.
OPERATORS: Mapping[int, Callable[[Any, Any], bool]] = {
    1: _same,
    2: lambda value, threshold: not _same(value, threshold),
    3: _ordered(operator.gt),
    4: _ordered(operator.lt),
    5: _ordered(operator.ge),
    6: _ordered(operator.le),
}


def compile_criteria(criteria: Attributes) -> Test:
    """The test of one resource's attributes; an attribute that the resource does not have meets nothing."""
    name, compare, threshold = criteria["sbjt"], OPERATORS[criteria["optr"]], criteria["thld"]
    return lambda attributes: name in attributes and compare(attributes[name], threshold)


def check_criteria(criteria: Attributes, type_: ResourceType, where: str = "evc") -> None:
    """Raise BadRequest unless the criteria are about an attribute of the type and a value it can have (ACT-1)."""
    name, threshold = criteria["sbjt"], criteria["thld"]
    row = type_.by_short.get(name)
    if row is None:
        raise BadRequest(f"{where}.sbjt: {shown(name)} is no attribute of {type_.name}; "
                         f"{nearest(name, type_.by_short)}")
    try:
        row.type.check(threshold)
    except Invalid as problem:
        raise BadRequest(f"{where}.thld: must be a value of {name}; {problem}") from None
    if criteria["optr"] >= FIRST_ORDERED_OPERATOR and not row.type.ordered and row.type.json != "any":
        raise BadRequest(f"{where}.optr: {name} ({row.type.name}) has no bigger and smaller; use 1 (equal) or 2")
