"""Access control rules: a ``m2m:setOfAcrs`` compiled for fast decisions (ACP-3 … ACP-8).

Most rules say only who may do what. These become one mask of operations per originator, looked up in a dict. Rules
with contexts, object details, attributes, an authentication flag or groups are evaluated for each request, and only
when no plain rule allows it. A rule with anything unknown in it never allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from cse.access.contexts import Condition, Location, compile_context
from cse.access.originators import Originators, compile_originators
from cse.identifiers import Identity
from resources.model import Permission

MEMBERS = frozenset({"acor", "acop", "acco", "acaf", "acod", "aca"})
DETAIL_MEMBERS = frozenset({"ty", "spty", "chty"})
ALL_OPERATIONS = 63
Compiled = TypeVar("Compiled")
#: Operations that can touch some attributes only; the others are about the whole resource.
TOUCHING = Permission.CREATE | Permission.RETRIEVE | Permission.UPDATE
#: Originators remembered per set of rules, beyond those that it names.
REMEMBERED = 256


@dataclass(slots=True)
class Ask:
    """One question to the rules.

    ``originator`` is normalised (``Identity.entity``), ``permission`` one bit of ``Permission``. ``target_type`` is
    the resource type number of the target (of the parent for a CREATE), ``specialization`` its ``cnd`` or ``mgd``,
    ``child_type`` the type to create. ``now`` is seconds since the epoch. ``is_member`` tells whether the originator
    (second) is a member of the group (first). ``attributes`` are the short names that the request touches, None when
    it touches the whole resource.
    """

    originator: str
    permission: int
    target_type: int
    child_type: int | None
    now: float
    address: str | None
    location: Location | None
    authenticated: bool
    is_member: Callable[[str, str], bool]
    attributes: frozenset[str] | None = None
    specialization: str | int | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """One entry of ``acod`` (ACP-7); None stands for a member that is absent."""

    target_type: int | None
    specialization: str | int | None
    child_types: tuple[int, ...]

    def match(self, ask: Ask) -> bool:
        """True when the entry is about this operation on this type."""
        if self.specialization is not None and self.specialization != ask.specialization:
            return False
        if ask.permission == Permission.CREATE:
            return ask.child_type in self.child_types and self.target_type in (None, ask.target_type)
        return self.target_type == ask.target_type


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled ``m2m:accessControlRule``; None stands for a part that does not restrict."""

    originators: Originators
    operations: int
    authenticated: bool
    contexts: tuple[Condition, ...] | None
    details: tuple[Details, ...] | None
    attributes: frozenset[str] | None

    @property
    def is_plain(self) -> bool:
        """True when the rule looks at the originator and the operation only."""
        unrestricted = self.contexts is None and self.details is None and self.attributes is None
        return unrestricted and not self.authenticated

    def match(self, ask: Ask) -> bool:
        """True when everything but ``attributes`` holds (ACP-3); the group lookup comes last, it costs most."""
        return (
            bool(self.operations & ask.permission)
            and (ask.authenticated or not self.authenticated)
            and (self.details is None or any(details.match(ask) for details in self.details))
            and (self.contexts is None or any(condition(ask) for condition in self.contexts))
            and (
                self.originators.match(ask.originator)
                or self.originators.match_group(ask.originator, ask.is_member)
            )
        )


