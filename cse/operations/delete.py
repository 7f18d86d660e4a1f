"""DELETE: a resource with everything below it, or an instance (DEL-1 … DEL-3, CNT-4)."""

from __future__ import annotations

from collections.abc import Sequence

from cse.core import Call, Core
from cse.filters import OF_DESCENDANTS, compile_filter
from cse.operations import result
from cse.operations.condition import check_condition, check_instance
from cse.operations.delete_found import delete_found
from cse.operations.descendants import gather
from cse.primitive import ResponsePrimitive
from cse.storage.port import InstanceRecord
from cse.work import Work
from resources.errors import NotFound, OperationNotAllowed
from resources.model import Permission, Resource
from resources.status import Status


async def perform(call: Call) -> ResponsePrimitive:
    """Answer a DELETE."""
    criteria = call.request.filter_criteria
    if criteria is not None and criteria.usage == OF_DESCENDANTS:
        return await delete_found(call)
    target = call.target
    call.require_target(Permission.DELETE)
    response = ResponsePrimitive(Status.DELETED)
    rcn = call.request.result_content
    if target.instance is not None:
        parent = target.resource
        if parent.attributes.get("disr"):
            raise OperationNotAllowed(f"{parent.path}: deletion of instances is disabled (disr is true)")
        await check_instance(call)
        work = Work(call.originator)
        if not await remove_instance(call.core, work, parent, target.instance, call.stamp):
            raise NotFound("to: the instance is gone")
        if rcn:
            type_ = target.type_in(call.core.registry)
            response.content = result.instance_family(type_, target.instance, rcn)
    else:
        async with call.core.notifier.blocking.hold(target.resource):
            work = await delete_resource(call, target.resource, response)
            await call.commit(work, response)
            return response
    await call.commit(work, response)
    return response


async def delete_resource(call: Call, resource: Resource, response: ResponsePrimitive) -> Work:
    """Check the deletion of a structural resource and do it in memory; fills in what the response shows of it."""
    rcn = call.request.result_content
    await check_condition(call, resource)
    if rcn == 1:
        response.content = result.representation(resource)
    elif rcn:
        wanted = compile_filter(None, call.core.settings.max_results)
        branch, _ = await gather(call, resource, wanted)
        response.content = result.family(call, branch, rcn)
    behaviour = call.core.behaviours.get(resource.type.number)
    if behaviour is not None:
        await behaviour.check_delete(call)  # nothing may come between the last check and the deletion
    if not call.core.tree.holds(resource):
        raise NotFound("to: the resource is gone")
    with Work(call.originator) as work:
        remove(call.core, work, resource)
    return work


def remove(core: Core, work: Work, resource: Resource) -> None:
    """Take a resource and all below it out of the tree, and what goes with them; notify, undo it if the write fails."""
    family = [resource, *core.tree.below(resource)]
    for companion in companions(core, family):
        remove(core, work, companion)
    core.notifier.deleted(work, resource, family)

    def undo() -> None:
        for one in family:
            core.tree.add(one)

    work.undo.append(undo)
    for one in reversed(family):
        core.notifier.detached(one, work)
        behaviour = core.behaviours.get(one.type.number)
        if behaviour is not None:
            behaviour.removed(work, one)
        core.tree.remove(one)
        work.remove(one)


def companions(core: Core, family: Sequence[Resource]) -> list[Resource]:
    """Resources elsewhere in the tree that go with some that are deleted."""
    found = [companion for one in family if (behaviour := core.behaviours.get(one.type.number)) is not None
             for companion in behaviour.companions(one)]
    return [companion for companion in found if companion not in family]


async def remove_instance(core: Core, work: Work, parent: Resource, record: InstanceRecord, stamp: str) -> bool:
    """Take one instance out, count it out of its parent and notify; False when it is gone already."""
    async with await core.instances.turn(parent):
        if await core.instances.find(record.ri) is None:
            return False
        await core.instances.take(parent, record, work)
        if not core.tree.holds(parent):
            return False
        count_out(core, work, parent, record, stamp)
    return True


def count_out(core: Core, work: Work, parent: Resource, record: InstanceRecord, stamp: str) -> None:
    """Take an instance that goes off the counters of its parent, and tell the subscribers."""
    before = parent.attributes
    parent.attributes = {
        **before, "cni": max(0, before["cni"] - 1), "cbs": max(0, before["cbs"] - record.size), "lt": stamp,
    }

    def undo() -> None:
        parent.attributes, parent.encoded = before, None

    work.undo.append(undo)
    work.put(parent)
    type_ = core.registry.instance_type(parent.type) or core.registry.by_number[record.ty]
    core.notifier.instance_deleted(work, parent, type_, record)
    behaviour = core.behaviours.get(parent.type.number)
    if behaviour is not None:
        behaviour.instance_removed(work, parent, record)
