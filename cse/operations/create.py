"""CREATE of a structural resource (CRE-1 … CRE-9, AE-1 … AE-3); instances have a module of their own."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import Any

from cse import registration, support
from cse.core import Call
from cse.operations import result
from cse.operations.change import Draft
from cse.operations.create_instance import create_instance
from cse.operations.delete import remove
from cse.operations.placing import check_creator, check_name, check_place, expiration, has_expired, place
from cse.primitive import ResponsePrimitive
from cse.work import Work
from resources.ae import AE
from resources.datatypes import shown
from resources.errors import BadRequest, NotImplementedHere, OriginatorError, ReceiverError
from resources.model import Permission, Resource, ResourceType
from resources.registry import Registry
from resources.remote_cse import REMOTE_CSE
from resources.status import Status
from resources.subscription import SUBSCRIPTION

#: The permission by a name of its own: the way through its class costs more than a call.
CREATE = Permission.CREATE
#: ``mgd`` of a management object that no standard describes.
SELF_DEFINED = 0


def perform(call: Call) -> Awaitable[ResponsePrimitive]:
    """Answer a CREATE; the checks that need nobody else are done at once."""
    request, registry, validator = call.request, call.core.registry, call.core.validator
    parent, instance = call.target.resource, call.target.instance
    assert request.resource_type is not None
    assert request.content is not None
    type_ = base = registry.by_number[request.resource_type]
    if type_.number != AE.number:
        call.require(parent, CREATE, child_type=type_.number, target_type=instance.ty if instance else None)
    check_parent(call, type_)
    if instance is not None:
        raise NotImplementedHere("to: resources below an instance are not implemented here")
    if type_.number in registry.discriminators:
        type_ = specialize(registry, type_, request.content)
    given = validator.root_of(type_, request.content)
    check_given(type_, given, request.release_version)
    validator.create(type_, given)
    support.check_attributes(base.short, given, call.core.codecs)
    check_name(parent, given.get("rn"), call.stamp)
    return (create_resource if type_.instance_of is None else create_instance)(call, type_, given)


def check_parent(call: Call, type_: ResourceType) -> None:
    """4108, for subscriptions 5203, when the type cannot stand under the target (ORD-1, SUB-1)."""
    registry = call.core.registry
    parent, subscribes = call.target.type_in(registry), type_.number == SUBSCRIPTION.number
    if subscribes and not parent.subscribable:
        raise ReceiverError(f"to: {parent.phrase} cannot be subscribed to", Status.TARGET_NOT_SUBSCRIBABLE)
    if type_.number not in registry.children_of(parent):
        if subscribes:
            raise ReceiverError(f"to: {parent.phrase} cannot be subscribed to", Status.TARGET_NOT_SUBSCRIBABLE)
        raise OriginatorError(f"ty: {type_.phrase} cannot stand under {parent.phrase}; it can under "
                              f"{', '.join(type_.parents)}", Status.INVALID_CHILD_RESOURCE_TYPE)


def specialize(registry: Registry, base: ResourceType, content: dict[str, Any]) -> ResourceType:
    """The specialization that a CREATE means: by the root element, and the discriminating attribute (FCN-1, MGO-1).

    A value that nobody knows is 4125 for a flexContainer; everything else that does not fit is 4000.
    """
    short = registry.discriminators[base.number]
    root = next(iter(content), None)
    inside = content.get(root) if len(content) == 1 and isinstance(root, str) else None
    value = inside.get(short) if isinstance(inside, dict) else None
    wanted = registry.specialization(base.number, value) if isinstance(value, str | int) else None
    found = registry.by_root.get(root) if isinstance(root, str) else None
    if short == "mgd" and root == base.root and type(value) is int and value == SELF_DEFINED:
        raise NotImplementedHere("mgd: management objects of a schema of one's own (0, mgs) are not implemented here")
    if wanted is None and short == "cnd" and isinstance(value, str):
        raise OriginatorError(f"{short}: {shown(value)} is no model that is known here (`banyan model list` shows "
                              f"them){_alike(registry, base, value)}",
                              Status.SPECIALIZATION_SCHEMA_NOT_FOUND)
    if found is None or found.number != base.number or found.discriminator is None:
        raise BadRequest(f"pc: root element {shown(root)} stands for no kind of {base.name}; expected "
                         + (f"{wanted.root!r}" if wanted is not None else f"that of a kind, and its {short}"))
    if wanted is not None and wanted is not found:
        raise BadRequest(f"{short}: {shown(value)} goes with the root element {wanted.root!r}, not with {root!r}")
    return found


def _alike(registry: Registry, base: ResourceType, value: str) -> str:
    """The end of a message: kinds of a type whose discriminating value ends as the unknown one does."""
    end = f".{value.rpartition('.')[2]}".lower()
    like = [known for known in map(str, registry.specializations(base.number)) if known.lower().endswith(end)]
    return f"; did you mean {' or '.join(like)}?" if like else ""


def check_given(type_: ResourceType, given: dict[str, Any], release: str | None) -> None:
    """A release 1 or 2 AE does not know ``srv``, which is mandatory from release 3 on."""
    if type_.number == AE.number and "srv" not in given and release in (None, "1", "2", "2a"):
        given["srv"] = [release or "1"]


async def create_resource(call: Call, type_: ResourceType, given: dict[str, Any]) -> ResponsePrimitive:
    """Create a structural resource."""
    core, parent = call.core, call.target.resource
    creator, ri = call.originator, f"{type_.short}-{secrets.token_hex(6)}"
    if type_.number == AE.number:
        creator = ri = registration.assign_ae_id(call, given)
    attributes = dict(core.validator.defaults(type_))
    attributes.update(check_creator(given, creator))
    attributes.update(ty=type_.number, ri=ri, pi=parent.ri, rn=given.get("rn") or ri, ct=call.stamp, lt=call.stamp,
                      et=expiration(call, parent, given.get("et")))
    if type_.number == AE.number:
        attributes["aei"] = ri
    elif type_.number == REMOTE_CSE.number:
        attributes["csi"] = registration.assign_cse_id(call)
    if type_.instance is not None:
        limit_retention(call, attributes)
    draft = Draft(call, type_, creator, given, attributes, None, parent)
    await draft.check()
    behaviour = core.behaviours.get(type_.number)
    if behaviour is not None:
        await behaviour.prepare(draft)
    resource = Resource(type_, attributes, creator, parent)
    async with await core.instances.turn(parent):
        await check_place(call, given.get("rn"))
        registered = core.tree.by_id.get(ri)
        if registered is not None and not has_expired(registered, call.stamp):
            raise OriginatorError(f"fr: {ri} is registered already", Status.ORIGINATOR_HAS_ALREADY_REGISTERED)
        with Work(call.originator) as work:
            for one in (registered, parent.children.get(attributes["rn"])):
                if one is not None and core.tree.holds(one) and has_expired(one, call.stamp):
                    remove(core, work, one)
            place(core, work, resource, call)
    if behaviour is not None and behaviour.settles:
        await core.commit(work)
        await behaviour.settle(resource, call)
        return result.created(call, type_, result.representation(resource), ri, resource.path, given,
                              resource.attributes)
    response = result.created(call, type_, result.representation(resource), ri, resource.path, given, attributes)
    if type_.number == AE.number:
        response.to = ri
    await call.commit(work, response)
    return response


def limit_retention(call: Call, attributes: dict[str, Any]) -> None:
    """Apply the local maxima to ``mni`` and ``mbs`` and start the counters (CNT-1, CNT-2)."""
    settings = call.core.settings
    for name, most in (("mni", settings.max_instances), ("mbs", settings.max_bytes)):
        if most and (attributes.get(name) is None or attributes[name] > most):
            attributes[name] = most