class Rules:
    """A compiled ``m2m:setOfAcrs``; ``conditional`` are the rules that ``mask`` does not tell all about."""

    __slots__ = ("_everybody", "_masks", "_named", "_patterned", "conditional")

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        plain = [rule for rule in rules if rule.is_plain]
        self.conditional = tuple(rule for rule in rules if not rule.is_plain or rule.originators.groups)
        self._patterned = tuple(rule for rule in plain if rule.originators.has_patterns)
        self._everybody = 0
        self._named: dict[str, int] = {}
        self._masks: dict[str, int] = {}
        for rule in plain:
            if rule.originators.everybody:
                self._everybody |= rule.operations
            for entity in rule.originators.entities:
                self._named[entity] = self._named.get(entity, 0) | rule.operations

    def mask(self, originator: str) -> int:
        """Operations that the plain rules allow the (normalised) originator, as bits of ``Permission``."""
        mask = self._masks.get(originator)
        return self._learn(originator) if mask is None else mask

    def permits(self, ask: Ask) -> bool:
        """True when some rule allows it; the attributes of several rules add up (ACP-8)."""
        return bool(self.mask(ask.originator) & ask.permission) or permit_together((self,), ask)

    def _learn(self, originator: str) -> int:
        mask = self._everybody | self._named.get(originator, 0)
        for rule in self._patterned:
            if rule.originators.match(originator):
                mask |= rule.operations
        if len(self._masks) >= len(self._named) + REMEMBERED:
            self._masks.clear()
        self._masks[originator] = mask
        return mask


def permit_together(sets: Iterable[Rules], ask: Ask) -> bool:
    """True when the conditional rules of several sets allow it; attributes add up over all of them (ACP-8)."""
    touched = (ask.attributes if ask.permission & TOUCHING else None) or frozenset()
    covered: set[str] = set()
    for rules in sets:
        for rule in rules.conditional:
            if rule.attributes is not None and not touched:
                continue
            if rule.match(ask):
                if rule.attributes is None:
                    return True
                covered |= rule.attributes
    return bool(touched) and touched <= covered


def compile_rules(privileges: Mapping[str, Any], identity: Identity) -> Rules:
    """Compile the value of ``pv`` or ``pvs``; what cannot be understood allows nothing and raises nothing."""
    entries = privileges.get("acr")
    if not isinstance(entries, list):
        return Rules(())
    return Rules(rule for entry in entries if (rule := _compile_rule(entry, identity)) is not None)


def _compile_rule(entry: Any, identity: Identity) -> Rule | None:
    """Compile one rule; None when it can never allow anything."""
    if not isinstance(entry, Mapping) or entry.keys() - MEMBERS:
        return None
    originators, operations, flag = entry.get("acor"), entry.get("acop"), entry.get("acaf", False)
    if not isinstance(originators, list) or not isinstance(flag, bool):
        return None
    if not _is_number(operations) or not 0 < operations <= ALL_OPERATIONS:
        return None
    contexts, details = _alternatives(entry, "acco", compile_context), _alternatives(entry, "acod", _compile_details)
    attributes = entry.get("aca")
    if contexts == () or details == () or not (attributes is None or _is_texts(attributes)):
        return None
    return Rule(
        compile_originators(originators, identity),
        operations,
        flag,
        contexts,
        details,
        None if attributes is None else frozenset(attributes),
    )


def _alternatives(
    entry: Mapping[str, Any], member: str, compile_one: Callable[[Any], Compiled | None]
) -> tuple[Compiled, ...] | None:
    """Compile a list of alternatives; None when absent or empty, () when none of them can be met."""
    values = entry.get(member)
    if values is None or values == []:
        return None
    if not isinstance(values, list):
        return ()
    return tuple(compiled for value in values if (compiled := compile_one(value)) is not None)


def _compile_details(entry: Any) -> Details | None:
    if not isinstance(entry, Mapping) or entry.keys() - DETAIL_MEMBERS:
        return None
    target_type, child_types, specialization = entry.get("ty"), entry.get("chty", []), None
    if not (target_type is None or _is_number(target_type)) or not isinstance(child_types, list):
        return None
    if "spty" in entry:
        specialization = _specialization(entry["spty"])
        if specialization is None:
            return None
    return Details(target_type, specialization, tuple(child for child in child_types if _is_number(child)))


def _specialization(value: Any) -> str | int | None:
    """The one member of a ``m2m:specializationType``: ``cnd`` (text) or ``mgd`` (number)."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    definition, number = value.get("cnd"), value.get("mgd")
    if isinstance(definition, str):
        return definition
    return number if _is_number(number) else None


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
