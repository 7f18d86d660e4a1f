"""Representation checks of CREATE and UPDATE (rules CRE-2 … CRE-9, UPD-1 … UPD-3), compiled from the tables.

Every attribute becomes one check function in a dictionary, so a request costs a look-up and a call per attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from resources.datatypes import Check, Invalid, nearest, shown
from resources.errors import BadRequest
from resources.model import Attribute, Optionality, ResourceType
from resources.registry import Registry


@dataclass(frozen=True, slots=True)
class _Rules:
    """A compiled table: checks of what a request may carry, what it must carry, what UPDATE cannot remove."""

    create: dict[str, Check]
    mandatory: tuple[str, ...]
    update: dict[str, Check]
    fixed: frozenset[str]
    defaults: dict[str, Any]


def _null(value: object) -> None:
    """CRE-5: a request asks for the creator with null; the CSE fills it in."""
    if value is not None:
        raise Invalid(f"expected null (the CSE fills in the originator), got {shown(value)}")


def _compile(type_: ResourceType) -> _Rules:
    rows = type_.attributes
    checks = {row.short: _null if row.short == "cr" else row.type.check for row in rows}
    return _Rules(
        create={row.short: checks[row.short] for row in rows if row.create is not Optionality.FORBIDDEN},
        mandatory=tuple(row.short for row in rows if row.create is Optionality.MANDATORY),
        update={row.short: checks[row.short] for row in rows if row.update is not Optionality.FORBIDDEN},
        fixed=frozenset(row.short for row in rows if row.single and row.short != "et"),
        defaults={row.short: row.default for row in rows if row.single and row.default is not None},
    )


class _Compiled(dict[ResourceType, _Rules]):
    """Tables compiled when they are first needed: most device models never are."""

    def __missing__(self, type_: ResourceType) -> _Rules:
        rules = self[type_] = _compile(type_)
        return rules


class Validator:
    """Checks the content of CREATE and UPDATE against the tables of a registry."""

    __slots__ = ("_registry", "_rules")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rules = _Compiled()

    def root_of(self, type_: ResourceType, content: Mapping[str, Any]) -> dict[str, Any]:
        """Take the attributes out of the root element; raises BadRequest unless it is the one of the type (CRE-2)."""
        given = content.get(type_.root)
        if type(given) is dict and len(content) == 1:
            return given
        if len(content) != 1:
            raise BadRequest(f"pc: expected exactly one root element {type_.root!r}, got {len(content)}")
        (root,) = content
        if root == type_.root:
            raise BadRequest(f"{root}: expected an object with the attributes, got {shown(given)}")
        other = self._registry.by_root.get(root)
        of_other = f" of {other.name}" if other is not None else ""
        raise BadRequest(f"pc: root element {shown(root)}{of_other} does not match; "
                         f"expected {type_.root!r} of {type_.name} (ty {type_.number})")

    def create(self, type_: ResourceType, given: Mapping[str, Any]) -> None:
        """Check the attributes of a CREATE; raises BadRequest naming the attribute (CRE-3, CRE-5, CRE-9)."""
        rules = self._rules[type_]
        checks = rules.create
        for short, value in given.items():
            check = checks.get(short)
            if check is None:
                _refuse(type_, short, "CREATE", checks)
            try:
                check(value)
            except Invalid as problem:
                hint = "; null has a meaning in an UPDATE only" if value is None else ""
                raise BadRequest(f"{problem.within(short)}{hint}") from None
        for short in rules.mandatory:
            if short not in given:
                row = type_.by_short[short]
                raise BadRequest(f"{short}: {row.name} is missing; a CREATE of {type_.name} must have it")

    def update(self, type_: ResourceType, given: Mapping[str, Any]) -> None:
        """Check the attributes of an UPDATE; raises BadRequest naming the attribute (UPD-1, UPD-2, UPD-3)."""
        rules = self._rules[type_]
        checks = rules.update
        for short, value in given.items():
            check = checks.get(short)
            if check is None:
                _refuse(type_, short, "UPDATE", checks)
            if value is None:
                if short in rules.fixed:
                    raise BadRequest(f"{short}: {type_.name} always has it; null cannot remove it")
                continue
            try:
                check(value)
            except Invalid as problem:
                raise BadRequest(str(problem.within(short))) from None
        if "acpi" in given and len(given) > 1:
            others = ", ".join(shown(short) for short in given if short != "acpi")
            raise BadRequest(f"acpi: must be the only attribute of an UPDATE; leave out {others}")

    def defaults(self, type_: ResourceType) -> Mapping[str, Any]:
        """Values of the multiplicity-1 attributes that a CREATE left out (CRE-8). Shared: copy, do not change."""
        return self._rules[type_].defaults


def _refuse(type_: ResourceType, short: str, operation: str, allowed: Mapping[str, Check]) -> NoReturn:
    """Say why an attribute cannot stand in this operation and which one might have been meant."""
    row = type_.by_short.get(short)
    if row is not None:
        raise BadRequest(f"{short}: {row.name} of {type_.name} cannot be given in {_article(operation)}; "
                         f"{_reason(row)}")
    by_name = next((row for row in type_.attributes if row.name == short), None)
    advice = f"the short name of it is {by_name.short!r}" if by_name is not None else nearest(short, allowed)
    raise BadRequest(f"{shown(short)} is no attribute of {type_.name}; {advice}")


def _article(operation: str) -> str:
    return f"an {operation}" if operation == "UPDATE" else f"a {operation}"


def _reason(row: Attribute) -> str:
    return "the CSE sets it" if row.create is Optionality.FORBIDDEN else "it is set at creation only"
