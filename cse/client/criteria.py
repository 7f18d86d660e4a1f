"""Filter criteria from keyword arguments: ``ty=3, lbl=["a", "b"], lim=10, rn="meter*"``."""

from __future__ import annotations

from typing import Any

from cse.primitive import FilterCriteria

#: Handling conditions: the wire name and the field of ``FilterCriteria`` (TS-0004 7.3.3.17).
HANDLING = {
    "fu": "usage", "fo": "operation", "lim": "limit", "lvl": "level", "ofst": "offset", "arp": "relative_path",
}  # fmt: skip
#: Matching conditions by their wire name; any other name is an attribute match.
TAGS = frozenset({
    "crb", "cra", "us", "ms", "sts", "stb", "exb", "exa", "szb", "sza", "lbl", "clbl", "palb", "lbq", "ty", "chty",
    "pty", "cty", "atr", "catr", "patr", "smf", "cfs", "cfq", "gmty", "geom", "gsf", "aq", "ops",
})  # fmt: skip


def filter_criteria(**criteria: Any) -> FilterCriteria:
    """Make filter criteria; a list means any of its values; a name that is no condition matches that attribute."""
    result = FilterCriteria()
    for name, value in criteria.items():
        if name in HANDLING:
            setattr(result, HANDLING[name], value)
            continue
        values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        if name in TAGS:
            result.conditions.setdefault(name, []).extend(values)
        else:
            result.conditions.setdefault("atr", []).extend((name, each) for each in values)
    return result
