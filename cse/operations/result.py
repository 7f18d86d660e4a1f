"""Result content of answers by ``rcn`` (procedures section 4)."""

from __future__ import annotations

from typing import Any

from cse.codecs import Raw, encode
from cse.core import Call
from cse.operations.descendants import Branch
from cse.primitive import Content, ResponsePrimitive
from cse.storage.port import InstanceRecord
from resources.model import Resource, ResourceType
from resources.status import Status


def representation(resource: Resource) -> Content:
    """The whole resource under its root, already encoded (rcn 1)."""
    encoded = resource.encoded
    if encoded is None:
        encoded = resource.encoded = encode(resource.attributes)
    return {resource.type.root: Raw(encoded)}


def instance_representation(type_: ResourceType, record: InstanceRecord) -> Content:
    """The whole instance under its root, as it is stored (rcn 1)."""
    return {type_.root: Raw(record.body)}


def instance_family(type_: ResourceType, record: InstanceRecord, rcn: int | None) -> Content:
    """An instance, which has no children, by ``rcn`` 1 (default), 4, 5, 6 and 8."""
    if rcn == 6:
        return {"m2m:rrl": {"rrf": []}}
    if rcn == 8:
        return {type_.root: {}}
    return instance_representation(type_, record)


def created(call: Call, type_: ResourceType, whole: Content, ri: str, path: str, given: dict[str, Any],
            attributes: dict[str, Any]) -> ResponsePrimitive:
    """Answer a CREATE: rcn 0, 1 (default), 2, 3, 9."""
    response = ResponsePrimitive(Status.CREATED)
    rcn = call.request.result_content
    if rcn is None or rcn == 1:
        response.content = whole
    elif rcn == 2:
        response.content = {"m2m:uri": path}
    elif rcn == 3:
        response.content = {"m2m:rce": {**whole, "uri": path}}
    elif rcn == 9:
        set_here = {name: value for name, value in attributes.items() if name not in given or given[name] != value}
        response.content = {type_.root: set_here}
    response.created_address = path if rcn in (2, 3) else ri
    return response


def updated(call: Call, resource: Resource, given: dict[str, Any], changed_here: dict[str, Any]) -> ResponsePrimitive:
    """Answer an UPDATE: rcn 0, 1 (default), 9; ``changed_here`` are the attributes that the CSE set."""
    rcn = call.request.result_content
    response = ResponsePrimitive(Status.UPDATED)
    if rcn is None or rcn == 1:
        response.content = representation(resource)
    elif rcn == 9:
        modified = {name: value for name, value in changed_here.items()
                    if name not in given or given[name] != value}
        response.content = {resource.type.root: modified} if modified else None
    return response


def nested(branch: Branch, *, with_attributes: bool) -> dict[str, Any]:
    """Attributes of a resource and its descendants inside, grouped by root name (rcn 4, 8)."""
    body: dict[str, Any] = dict(branch.attributes) if with_attributes else {}
    for child in branch.children:
        whole = nested(child, with_attributes=True) if child.children or isinstance(child.source, Resource) \
            else Raw(child.source.body)
        body.setdefault(child.type.root, []).append(whole)
    return body


def references(branch: Branch, *, unstructured: bool) -> list[dict[str, Any]]:
    """References to all matching descendants (rcn 5, 6), parents before children (RCN-5)."""
    found: list[dict[str, Any]] = []
    for child in branch.children:
        if child.matched:
            found.append(reference(child.name, child.type.number, child.ri if unstructured else child.path))
        found.extend(references(child, unstructured=unstructured))
    return found


def reference(name: str, type_number: int, address: str) -> dict[str, Any]:
    """A ``m2m:childResourceRef``."""
    return {"nm": name, "typ": type_number, "val": address}


def family(call: Call, branch: Branch, rcn: int) -> Content:
    """Content of rcn 4, 5, 6, 8 over a resource and its descendants."""
    if rcn in (4, 8):
        return {branch.type.root: nested(branch, with_attributes=rcn == 4)}
    found = references(branch, unstructured=call.request.result_type == 2)
    if rcn == 6:
        return {"m2m:rrl": {"rrf": found}}
    return {branch.type.root: {**branch.attributes, "ch": found}}
