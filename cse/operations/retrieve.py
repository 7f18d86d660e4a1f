"""RETRIEVE: one resource or instance, part of it, or it with its descendants (RET-1, RET-2, section 4)."""

from __future__ import annotations

from typing import Any

from cse.core import Call, attributes_of
from cse.discovery import discover
from cse.filters import Candidate, Filter, compile_filter
from cse.operations import result
from cse.operations.condition import check_condition
from cse.operations.descendants import gather
from cse.primitive import ResponsePrimitive
from resources.errors import BadRequest, NotFound, OperationNotAllowed
from resources.model import Permission, Resource
from resources.status import Status

DISCOVERY = 1


async def perform(call: Call) -> ResponsePrimitive:
    """Answer a RETRIEVE."""
    request = call.request
    criteria = request.filter_criteria
    if criteria is not None and criteria.usage == DISCOVERY:
        return await discover(call)
    call.require_target(Permission.RETRIEVE)
    if request.attribute_list is not None or request.content is not None:
        return await _partial(call)
    target = call.target
    if target.instance is not None:
        return await _instance(call)
    rcn, resource = request.result_content, target.resource
    behaviour = call.core.behaviours.get(resource.type.number)
    if behaviour is not None:
        await behaviour.check_retrieve(call)
    if criteria is not None:
        await check_condition(call, resource)
    if rcn is None or rcn == 1:
        if resource.revision > call.core.committer.durable:
            await call.visible(resource)
        return ResponsePrimitive(Status.OK, content=_show(call, resource))
    if rcn == 7:
        raise BadRequest(f"rcn: 7 (original resource) is for announced resources; {resource.path} is none")
    return await _family(call, rcn, compile_filter(criteria, call.core.settings.max_results))


def _show(call: Call, resource: Resource) -> dict[str, Any]:
    if "ctm" in resource.type.by_short:
        return {resource.type.root: {**resource.attributes, "ctm": call.stamp}}
    return result.representation(resource)


async def _instance(call: Call) -> ResponsePrimitive:
    target, core = call.target, call.core
    record, parent = target.instance, target.resource
    assert record is not None
    if parent.attributes.get("disr"):
        raise OperationNotAllowed(f"{parent.path}: retrieval of instances is disabled (disr is true)")
    criteria, rcn = call.request.filter_criteria, call.request.result_content
    if rcn == 7:
        raise BadRequest("rcn: 7 (original resource) is for announced resources; an instance is none")
    if criteria is not None:
        wanted = compile_filter(criteria, core.settings.max_results)
        if not await wanted.matches(Candidate(call, attributes_of(record), parent, None)):
            raise NotFound("to: the instance exists but does not meet the filter criteria")
    if parent.revision > core.committer.durable:
        await call.visible(parent)
    type_ = target.type_in(core.registry)
    return ResponsePrimitive(Status.OK, content=result.instance_family(type_, record, rcn))


async def _family(call: Call, rcn: int, wanted: Filter) -> ResponsePrimitive:
    resource = call.target.resource
    branch, offset = await gather(call, resource, wanted)
    await call.core.committer.settled()
    if rcn in (4, 8):
        await call.core.notifier.retrieved(call)
    response = ResponsePrimitive(Status.OK, content=result.family(call, branch, rcn))
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
    if target.instance is None:
        attributes = target.resource.attributes
    elif target.resource.attributes.get("disr"):
        raise OperationNotAllowed(f"{target.resource.path}: retrieval of instances is disabled (disr is true)")
    else:
        attributes = attributes_of(target.instance)
    for name in names:
        if name not in type_.by_short:
            raise BadRequest(f"atrl: {type_.name} has no attribute {name!r}")
    wanted = compile_filter(request.filter_criteria, call.core.settings.max_results)
    structural = target.resource if target.instance is None else None
    parent = target.resource.parent if target.instance is None else target.resource
    if not await wanted.matches(Candidate(call, attributes, parent, structural)):
        raise NotFound("to: the resource exists but does not meet the filter criteria")
    await call.visible(target.resource)
    shown = {name: attributes[name] for name in names if name in attributes}
    return ResponsePrimitive(Status.OK, content={type_.root: shown})


def _listed(content: dict[str, Any]) -> list[str]:
    names = content.get("m2m:atrl")
    listed = isinstance(names, list) and len(content) == 1 and names
    if not listed or not all(isinstance(name, str) for name in names or ()):
        raise BadRequest('pc: a RETRIEVE has no content but {"m2m:atrl": ["<attribute>", ...]}')
    return list(names or ())


