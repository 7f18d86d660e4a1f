"""RETRIEVE: one resource or instance, part of it, it with its descendants, or what is known about it (section 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from cse.core import Call, attributes_of
from cse.discovery import discover
from cse.filters import DISCOVERY, ON_DEMAND, PERMISSIONS, Filter, compile_filter
from cse.operations import result
from cse.operations.condition import check_condition, check_instance
from cse.operations.counting import count_down, counts
from cse.operations.descendants import gather
from cse.operations.semantic import SEMANTIC_CONTENT, query
from cse.primitive import ResponsePrimitive
from resources.errors import BadRequest, NoPrivilege, OperationNotAllowed
from resources.model import Permission, Resource
from resources.status import Status

#: Members by a name of their own: the way through their class costs more than a call.
OK, RETRIEVE = Status.OK, Permission.RETRIEVE
#: m2m:resultContent of the original of an announced resource, and of addresses found.
ORIGINAL, ADDRESSES = 7, 11
ANNOUNCED = 10_000
EVERY_PERMISSION = (Permission.CREATE, Permission.RETRIEVE, Permission.UPDATE, Permission.DELETE, Permission.NOTIFY,
                    Permission.DISCOVERY)


def perform(call: Call) -> Awaitable[ResponsePrimitive]:
    """Answer a RETRIEVE; the checks that need nobody else are done at once."""
    request = call.request
    criteria, rcn = request.filter_criteria, request.result_content
    if criteria is not None and criteria.usage in (DISCOVERY, ON_DEMAND):
        return discover(call)
    if rcn == SEMANTIC_CONTENT or request.semantic_query:
        return query(call)
    if rcn == PERMISSIONS:
        return _permissions(call)
    call.require_target(RETRIEVE)
    if request.attribute_list is not None or request.content is not None:
        return _partial(call)
    return _whole(call) if call.target.instance is None else _instance(call)


async def _whole(call: Call) -> ResponsePrimitive:
    resource, criteria, rcn = call.target.resource, call.request.filter_criteria, call.request.result_content
    behaviour = call.core.behaviours.get(resource.type.number)
    if behaviour is not None and behaviour.checks_retrieve:
        await behaviour.check_retrieve(call)
    if criteria is not None:
        await check_condition(call, resource)
    if rcn is None or rcn == 1:
        if resource.revision > call.core.committer.durable:
            await call.visible(resource)
        return ResponsePrimitive(OK, content=_show(call, resource))
    if rcn == ORIGINAL:
        return await _original(call, resource.attributes)
    if rcn == ADDRESSES:
        raise BadRequest("rcn: 11 (addresses of what was discovered) is for discovery (fu 1)")
    return await _family(call, rcn, compile_filter(criteria, call.core.settings.max_results))


def _show(call: Call, resource: Resource) -> dict[str, Any]:
    if "ctm" in resource.type.by_short:
        return {resource.type.root: {**resource.attributes, "ctm": call.stamp}}
    return result.representation(resource)


async def _instance(call: Call) -> ResponsePrimitive:
    target, core = call.target, call.core
    record, parent = target.instance, target.resource
    assert record is not None
    rcn = call.request.result_content
    if parent.attributes.get("disr"):
        raise OperationNotAllowed(f"{parent.path}: retrieval of instances is disabled (disr is true)")
    if call.request.filter_criteria is not None:
        await check_instance(call)
    if parent.revision > core.committer.durable:
        await call.visible(parent)
    if rcn == ORIGINAL:
        return await _original(call, attributes_of(record))
    if rcn == ADDRESSES:
        raise BadRequest("rcn: 11 (addresses of what was discovered) is for discovery (fu 1)")
    type_ = target.type_in(core.registry)
    response = ResponsePrimitive(OK, content=result.instance_family(type_, record, rcn))
    if counts(parent):
        await count_down(call, record, response)
    return response


async def _original(call: Call, attributes: Mapping[str, Any]) -> ResponsePrimitive:
    """The resource that an announced one stands for, asked for in the name of the originator (rcn 7)."""
    link = attributes.get("lnk")
    if link is None or attributes["ty"] <= ANNOUNCED:
        raise BadRequest(f"rcn: 7 (original resource) is for announced resources; {attributes['rn']} is none")
    request = replace(call.request, to=link, request_id=f"{call.request.request_id}-lnk", result_content=1,
                      filter_criteria=None, group_request_id=None)
    return await call.core.handle(request)


async def _permissions(call: Call) -> ResponsePrimitive:
    """What the originator may do here, as a rule of access control; of ``ops`` only what was asked (rcn 12)."""
    target, criteria = call.target, call.request.filter_criteria
    type_number = target.instance.ty if target.instance is not None else None
    allowed = sum(one for one in EVERY_PERMISSION if call.permitted(target.resource, one, target_type=type_number))
    if not allowed:
        raise NoPrivilege(f"{call.originator!r} has no permission on {call.request.to}")
    if target.instance is None:
        await check_condition(call, target.resource)
    else:
        await check_instance(call)
    wanted = criteria.permissions if criteria is not None else None
    bits = allowed if wanted is None else allowed & wanted
    return ResponsePrimitive(OK, content={"m2m:acr": {"acor": [call.originator], "acop": bits}})


async def _family(call: Call, rcn: int, wanted: Filter) -> ResponsePrimitive:
    resource = call.target.resource
    branch, offset = await gather(call, resource, wanted)
    response = ResponsePrimitive(OK, content=result.family(call, branch, rcn))
    await call.core.committer.settled()
    if rcn in (4, 8):
        await call.core.notifier.retrieved(call)
    if offset is not None:
        response.content_status, response.content_offset = 1, offset
    return response


async def _partial(call: Call) -> ResponsePrimitive:
    """Only some attributes; unknown names are refused, absent ones left out (RET-1)."""
    target, request = call.target, call.request
    names = request.attribute_list
    if names is None:
        names = _listed(request.content or {})
    type_ = target.type_in(call.core.registry)
    for name in names:
        if name not in type_.by_short:
            raise BadRequest(f"atrl: {type_.name} has no attribute {name!r}")
    attributes = await _readable(call)
    shown = {name: attributes[name] for name in names if name in attributes}
    response = ResponsePrimitive(OK, content={type_.root: shown})
    if target.instance is not None and counts(target.resource):
        await count_down(call, target.instance, response)
    return response


async def _readable(call: Call) -> Mapping[str, Any]:
    """The attributes of what is addressed, once they may be shown."""
    target, resource = call.target, call.target.resource
    if target.instance is not None:
        if resource.attributes.get("disr"):
            raise OperationNotAllowed(f"{resource.path}: retrieval of instances is disabled (disr is true)")
        await check_instance(call)
        await call.visible(resource)
        return attributes_of(target.instance)
    behaviour = call.core.behaviours.get(resource.type.number)
    if behaviour is not None and behaviour.checks_retrieve:
        await behaviour.check_retrieve(call)
    await check_condition(call, resource)
    await call.visible(resource)
    return {**resource.attributes, "ctm": call.stamp} if "ctm" in resource.type.by_short else resource.attributes


def _listed(content: dict[str, Any]) -> list[str]:
    names = content.get("m2m:atrl")
    listed = isinstance(names, list) and len(content) == 1 and names
    if not listed or not all(isinstance(name, str) for name in names or ()):
        raise BadRequest('pc: a RETRIEVE has no content but {"m2m:atrl": ["<attribute>", ...]}')
    return list(names or ())
