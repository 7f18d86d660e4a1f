"""Conditions on the attributes of one resource: times, sizes, labels, types, attribute values (FC-1, FC-2).

A compiler takes the values of one tag, which are alternatives, and gives the test of one candidate's attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Any

from cse.criteria.labels import label_query
from resources.errors import BadRequest

Attributes = Mapping[str, Any]
Test = Callable[[Attributes], bool]
Compiler = Callable[[Sequence[Any]], Test]

#: Attributes that have a condition of their own and are not for ``atr``.
NOT_MATCHABLE = frozenset({"ct", "lt", "st", "et", "lbl", "ty", "cs", "cnf"})

#: Longest text with ``*``: it is compared with every candidate.
LONGEST_PATTERN = 256


def _before(name: str) -> Compiler:
    def compile_(values: Sequence[Any]) -> Test:
        latest = max(values)
        return lambda attributes: name in attributes and bool(attributes[name] < latest)

    return compile_


def _from(name: str) -> Compiler:
    def compile_(values: Sequence[Any]) -> Test:
        earliest = min(values)
        return lambda attributes: name in attributes and bool(attributes[name] >= earliest)

    return compile_


def _labels(values: Sequence[Any]) -> Test:
    wanted = frozenset(values)
    return lambda attributes: not wanted.isdisjoint(attributes.get("lbl") or ())


def _types(values: Sequence[Any]) -> Test:
    wanted = frozenset(values)
    return lambda attributes: attributes.get("ty") in wanted


def _content_types(values: Sequence[Any]) -> Test:
    wanted = frozenset(values)
    return lambda attributes: (attributes.get("cnf") or "").partition(":")[0] in wanted


def _label_queries(values: Sequence[str]) -> Test:
    queries = [label_query(text) for text in values]

    def test(attributes: Attributes) -> bool:
        labels = attributes.get("lbl") or ()
        return any(query(labels) for query in queries)

    return test


def _values(values: Sequence[tuple[str, Any]]) -> Test:
    for name, value in values:
        if name in NOT_MATCHABLE:
            raise BadRequest(f"{name} has a condition of its own and cannot be matched as an attribute")
        if isinstance(value, str) and "*" in value and len(value) > LONGEST_PATTERN:
            raise BadRequest(f"the pattern for {name} has {len(value)} characters; at most {LONGEST_PATTERN} "
                             "are possible")
    pairs = tuple(values)
    return lambda attributes: any(equal(attributes.get(name), value) for name, value in pairs)


def equal(actual: Any, wanted: Any) -> bool:
    """True when an attribute has a value; a text may hold ``*``, a list matches by any of its items."""
    if actual is None:
        return False
    if isinstance(actual, list):
        return actual == wanted or any(equal(item, wanted) for item in actual)
    if isinstance(wanted, str):
        if wanted == "*" or isinstance(actual, dict):
            return wanted == "*"
        text = actual if isinstance(actual, str) else _as_text(actual)
        return pattern(wanted).match(text) is not None if "*" in wanted else text == wanted
    return bool(actual == wanted) and isinstance(actual, bool) == isinstance(wanted, bool)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=256)
def pattern(wildcards: str) -> re.Pattern[str]:
    """Compile a text where ``*`` is any run of characters and nothing else is special."""
    literal = wildcards.replace("[", "[[]").replace("?", "[?]")
    return re.compile(translate(literal))


#: Conditions on the candidate itself.
OWN: dict[str, Compiler] = {
    "crb": _before("ct"), "cra": _from("ct"), "us": _before("lt"), "ms": _from("lt"),
    "sts": _before("st"), "stb": _from("st"), "exb": _before("et"), "exa": _from("et"),
    "szb": _before("cs"), "sza": _from("cs"),
    "lbl": _labels, "ty": _types, "cty": _content_types, "atr": _values, "lbq": _label_queries,
}
#: The same tests, applied to the parent or to some child.
OF_PARENT: dict[str, Compiler] = {"palb": _labels, "pty": _types, "patr": _values}
OF_CHILD: dict[str, Compiler] = {"clbl": _labels, "chty": _types, "catr": _values}
