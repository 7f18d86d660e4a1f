"""Label queries (``lbq``): one expression over labels of the form ``key[:value]`` (FC-1).

key | NT key | key EQ value | key NE value | key IN (value, ...) | key NI (value, ...)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from resources.errors import BadRequest

#: One way to match each text, so that a long one takes no long time; blanks around it have gone before.
_QUERY = re.compile(
    r"NT\s+(?P<absent>[^\s:]+)|(?P<key>[^\s:]+)(?:\s+(?:(?P<op>EQ|NE)\s+(?P<value>\S.*)"
    r"|(?P<set>IN|NI)\s*\((?P<values>[^()]*)\)))?"
)
_OPERATOR = re.compile(r"\S+\s+(\S+)")
OPERATORS = ("EQ", "NE", "IN", "NI")
EXPECTED = "expected key, NT key, key EQ value, key NE value, key IN (value, ...) or key NI (value, ...)"


@lru_cache(maxsize=256)
def label_query(text: str) -> Callable[[Sequence[str]], bool]:
    """Compile one expression to a test of labels; raises BadRequest that says what is wrong with it."""
    match = _QUERY.fullmatch(text.strip())
    if match is None:
        raise BadRequest(f"lbq: {text[:80]!r}: {_problem(text.strip())}; {EXPECTED}")
    parts = match.groupdict()
    if parts["absent"]:
        absent = parts["absent"]
        return lambda labels: absent not in _values_by_key(labels)
    key = parts["key"]
    if parts["value"] is None and parts["set"] is None:
        return lambda labels: key in _values_by_key(labels)
    wanted = {value.strip() for value in parts["values"].split(",")} if parts["set"] else {parts["value"]}
    if parts["op"] == "NE" or parts["set"] == "NI":
        return lambda labels: key in (found := _values_by_key(labels)) and wanted.isdisjoint(found[key])
    return lambda labels: not wanted.isdisjoint(_values_by_key(labels).get(key, ()))


def _problem(text: str) -> str:
    if not text:
        return "is empty"
    if ":" in text.split(maxsplit=1)[0]:
        return "a key has no ':'; write key EQ value"
    operator = _OPERATOR.match(text)
    if operator is None:
        return "a key or value is missing"
    if operator[1] in ("IN", "NI"):
        return f"{operator[1]} needs values in parentheses"
    if operator[1].partition("(")[0] not in OPERATORS:
        return f"{operator[1][:20]!r} is no operator"
    return "a value is missing"


def _values_by_key(labels: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for label in labels:
        key, _, value = label.partition(":")
        found.setdefault(key, set()).add(value)
    return found
