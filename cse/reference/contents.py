"""Schemas of what travels in the body of an HTTP message: requests and answers by their root element."""

from __future__ import annotations

from typing import Any

from cse.reference import schemas as of
from cse.reference.data_types import DataTypes
from resources.model import ResourceType
from resources.registry import Registry

#: Root elements of device models; those of the standard's own types begin with m2m.
MODEL_ROOT = "^(?!m2m:)[a-z][a-z0-9]*:[A-Za-z][A-Za-z0-9]*$"
ANNOUNCED = 10_000

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_OBJECT = {"type": "object"}

#: Root elements of answers that are no resource.
_LISTS: dict[str, dict[str, Any]] = {
    "m2m:uri": _TEXT, "m2m:uril": _TEXTS, "m2m:qres": _TEXT,
    "m2m:rce": {"type": "object", "properties": {"uri": _TEXT}, "required": ["uri"]},
    "m2m:rrl": {"type": "object", "required": ["rrf"], "properties": {"rrf": {"type": "array", "items": {
        "type": "object", "properties": {"nm": _TEXT, "typ": {"type": "integer"}, "val": _TEXT},
        "required": ["nm", "typ", "val"]}}}},
    "m2m:agr": {"type": "object", "properties": {"m2m:rsp": {"type": "array", "items": _OBJECT}},
                "required": ["m2m:rsp"]},
    "m2m:rsp": _OBJECT, "m2m:rqp": _OBJECT, "m2m:acr": {"type": "object", "required": ["acor", "acop"]},
}


def schemas(registry: Registry, types: DataTypes) -> dict[str, Any]:
    """All of them by name; device models share one, or they would be nine tenths of the description."""
    shown = [type_ for type_ in registry.types if not is_model(type_)]
    changing = [type_ for type_ in shown if type_.number < ANNOUNCED and type_.updatable]
    return {
        "answer": _answer(shown), "error": _error(), "notification": _notification(),
        "change": {"anyOf": [reference(f"update_{key(type_)}") for type_ in changing]},
        **{key(type_): _representation(type_, registry, types) for type_ in shown},
        **{f"create_{key(type_)}": _rooted(type_, registry, of.creation(type_, types, registry))
           for type_ in shown if is_creatable(type_)},
        **{f"update_{key(type_)}": _rooted(type_, registry, of.change(type_, types, registry)) for type_ in changing},
    }


def is_model(type_: ResourceType) -> bool:
    """True for device models: their attributes are described by ``banyan schema``."""
    return type_.discriminator is not None and type_.discriminator[0] == "cnd"


def is_creatable(type_: ResourceType) -> bool:
    """True for what a CREATE may name: no announced variant, no abstract management object."""
    return type_.creatable and type_.number < ANNOUNCED and not is_model(type_) and type_.name != "mgmtObj"


def key(type_: ResourceType) -> str:
    """Name of a type among the schemas."""
    return type_.root.replace(":", "_")


def reference(name: str) -> dict[str, str]:
    """A reference to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _is_modelled(type_: ResourceType, registry: Registry) -> bool:
    return registry.discriminators.get(type_.number) == "cnd"


def _representation(type_: ResourceType, registry: Registry, types: DataTypes) -> dict[str, Any]:
    schema = of.representation(type_, types)
    return _opened(schema) if _is_modelled(type_, registry) else schema


def _rooted(type_: ResourceType, registry: Registry, inside: dict[str, Any]) -> dict[str, Any]:
    if not _is_modelled(type_, registry):
        return of.rooted(type_, inside)
    return {"type": "object", "patternProperties": {MODEL_ROOT: _opened(inside)}, "additionalProperties": False,
            "minProperties": 1, "maxProperties": 1}


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of all models of a kind: what they share, and attributes of their own."""
    return {**schema, "additionalProperties": True}


def _answer(types: list[ResourceType]) -> dict[str, Any]:
    """Content of a success: a resource of any type, or one of the lists and wrappers of the standard."""
    return {
        "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
        "properties": {**{type_.root: reference(key(type_)) for type_ in types}, **_LISTS},
        "patternProperties": {MODEL_ROOT: _OBJECT},
    }


def _notification() -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
            "properties": {"m2m:sgn": _OBJECT, "m2m:rsp": _OBJECT, "m2m:rqp": _OBJECT}}


def _error() -> dict[str, Any]:
    return {"type": "object", "properties": {"m2m:dbg": _TEXT}, "required": ["m2m:dbg"],
            "additionalProperties": False}
