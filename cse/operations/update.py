"""UPDATE: change or remove attributes (UPD-1 … UPD-5)."""

from __future__ import annotations

from typing import Any

from cse import support
from cse.core import Call
from cse.operations import result
from cse.operations.change import Draft
from cse.operations.condition import check_condition
from cse.operations.create import limit_retention
from cse.operations.placing import expiration
from cse.primitive import ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, NotFound
from resources.model import Permission, Resource


async def perform(call: Call) -> ResponsePrimitive:
    """Answer an UPDATE."""
    core, resource = call.core, call.target.resource
    content = call.request.content
    assert content is not None
    given = peek(content)
    if "acpi" in given and resource.type.has_policies:
        core.access.require_to_link(resource, call.originator, call)
    else:
        call.require(resource, Permission.UPDATE)
    await check_condition(call, resource)
    given = core.validator.root_of(resource.type, content)
    core.validator.update(resource.type, given)
    support.check_attributes(core.registry.by_number[resource.type.number].short, given, core.codecs)
    return await change(call, resource, given)


def peek(content: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a content before it has been checked."""
    inside = next(iter(content.values()), None)
    return inside if isinstance(inside, dict) else {}


async def change(call: Call, resource: Resource, given: dict[str, Any]) -> ResponsePrimitive:
    """Check the change and do it, once the target of a blocking subscription has agreed (SUB-30)."""
    blocking = call.core.notifier.blocking
    async with blocking.hold(resource):
        if blocking.asks(resource, given):
            await rehearse(call, resource, given)
            await blocking.consent(call, resource, given)
        return await perform_change(call, resource, given)


async def rehearse(call: Call, resource: Resource, given: dict[str, Any]) -> None:
    """Check a change that others are asked about before it is done."""
    if not call.core.tree.holds(resource):
        raise NotFound("to: the resource is gone")
    behaviour = call.core.behaviours.get(resource.type.number)
    draft = Draft(call, resource.type, call.originator, given, apply(call, resource, given), resource, resource.parent)
    await draft.check()
    if behaviour is not None:
        await behaviour.prepare(draft)


async def perform_change(call: Call, resource: Resource, given: dict[str, Any]) -> ResponsePrimitive:
    """Check the change and do it; begin again when another one came in between while checking."""
    async with await call.core.instances.turn(resource):
        work, before = await prepare(call, resource, given)
    response = result.updated(call, resource, given, before)
    await call.commit(work, response)
    return response


async def prepare(call: Call, resource: Resource, given: dict[str, Any]) -> tuple[Work, dict[str, Any]]:
    """Change the resource in memory; returns what is to be written and the attributes before."""
    core = call.core
    behaviour = core.behaviours.get(resource.type.number)
    while True:
        before = resource.attributes
        attributes = apply(call, resource, given)
        draft = Draft(call, resource.type, call.originator, given, attributes, resource, resource.parent)
        await draft.check()
        if behaviour is not None:
            await behaviour.prepare(draft)
        work = Work(call.originator)
        if resource.type.instance is not None and "cni" in attributes \
                and not given.keys().isdisjoint(("mni", "mbs")):
            attributes["cni"], attributes["cbs"] = await core.instances.make_room(
                resource, attributes, work, attributes["cni"], attributes["cbs"]
            )
        if behaviour is not None:
            await behaviour.history(work, draft)
        if core.tree.holds(resource) and resource.attributes is before:
            break
        work.abandon()
        if not core.tree.holds(resource):
            raise NotFound("to: the resource is gone")
    resource.attributes = attributes

    def undo() -> None:
        resource.attributes, resource.encoded = before, None

    work.undo.append(undo)
    with work:
        work.put(resource)
        core.notifier.updated(work, resource, given, before)
        core.notifier.reattached(resource, work, before)
        if behaviour is not None:
            behaviour.updated(work, resource, before, given)
    return work, before


def apply(call: Call, resource: Resource, given: dict[str, Any]) -> dict[str, Any]:
    """The attributes as they will be: given values set, null ones removed, ``lt`` and ``st`` counted on (UPD-4)."""
    attributes = {name: value for name, value in {**resource.attributes, **given}.items() if value is not None}
    if "et" in given:
        attributes["et"] = new_expiration(call, resource, given["et"])
    attributes["lt"] = call.stamp
    if "st" in attributes:
        attributes["st"] += 1
    if resource.type.instance is not None:
        limit_retention(call, attributes)
    return attributes


def new_expiration(call: Call, resource: Resource, wanted: str | None) -> str:
    """``et`` of an UPDATE: not in the past, not before that of a child (UPD-2)."""
    assert resource.parent is not None
    chosen = expiration(call, resource.parent, wanted)
    latest = max((child.attributes["et"] for child in resource.children.values()), default="")
    if chosen < latest and wanted is None:
        return latest
    if chosen < latest:
        raise BadRequest(f"et: {wanted} is before the expiration of a child of {resource.path} ({latest})")
    return chosen
