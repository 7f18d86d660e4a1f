"""Filter criteria from keyword arguments: ``ty=3, lbl=["a", "b"], lim=10, rn="meter*"``."""

from __future__ import annotations

from typing import Any

from cse.parameters import FILTER_CRITERIA
from cse.primitive import FilterCriteria

#: Conditions that hold (name, value) pairs: an attribute of the resource, of a child, of its parent.
ATTRIBUTE_PAIRS = ("atr", "catr", "patr")


def filter_criteria(**criteria: Any) -> FilterCriteria:
    """Make filter criteria; a list means any of its values; a name that is no condition matches that attribute."""
    result = FilterCriteria()
    for name, value in criteria.items():
        row = FILTER_CRITERIA.get(name)
        if row is not None and row.field:
            setattr(result, row.field, value)
            continue
        values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        if row is not None or name in ATTRIBUTE_PAIRS:
            result.conditions.setdefault(name, []).extend(values)
        else:
            result.conditions.setdefault("atr", []).extend((name, each) for each in values)
    return result
