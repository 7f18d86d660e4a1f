"""What XML does not say and JSON does: which member is a list, a number, a boolean or an object.

Computed from the tables of resource types, contents and primitives, once for each (TS-0004 8.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from resources.complex_types.elements import resource_wrapper
from resources.complex_types.primitives import CONTENT_ELEMENTS, child_resource_ref
from resources.datatypes import Check, DataType, Member
from resources.model import ResourceType
from resources.registry import Registry


class Kind(Enum):
    """What the text of an element stands for; OBJECT has elements, ANY whatever it has."""

    TEXT = "text"
    FORMED = "text of a form"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    OBJECT = "elements"
    ANY = "anything"


class Many(Enum):
    """How a list is written."""

    NO = "one value"
    BLANKS = "values with blanks between them"
    REPEATED = "an element for each"


class Roots(Enum):
    """What elements with a prefix are in an object: none but members, its one content, children in arrays."""

    NONE = 0
    ONE = 1
    ARRAYS = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """One member, or one root element.

    ``members`` are those of an object in the order of the schema; ``attributes`` the members that are XML attributes;
    ``base`` the member that is the text of the element. ``removable``: an empty element is null, not an empty value.
    ``check`` raises ValueError for text that has not its form.
    """

    kind: Kind
    many: Many = Many.NO
    members: Mapping[str, Shape] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    base: str = ""
    roots: Roots = Roots.NONE
    removable: bool = False
    check: Check | None = None


ANYTHING = Shape(Kind.ANY)
_KINDS = {"number": Kind.NUMBER, "boolean": Kind.BOOLEAN, "any": Kind.ANY, "object": Kind.OBJECT}
_SCALARS = frozenset({Kind.TEXT, Kind.FORMED, Kind.NUMBER, Kind.BOOLEAN})
#: Objects whose members are named by roots.
_CONTENTS = {"m2m:primitiveContent", "m2m:representation", "m2m:resourceWrapper"}
#: Long name of the member that is the text of an element with XML attributes.
_BASE_CONTENT = "(base content)"


class Shapes:
    """Shapes by root element (``m2m:cnt``, ``m2m:sgn``, ``m2m:rqp``, ``cod:color``), each made when first asked for."""

    __slots__ = ("_known", "_registry", "_roots")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[DataType, Shape] = {}
        self._roots: dict[str, Shape] = {}

    def root(self, name: str) -> Shape:
        """The shape of a root element; anything may be in one that no table has."""
        shape = self._roots.get(name)
        if shape is not None:
            return shape
        if (type_ := self._registry.by_root.get(name)) is not None:
            shape = self._resource(type_)
        elif (content := CONTENT_ELEMENTS.get(name)) is not None:
            shape = self.of(content)
        else:
            return ANYTHING
        self._roots[name] = shape
        return shape

    def of(self, type_: DataType) -> Shape:
        """The shape of a data type."""
        known = self._known.get(type_)
        if known is None:
            known = self._known[type_] = self._made(type_)
        return known

    def _made(self, type_: DataType) -> Shape:
        if type_.json == "array":
            item = self.of(type_.item) if type_.item is not None else Shape(Kind.FORMED)
            many = Many.BLANKS if item.kind in _SCALARS and item.many is Many.NO else Many.REPEATED
            return replace(item, many=many)
        if type_.json == "object":
            return self._object(type_)
        kind = _KINDS.get(type_.json)
        if kind is not None:
            return Shape(kind)
        return Shape(Kind.FORMED, check=type_.check) if "pattern" in type_.schema else Shape(Kind.TEXT)

    def _object(self, type_: DataType) -> Shape:
        if type_.name in _CONTENTS:
            members = {"uri": Shape(Kind.FORMED)} if type_ is resource_wrapper else {}
            return Shape(Kind.OBJECT, members=members, roots=Roots.ONE)
        if not type_.members:
            return Shape(Kind.ANY)
        members = dict(self._members(type_.members))
        base = next((member.short for member in type_.members if member.name == _BASE_CONTENT), "")
        attributes = tuple(short for short in members if base and short != base)
        return Shape(Kind.OBJECT, members=members, base=base, attributes=attributes)

    def _members(self, members: tuple[Member, ...]) -> Iterator[tuple[str, Shape]]:
        for member in members:
            shape = self.of(member.type)
            if member.value_type is not member.type:
                shape = replace(shape, many=Many.REPEATED)
            yield member.short, shape

    def _resource(self, type_: ResourceType) -> Shape:
        members = {row.short: replace(self.of(row.type), removable=not row.single) for row in type_.attributes}
        members["ch"] = replace(self.of(child_resource_ref), many=Many.REPEATED)
        return Shape(Kind.OBJECT, members=members, attributes=("rn",), roots=Roots.ARRAYS)
