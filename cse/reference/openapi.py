"""The OpenAPI 3.1 description of the HTTP binding, written from the tables: types, parameters, status codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from cse.parameters.table import FILTER_CRITERIA, REQUEST_PARAMETERS, RESPONSE_TYPE, RESULT_CONTENTS, Parameter
from cse.reference import contents
from cse.reference.data_types import DataTypes
from cse.reference.examples import EXAMPLES
from resources.model import Operation, ResourceType
from resources.registry import Registry
from resources.status import Status

#: How deep addresses are written out; deeper ones look the same.
DEPTH = 4

#: Releases of the standard that X-M2M-RVI may name.
RELEASES = ("2a", "3", "4")

#: Query fields of a RETRIEVE that are no filter criteria.
_READ = ("drt", "sqi")

#: Response types of this CSE; the fifth is for networks of 3GPP.
_RESPONSE_TYPE = replace(RESPONSE_TYPE, kind=replace(
    RESPONSE_TYPE.kind, schema={"type": "integer", "minimum": 1, "maximum": 4}))

_ABOUT = {
    "retrieve": "RETRIEVE: one resource, what stands below it, or addresses of what matches (fu=1).",
    "create": "CREATE below the address, and NOTIFY: with ty in the Content-Type it is a CREATE.",
    "update": "UPDATE of attributes; null removes one.",
    "delete": "DELETE of a resource and of all below it.",
}
#: Refusals of HTTP itself: too slow, or a body or a head that is too large.
_LIMITS = ("408", "413", "431")
_REQUEST_ID = {
    "name": "X-M2M-RI", "in": "header", "required": True, "example": "r1",
    "description": "requestIdentifier: echoed in the answer; a new one for each request.",
    "schema": {"type": "string", "pattern": "^[!-~]+$"},
}
_ORIGINATOR = {
    "name": "X-M2M-Origin", "in": "header", "required": True, "example": "CAdmin",
    "description": "Who asks: an AE-ID such as Cmeter, or a CSE-ID. An AE that registers asks for an AE-ID with C.",
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9/._~:@-]{1,128}$"},
}
#: An AE that registers may leave the choice of its AE-ID to the CSE (AE-2); it does so at the CSEBase.
_REGISTRANT = {**_ORIGINATOR, "required": False}


#: What is said of content in XML, whose schema is not one of JSON.
_XML = {"type": "string", "contentMediaType": "application/xml",
        "description": "What application/json describes, as TS-0004 writes it in XML: <m2m:cnt "
                       'xmlns:m2m="http://www.onem2m.org/xml/protocols" rn="data"><mni>5</mni></m2m:cnt>'}


def document(registry: Registry, *, version: str, server: str, cse_name: str, releases: Sequence[str] = RELEASES,
             serializations: Sequence[str] = ()) -> dict[str, Any]:
    """The whole description for a CSE at ``server`` (a URL) that has these ``serializations`` beside JSON."""
    whole = _in_json(registry, version=version, server=server, cse_name=cse_name, releases=releases)
    parts = whole["components"]
    for part in (*parts["requestBodies"].values(), *parts["responses"].values()):
        for name in serializations:
            part["content"] |= _also(name, part["content"])
    if "xml" in serializations:
        parts["schemas"]["xml"] = _XML
    return whole


def _also(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """The same content in another serialisation; CBOR says what JSON says."""
    known = {media_type: body for media_type, body in content.items() if media_type.startswith("application/json")}
    return {
        media_type.replace("json", name, 1): {"schema": contents.reference("xml") if name == "xml" else body["schema"]}
        for media_type, body in known.items()
    }


def _in_json(registry: Registry, *, version: str, server: str, cse_name: str,
             releases: Sequence[str]) -> dict[str, Any]:
    types = DataTypes(registry, "#/components/schemas/")
    schemas = contents.schemas(registry, types)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "oneM2M CSE",
            "version": version,
            "description": _introduction(cse_name),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _ABOUT.items()],
        "paths": _paths(cse_name),
        "components": {
            "schemas": {**schemas, **types.definitions()},
            "parameters": {
                "origin": _ORIGINATOR, "registrant": _REGISTRANT, "request": _REQUEST_ID, "release": _release(releases),
                **{_key(one): _query(one) for one in (_RESPONSE_TYPE, *_fields(_READ), *_filters())},
                **{f"q-rcn-{operation.name.lower()}": _result_content(operation) for operation in RESULT_CONTENTS
                   if operation is not Operation.NOTIFY},
            },
            "requestBodies": {"create": _creation(registry.types), "update": _change()},
            "responses": {
                "problem": _response("Refused: X-M2M-RSC is the reason, m2m:dbg says it in words.", "error",
                                     {"m2m:dbg": "m2m:cnt.nosuch: no attribute of container"}),
                "accepted": _response("Accepted: the result is kept in the request resource named here (rt=1 to 3).",
                                      "answer", {"m2m:uri": "req5"}),
                **{name: _response(text, "answer", example) for name, (text, example) in _GOOD.items()},
            },
        },
    }


def _introduction(cse_name: str) -> str:
    return (f"The resource tree of a oneM2M common services entity over HTTP (TS-0009). An address is the path below "
            f"the CSEBase, whose name is {cse_name} and which is also called '-'; a resource ID stands for the whole "
            "path. Device models of the standard and of this CSE share one schema, flexContainer: "
            "`banyan schema cod:tempe` prints the one of a model.")


def _key(parameter: Parameter) -> str:
    return f"q-{parameter.short}"


def _paths(cse_name: str) -> dict[str, Any]:
    paths = {}
    for depth in range(DEPTH + 1):
        names = [f"name{number}" for number in range(1, depth + 1)]
        path = "/".join((f"/{cse_name}", *(f"{{{name}}}" for name in names)))
        paths[path] = {
            "parameters": [*(_segment(name) for name in names), *map(_parameter, ("request", "release"))],
            **_operations(depth),
        }
    return paths


def _operations(depth: int) -> dict[str, Any]:
    operations = {
        "get": _operation(depth, "retrieve", {"200": "shown"}, [*_fields(_READ), *_filters()]),
        "post": _operation(depth, "create", {"200": "notified", "201": "created"}, body="create"),
    }
    if depth:
        operations["put"] = _operation(depth, "update", {"200": "updated"}, body="update")
        operations["delete"] = _operation(depth, "delete", {"200": "deleted"})
    return operations


def _operation(depth: int, name: str, good: dict[str, str], more: Iterable[Parameter] = (),
               body: str = "") -> dict[str, Any]:
    refusals = sorted({str(status.http) for status in Status if status.http >= 400} | set(_LIMITS))
    who = "registrant" if name == "create" and not depth else "origin"
    answers = {**good, "202": "accepted", **dict.fromkeys(refusals, "problem")}
    whole: dict[str, Any] = {
        "operationId": f"{name}-{depth}", "summary": _ABOUT[name].partition(":")[0], "tags": [name],
        "parameters": [_parameter(one) for one in (who, "q-rt", f"q-rcn-{name}", *map(_key, more))],
    }
    if body:
        whole["requestBody"] = {"$ref": f"#/components/requestBodies/{body}"}
    whole["responses"] = {code: {"$ref": f"#/components/responses/{answer}"} for code, answer in answers.items()}
    return whole


def _creation(types: Iterable[ResourceType]) -> dict[str, Any]:
    """Content by media type: ``ty`` is a parameter of it, so every type number has its own."""
    numbers: dict[int, list[ResourceType]] = {}
    for type_ in filter(contents.is_creatable, types):
        numbers.setdefault(type_.number, []).append(type_)
    return {"required": True, "content": {
        **{f"application/json;ty={number}": _alternatives("create", some) for number, some in numbers.items()},
        "application/json": {"schema": contents.reference("notification"),
                             "example": {"m2m:sgn": {"nev": {"rep": {"m2m:cnt": {"mni": 5}}, "net": 1}}}},
    }}


def _alternatives(kind: str, types: Sequence[ResourceType]) -> dict[str, Any]:
    references = [contents.reference(f"{kind}_{contents.key(type_)}") for type_ in types]
    known = {type_.name: {"value": EXAMPLES[type_.short]} for type_ in types if type_.short in EXAMPLES}
    schema = references[0] if len(references) == 1 else {"oneOf": references}
    return {"schema": schema, "examples": known} if known else {"schema": schema}


def _change() -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {
        "schema": contents.reference("change"),
        "examples": {"container": {"value": {"m2m:cnt": {"mni": 100, "lbl": None}}},
                     "flexContainer": {"value": {"cod:tempe": {"curT0": 21.5}}}},
    }}}


_CONTAINER = {"rn": "data", "ty": 3, "ri": "cnt7", "pi": "ae3", "ct": "20270115T080000", "lt": "20270115T080000",
              "et": "20280115T080000", "st": 0, "cni": 0, "cbs": 0}
_GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "shown": ("What was asked for: a resource, or addresses.", {"m2m:cnt": _CONTAINER}),
    "created": ("Created: the resource as it is now.", {"m2m:cnt": _CONTAINER}),
    "updated": ("Changed: the resource as it is now.", {"m2m:cnt": {**_CONTAINER, "mni": 100}}),
    "deleted": ("Deleted: the resource as it was.", {"m2m:cnt": _CONTAINER}),
    "notified": ("Taken (NOTIFY); the answers of the members (fopt).",
                 {"m2m:agr": {"m2m:rsp": [{"rsc": 2001, "rqi": "r1"}]}}),
}


def _response(text: str, content: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {
            "X-M2M-RSC": {"description": "Response status code of oneM2M.",
                          "schema": {"type": "integer", "enum": sorted(int(status) for status in Status)}},
            "X-M2M-RI": {"description": "Identifier of the request.", "schema": {"type": "string"}},
        },
        "content": {"application/json": {"schema": contents.reference(content), "example": example}},
    }


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _segment(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": "Name of a resource, or la, ol, fopt …",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"}, "example": "meter"}


def _release(releases: Sequence[str]) -> dict[str, Any]:
    return {"name": "X-M2M-RVI", "in": "header", "required": False, "example": releases[-1],
            "description": "Release of the standard that the request follows; 1 where it is absent.",
            "schema": {"type": "string", "enum": list(releases)}}


def _fields(names: Iterable[str]) -> list[Parameter]:
    return [REQUEST_PARAMETERS[name] for name in names]


def _filters() -> list[Parameter]:
    return [one for one in FILTER_CRITERIA.values() if one.supported]


def _result_content(operation: Operation) -> dict[str, Any]:
    allowed = sorted(value for value in RESULT_CONTENTS[operation] if value is not None)
    return {**_query(REQUEST_PARAMETERS["rcn"]), "schema": {"type": "integer", "enum": allowed}}


def _query(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.short, "in": "query", "required": False, "description": parameter.name,
            "schema": dict(parameter.kind.schema)}
