"""The OpenAPI 3.1 description of the HTTP binding, written from the tables: types, parameters, status codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cse.parameters.table import FILTER_CRITERIA, REQUEST_PARAMETERS, Parameter
from cse.reference import schemas
from cse.reference.data_types import DataTypes
from resources.model import ResourceType
from resources.registry import Registry
from resources.status import Status

#: How deep addresses are written out; deeper ones look the same.
DEPTH = 4

#: Query fields that are request parameters and no filter criteria.
_QUERY = ("rt", "rcn", "drt", "sqi", "rp", "da")
_READ = ("rcn", "drt")

#: Header, parameter short name, what an operation needs of it.
_HEADERS = (
    ("X-M2M-RI", "rqi", "Identifier of the request, echoed in the answer.", "1"),
    ("X-M2M-RVI", "rvi", "Release of the standard that the request follows.", "3"),
)
_ORIGINATOR = {
    "name": "X-M2M-Origin", "in": "header", "required": True,
    "description": "Who asks: an AE-ID such as Cmeter, or a CSE-ID. An AE that registers asks for an AE-ID with C.",
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9/._~:@-]{1,128}$"}, "example": "CAdmin",
}


def document(registry: Registry, *, version: str, server: str, cse_name: str) -> dict[str, Any]:
    """The whole description for a CSE at ``server`` (a URL)."""
    types = DataTypes(registry, "#/components/schemas/")
    shown = [type_ for type_ in registry.types if type_.number < 10000]
    contents = {
        "answer": _answers(registry.types), "error": _error(),
        **{_key(type_): schemas.representation(type_, types) for type_ in registry.types},
        **{f"create_{_key(type_)}": schemas.rooted(type_, schemas.creation(type_, types)) for type_ in shown},
        **{f"update_{_key(type_)}": schemas.rooted(type_, schemas.change(type_, types)) for type_ in shown},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "oneM2M CSE",
            "version": version,
            "description": "The resource tree of a oneM2M common services entity over HTTP (TS-0009). An address is "
                           f"the path below the CSEBase, whose name is {cse_name} and which is also called '-'.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": _paths(cse_name, shown),
        "components": {
            "schemas": {**contents, **types.definitions()},
            "parameters": {
                "originator": _ORIGINATOR,
                **{name.lower(): _header(name, about, example) for name, _, about, example in _HEADERS},
                **{f"q-{one.short}": _query(one) for one in (*_request_fields(_QUERY), *_filters())},
            },
            "responses": {"problem": _response("Refused: X-M2M-RSC is the reason, m2m:dbg says it in words.", "error")},
        },
    }


def _key(type_: ResourceType) -> str:
    return type_.root.replace(":", "_")


def _paths(cse_name: str, types: Iterable[ResourceType]) -> dict[str, Any]:
    creatable = [type_ for type_ in types if type_.creatable]
    paths = {}
    for depth in range(DEPTH + 1):
        names = [f"name{number}" for number in range(1, depth + 1)]
        path = "/".join((f"/{cse_name}", *(f"{{{name}}}" for name in names)))
        paths[path] = {
            "parameters": [
                *(_segment(name) for name in names), {"$ref": "#/components/parameters/originator"},
                *({"$ref": f"#/components/parameters/{name.lower()}"} for name, *_ in _HEADERS),
            ],
            **_operations(depth, creatable, types),
        }
    return paths


def _operations(depth: int, creatable: Iterable[ResourceType], types: Iterable[ResourceType]) -> dict[str, Any]:
    fields = [{"$ref": f"#/components/parameters/q-{one.short}"} for one in (*_request_fields(_READ), *_filters())]
    operations = {
        "get": _operation(depth, "retrieve", "RETRIEVE a resource, or discover what is below it (fu=1)",
                          {"200": "What was asked for."}, parameters=fields),
        "post": _operation(depth, "create", "CREATE a resource below the address; ty in the Content-Type is its type",
                           {"201": "Created."}, body=_bodies(creatable)),
    }
    if depth:
        operations["put"] = _operation(depth, "update", "UPDATE attributes; null removes one", {"200": "Changed."},
                                       body=_change(types))
        operations["delete"] = _operation(depth, "delete", "DELETE a resource and everything below it",
                                          {"200": "Deleted."})
    return operations


def _operation(depth: int, name: str, summary: str, good: dict[str, str], *, parameters: list[Any] | None = None,
               body: dict[str, Any] | None = None) -> dict[str, Any]:
    whole: dict[str, Any] = {"operationId": f"{name}-{depth}", "summary": summary, "tags": [name]}
    if parameters:
        whole["parameters"] = parameters
    if body is not None:
        whole["requestBody"] = {"required": True, "content": body}
    problem = {"$ref": "#/components/responses/problem"}
    refusals = sorted({str(status.http) for status in Status if status.http >= 400 and status.http != 500})
    accepted = _response("Accepted: the answer follows, see the request resource.", "answer")
    whole["responses"] = {
        **{code: _response(text, "answer") for code, text in good.items()}, "202": accepted,
        **dict.fromkeys(refusals, problem), "500": problem,
    }
    return whole


def _bodies(types: Iterable[ResourceType]) -> dict[str, Any]:
    """Content by media type: ``ty`` is a parameter of it, so every type number has its own."""
    numbers: dict[int, list[str]] = {}
    for type_ in types:
        numbers.setdefault(type_.number, []).append(f"#/components/schemas/create_{_key(type_)}")
    return {
        f"application/json;ty={number}":
            {"schema": {"$ref": names[0]} if len(names) == 1 else {"oneOf": [{"$ref": name} for name in names]}}
        for number, names in numbers.items()
    }


def _change(types: Iterable[ResourceType]) -> dict[str, Any]:
    names = [f"#/components/schemas/update_{_key(type_)}" for type_ in types if type_.updatable]
    return {"application/json": {"schema": {"oneOf": [{"$ref": name} for name in names]}}}


def _response(text: str, content: str) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {
            "X-M2M-RSC": {"description": "Response status code of oneM2M.",
                          "schema": {"type": "integer", "enum": sorted(int(status) for status in Status)}},
            "X-M2M-RI": {"description": "Identifier of the request.", "schema": {"type": "string"}},
        },
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{content}"}}},
    }


def _answers(types: Iterable[ResourceType]) -> dict[str, Any]:
    """Any content of a success: a resource of any type, or one of the lists and wrappers of the standard."""
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    properties = {type_.root: {"$ref": f"#/components/schemas/{_key(type_)}"} for type_ in types} | {
        "m2m:uri": text, "m2m:uril": texts, "m2m:qres": text, "m2m:rce": {"type": "object"},
        "m2m:rrl": {"type": "object", "properties": {"rrf": {"type": "array"}}, "required": ["rrf"]},
        "m2m:agr": {"type": "object", "properties": {"m2m:rsp": {"type": "array"}}, "required": ["m2m:rsp"]},
        "m2m:rsp": {"type": "object"}, "m2m:rqp": {"type": "object"}, "m2m:acr": {"type": "array"},
    }
    return {"type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1,
            "additionalProperties": False}


def _error() -> dict[str, Any]:
    return {"type": "object", "properties": {"m2m:dbg": {"type": "string"}}, "required": ["m2m:dbg"],
            "additionalProperties": False}


def _segment(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": "Name of a resource, or la, ol, fopt …",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"}}


def _header(name: str, about: str, example: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": about, "example": example,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}}


def _request_fields(names: Iterable[str]) -> list[Parameter]:
    return [REQUEST_PARAMETERS[name] for name in names if name in REQUEST_PARAMETERS]


def _filters() -> list[Parameter]:
    return [one for one in FILTER_CRITERIA.values() if one.supported]


def _query(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.short, "in": "query", "required": False, "description": parameter.name,
            "schema": dict(parameter.kind.schema)}
