"""JSON Schemas (2020-12) of resource types, written from their tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cse.reference.data_types import DataTypes
from cse.support import ATTRIBUTES, EVERYWHERE
from resources.model import Attribute, Optionality, ResourceType
from resources.registry import Registry

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: A descendant inside a representation with ``rcn`` 4 or 8: resources by root element.
NESTED = {"type": "array", "items": {"type": "object"}}


def attribute(row: Attribute, types: DataTypes) -> dict[str, Any]:
    """The schema of one attribute, with its long name."""
    schema = {"title": row.name, **types.reference(row.type.schema)}
    if row.default is not None:
        schema["default"] = row.default
    return schema


def creation(type_: ResourceType, types: DataTypes, registry: Registry) -> dict[str, Any]:
    """What a CREATE may and must carry; what has no behaviour here is left out."""
    rows = created_with(type_, registry)
    schema = _object(type_, {row.short: _given(row, types) for row in rows})
    required = [row.short for row in rows if row.create is Optionality.MANDATORY]
    return {**schema, "required": required} if required else schema


def change(type_: ResourceType, types: DataTypes, registry: Registry) -> dict[str, Any]:
    """What an UPDATE may carry; null removes an attribute that need not be there."""
    properties = {}
    for row in updated_with(type_, registry):
        plain = _given(row, types)
        removable = not row.single or row.short == "et"
        properties[row.short] = {"anyOf": [plain, {"type": "null"}]} if removable else plain
    return _object(type_, properties)


def representation(type_: ResourceType, types: DataTypes) -> dict[str, Any]:
    """What an answer shows: any of the attributes, child references (``ch``), nested descendants by root element."""
    properties = {row.short: attribute(row, types) for row in type_.attributes}
    if not type_.parents:
        properties["pi"] = {"title": "parentID", "const": ""}
    properties["ch"] = {"title": "childResource", "type": "array", "items": {"type": "object"}}
    return {**_object(type_, properties), "patternProperties": {"^[a-z0-9]+:": NESTED}}


def bundle(resource_types: Iterable[ResourceType], registry: Registry) -> dict[str, Any]:
    """One JSON Schema of representations of all these types; each type and data type is a definition."""
    types = DataTypes(registry)
    shown = {type_.root: representation(type_, types) for type_ in resource_types}
    return {
        "$schema": DIALECT, "title": "oneM2M resources", "type": "object", "minProperties": 1, "maxProperties": 1,
        "properties": {root: {"$ref": f"#/$defs/{root}"} for root in shown}, "additionalProperties": False,
        "$defs": {**shown, **types.definitions()},
    }


def document(type_: ResourceType, registry: Registry) -> dict[str, Any]:
    """One JSON Schema that stands alone: a representation, with CREATE and UPDATE content as definitions."""
    types = DataTypes(registry)
    shown, made, changed = (
        representation(type_, types), creation(type_, types, registry), change(type_, types, registry))
    definitions = {"create": rooted(type_, made), "update": rooted(type_, changed), **types.definitions()}
    return {"$schema": DIALECT, "title": type_.name, **rooted(type_, shown), "$defs": definitions}


def rooted(type_: ResourceType, inside: dict[str, Any]) -> dict[str, Any]:
    """An object whose only member is the root element of the type."""
    return {"type": "object", "properties": {type_.root: inside}, "required": [type_.root],
            "additionalProperties": False}


def created_with(type_: ResourceType, registry: Registry) -> list[Attribute]:
    """The attributes that a CREATE may carry here."""
    missing = _missing(type_, registry)
    return [row for row in type_.attributes if row.create is not Optionality.FORBIDDEN and row.short not in missing]


def updated_with(type_: ResourceType, registry: Registry) -> list[Attribute]:
    """The attributes that an UPDATE may carry here."""
    missing = _missing(type_, registry)
    return [row for row in type_.attributes if row.update is not Optionality.FORBIDDEN and row.short not in missing]


def _missing(type_: ResourceType, registry: Registry) -> frozenset[str]:
    """Attributes that a request is refused for (5001)."""
    base = registry.by_name.get(type_.base or type_.name, type_)
    return EVERYWHERE | ATTRIBUTES.get(base.short, frozenset())


def _given(row: Attribute, types: DataTypes) -> dict[str, Any]:
    if row.short == "cr":  # CRE-5: asked for with null, filled in by the CSE
        return {"title": row.name, "type": "null"}
    return attribute(row, types)


def _object(type_: ResourceType, properties: dict[str, Any]) -> dict[str, Any]:
    return {"title": type_.name, "type": "object", "properties": properties, "additionalProperties": False}
