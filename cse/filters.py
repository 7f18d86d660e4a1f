"""Filter criteria: conditions on a resource (procedures section 5, FC-1, FC-2).

A table maps each tag to a test. Values of one tag are alternatives; tags are combined by ``fo``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cse.primitive import FilterCriteria
from resources.errors import BadRequest
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call

Attributes = Mapping[str, Any]

#: Attributes that have a condition of their own and are not for ``atr``.
NOT_MATCHABLE = frozenset({"ct", "lt", "st", "et", "lbl", "ty", "cs", "cnf"})

#: Longest text with ``*``: it is compared with every candidate.
LONGEST_PATTERN = 256


@dataclass(slots=True)
class Candidate:
    """A resource or instance under test; ``resource`` is None for an instance.

    Of its parent and children counts only what the originator may see: a condition must not tell what access
    control hides.
    """

    call: Call
    attributes: Attributes
    parent: Resource | None
    resource: Resource | None

    async def children(self) -> AsyncIterator[Attributes]:
        """Attributes of the direct children, instances included."""
        resource, call = self.resource, self.call
        if resource is None:
            return
        for child in tuple(resource.children.values()):
            if call.live(child) and call.sees(child):
                yield child.attributes
        if resource.type.instance is not None and not resource.attributes.get("disr"):
            from cse.core import attributes_of

            number = call.core.registry.number_of(resource.type.instance)
            if call.sees(resource, number):
                async for record in call.core.instances.each(resource):
                    if record.expires > call.stamp:
                        yield attributes_of(record)


def _before(name: str) -> Callable[[Sequence[Any], Attributes], bool]:
    return lambda values, attributes: name in attributes and any(attributes[name] < value for value in values)


def _from(name: str) -> Callable[[Sequence[Any], Attributes], bool]:
    return lambda values, attributes: name in attributes and any(attributes[name] >= value for value in values)


def _labels(values: Sequence[Any], attributes: Attributes) -> bool:
    return not set(values).isdisjoint(attributes.get("lbl") or ())


def _types(values: Sequence[Any], attributes: Attributes) -> bool:
    return attributes.get("ty") in values


def _content_type(values: Sequence[Any], attributes: Attributes) -> bool:
    info = attributes.get("cnf")
    return info is not None and info.partition(":")[0] in values


def _attribute(values: Sequence[tuple[str, Any]], attributes: Attributes) -> bool:
    return any(_equal(attributes.get(name), value) for name, value in values)


def _equal(actual: Any, wanted: Any) -> bool:
    if actual is None:
        return False
    if isinstance(actual, list):
        return actual == wanted or any(_equal(item, wanted) for item in actual)
    if isinstance(wanted, str) and isinstance(actual, str):
        return pattern(wanted).match(actual) is not None if "*" in wanted else actual == wanted
    if isinstance(wanted, str):
        return wanted == "*" or (not isinstance(actual, dict) and _as_text(actual) == wanted)
    return bool(actual == wanted) and isinstance(actual, bool) == isinstance(wanted, bool)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=256)
def pattern(wildcards: str) -> re.Pattern[str]:
    """Compile a text where ``*`` is any run of characters and nothing else is special."""
    literal = wildcards.replace("[", "[[]").replace("?", "[?]")
    return re.compile(translate(literal))


def _label_query(values: Sequence[str], attributes: Attributes) -> bool:
    labels = attributes.get("lbl") or ()
    return any(label_query(text)(labels) for text in values)


#: One way to match each text, so that a long one takes no long time; blanks around it have gone before.
_QUERY = re.compile(
    r"NT\s+(?P<absent>[^\s:]+)|(?P<key>[^\s:]+)(?:\s+(?:(?P<op>EQ|NE)\s+(?P<value>\S.*)"
    r"|(?P<set>IN|NI)\s*\((?P<values>[^()]*)\)))?"
)


@lru_cache(maxsize=256)
def label_query(text: str) -> Callable[[Sequence[str]], bool]:
    """Compile one ``lbq`` expression over ``key[:value]`` labels; raises BadRequest when it is none."""
    match = _QUERY.fullmatch(text.strip())
    if match is None:
        raise BadRequest(f"lbq: {text!r} is no labels expression; expected key, NT key, key EQ value, key NE value, "
                         "key IN (value, ...) or key NI (value, ...)")
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


def _values_by_key(labels: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for label in labels:
        key, _, value = label.partition(":")
        found.setdefault(key, set()).add(value)
    return found


Test = Callable[[Sequence[Any], Attributes], bool]

#: Conditions on the candidate itself.
OWN: dict[str, Test] = {
    "crb": _before("ct"), "cra": _from("ct"), "us": _before("lt"), "ms": _from("lt"),
    "sts": _before("st"), "stb": _from("st"), "exb": _before("et"), "exa": _from("et"),
    "szb": _before("cs"), "sza": _from("cs"),
    "lbl": _labels, "ty": _types, "cty": _content_type, "atr": _attribute, "lbq": _label_query,
}
#: The same tests, applied to the parent or to some child.
OF_PARENT: dict[str, Test] = {"palb": _labels, "pty": _types, "patr": _attribute}
OF_CHILD: dict[str, Test] = {"clbl": _labels, "chty": _types, "catr": _attribute}


@dataclass(slots=True)
class Filter:
    """Filter criteria ready for use; ``limit`` and ``offset`` have their defaults."""

    conditions: dict[str, list[Any]] = field(default_factory=dict)
    operation: int = 1
    limit: int = 1 << 62
    level: int | None = None
    offset: int = 1

    @property
    def everything(self) -> bool:
        """True when there is no condition."""
        return not self.conditions

    async def matches(self, candidate: Candidate) -> bool:
        """Test a candidate."""
        if not self.conditions:
            return True
        return combine(self.operation, [await _test(tag, values, candidate)
                                        for tag, values in self.conditions.items()])


def combine(operation: int, outcomes: list[bool]) -> bool:
    """Combine outcomes by ``fo``: 1 AND, 2 OR, 3 XOR (FC-1)."""
    if operation == 2:
        return any(outcomes)
    if operation == 3:
        return sum(outcomes) % 2 == 1
    return all(outcomes)


async def _test(tag: str, values: Sequence[Any], candidate: Candidate) -> bool:
    own = OWN.get(tag)
    if own is not None:
        return own(values, candidate.attributes)
    of_parent = OF_PARENT.get(tag)
    if of_parent is not None:
        parent = candidate.parent
        return parent is not None and candidate.call.sees(parent) and of_parent(values, parent.attributes)
    of_child = OF_CHILD[tag]
    async for child in candidate.children():
        if of_child(values, child):
            return True
    return False


def compile_filter(criteria: FilterCriteria | None, most: int) -> Filter:
    """Check and complete filter criteria; ``most`` is the highest number of results of this CSE (DIS-4)."""
    if criteria is None:
        return Filter(limit=most)
    for tag in ("atr", "catr", "patr"):
        for name, value in criteria.conditions.get(tag, ()):
            if isinstance(value, str) and "*" in value and len(value) > LONGEST_PATTERN:
                raise BadRequest(f"fc.{tag}: the pattern for {name} has {len(value)} characters; "
                                 f"at most {LONGEST_PATTERN} are possible")
            if name in NOT_MATCHABLE:
                raise BadRequest(f"fc.{tag}: {name} has a condition of its own and cannot be matched as an attribute")
    for text in criteria.conditions.get("lbq", ()):
        label_query(text)
    limit = most if criteria.limit is None else min(most, criteria.limit)
    return Filter(criteria.conditions, criteria.operation, limit, criteria.level, criteria.offset or 1)
