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

#: Members by a name of their own: the way through their class costs more than a call.
CREATED, UPDATED = Status.CREATED, Status.UPDATED


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
    response = ResponsePrimitive(CREATED)
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


def updated(call: Call, resource: Resource, given: dict[str, Any], before: dict[str, Any]) -> ResponsePrimitive:
    """Answer an UPDATE: rcn 0, 1 (default), 9; ``before`` are the attributes that it has changed."""
    rcn = call.request.result_content
    response = ResponsePrimitive(UPDATED)
    if rcn is None or rcn == 1:
        response.content = representation(resource)
    elif rcn == 9:
        after = resource.attributes
        changed = {name: after.get(name) for name in {**after, **before} if before.get(name) != after.get(name)}
        modified = {name: value for name, value in changed.items() if name not in given or given[name] != value}
        response.content = {resource.type.root: modified} if modified else None
    return response


def nested(branch: Branch, *, with_attributes: bool) -> Raw:
    """Attributes of a resource and its descendants inside, grouped by root name (rcn 4, 8).

    Written piece by piece, so that a tree may be of any depth.
    """
    pieces: list[bytes] = []
    waiting = inside(branch, branch.encoded if with_attributes else b"{}")
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, bytes):
            pieces.append(piece)
        elif piece.children:
            waiting += inside(piece, piece.encoded)
        else:
            pieces.append(piece.encoded)
    return Raw(b"".join(pieces))


def inside(branch: Branch, attributes: bytes) -> list[bytes | Branch]:
    """The pieces of a resource with its children, the last one first."""
    groups: dict[str, list[Branch]] = {}
    for child in branch.children:
        groups.setdefault(child.type.root, []).append(child)
    pieces: list[bytes | Branch] = [attributes[:-1]]
    for root, children in groups.items():
        pieces.append(f'{"," if pieces[-1] != b"{" else ""}"{root}":['.encode())
        for child in children:
            pieces += (child, b",")
        pieces[-1] = b"]"
    pieces.append(b"}")
    return pieces[::-1]


def references(branch: Branch, *, unstructured: bool) -> list[dict[str, Any]]:
    """References to all matching descendants (rcn 5, 6), parents before children (RCN-5)."""
    return [reference(one.name, one.type.number, one.ri if unstructured else one.path)
            for one in branch.below() if one.matched]


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
