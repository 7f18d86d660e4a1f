"""CREATE: a structural resource or an instance (CRE-1 … CRE-9, CNT-1 … CNT-6, AE-1 … AE-3)."""

from __future__ import annotations

import secrets
from base64 import b64decode
from collections.abc import Awaitable
from typing import Any

from cse import registration, support
from cse.clock import seconds_of, timestamp
from cse.codecs import encode
from cse.core import Call, Core
from cse.identifiers import NAME
from cse.instances import instance_id, is_generated
from cse.operations import result
from cse.operations.change import Draft
from cse.primitive import ResponsePrimitive
from cse.storage.port import InstanceRecord
from cse.work import Work
from resources.ae import AE
from resources.datatypes import shown
from resources.errors import BadRequest, Conflict, NotFound, NotImplementedHere, OriginatorError, ReceiverError
from resources.model import Permission, Resource, ResourceType
from resources.registry import Registry
from resources.remote_cse import REMOTE_CSE
from resources.status import Status
from resources.subscription import SUBSCRIPTION

#: ``mgd`` of a management object that no standard describes.
SELF_DEFINED = 0


def perform(call: Call) -> Awaitable[ResponsePrimitive]:
    """Answer a CREATE; the checks that need nobody else are done at once."""
    request = call.request
    assert request.resource_type is not None
    assert request.content is not None
    type_ = call.core.registry.by_number[request.resource_type]
    parent = call.target.resource
    if type_.number != AE.number:
        call.require(parent, Permission.CREATE, child_type=type_.number,
                     target_type=call.target.instance.ty if call.target.instance else None)
    check_parent(call, type_)
    if call.target.instance is not None:
        raise NotImplementedHere("to: resources below an instance are not implemented here")
    if type_.number in call.core.registry.discriminators:
        type_ = specialize(call.core.registry, type_, request.content)
    given = call.core.validator.root_of(type_, request.content)
    check_given(type_, given, request.release_version)
    call.core.validator.create(type_, given)
    support.check_attributes(call.core.registry.by_number[type_.number].short, given)
    check_name(parent, given.get("rn"))
    return (create_resource if type_.instance_of is None else create_instance)(call, type_, given)


def check_parent(call: Call, type_: ResourceType) -> None:
    """4108, for subscriptions 5203, when the type cannot stand under the target (ORD-1, SUB-1)."""
    parent = call.target.type_in(call.core.registry)
    if type_.number == SUBSCRIPTION.number and not parent.subscribable:
        raise ReceiverError(f"to: a {parent.name} cannot be subscribed to", Status.TARGET_NOT_SUBSCRIBABLE)
    if type_.number not in call.core.registry.children_of(parent):
        if type_.number == SUBSCRIPTION.number:
            raise ReceiverError(f"to: a {parent.name} cannot be subscribed to", Status.TARGET_NOT_SUBSCRIBABLE)
        raise OriginatorError(f"ty: a {type_.name} cannot stand under a {parent.name}; it can under "
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
        raise OriginatorError(f"{short}: {shown(value)} is no model that is known here{_alike(registry, base, value)}",
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


def check_name(parent: Resource, name: str | None) -> None:
    """ADR-5: a valid name that is neither in use under the parent nor one of its virtual children."""
    if name is None:
        return
    if not NAME.fullmatch(name):
        raise BadRequest(f"rn: {name!r} is no resource name; allowed are letters, digits and - . _")
    if name in parent.children or name in parent.type.virtual:
        raise Conflict(f"rn: {name!r} is in use under {parent.path}; choose another name")


def expiration(call: Call, parent: Resource, wanted: str | None) -> str:
    """The expiration time that is given: at most the parent's and the local maximum (CRE-4)."""
    settings = call.core.settings
    if wanted is not None and wanted <= call.stamp:
        raise BadRequest(f"et: {wanted} is in the past; it is {call.stamp} now")
    limit = timestamp(call.now + settings.max_expiration_s)
    of_parent: str = parent.attributes.get("et", limit)
    return min(wanted or timestamp(call.now + settings.default_expiration_s), limit, of_parent)


def check_creator(given: dict[str, Any], originator: str) -> dict[str, Any]:
    """CRE-5: ``cr`` comes as null and becomes the originator."""
    return {**given, "cr": originator} if "cr" in given else given


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
        if ri in core.tree.by_id:
            raise OriginatorError(f"fr: {ri} is registered already", Status.ORIGINATOR_HAS_ALREADY_REGISTERED)
        with Work(call.originator) as work:
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


def place(core: Core, work: Work, resource: Resource, call: Call | None = None) -> None:
    """Put a new structural resource into the tree, and tell its parent's subscribers and its behaviour."""
    assert resource.parent is not None
    core.tree.add(resource)
    work.undo.append(lambda: core.tree.remove(resource))
    work.put(resource)
    core.notifier.child_created(work, resource.parent, resource)
    core.notifier.attached(resource, work)
    behaviour = core.behaviours.get(resource.type.number)
    if behaviour is not None:
        behaviour.created(work, resource, call)


async def check_place(call: Call, name: str | None) -> None:
    """ADR-5 for a parent that keeps instances too; the last check, others may have been there since the first."""
    core, parent = call.core, call.target.resource
    if name is not None and parent.type.instance is not None:
        instance = core.registry.by_name[parent.type.instance]  # its name is the same for every specialization
        if is_generated(instance.short, name) or await core.instances.named(parent, name) is not None:
            raise Conflict(f"rn: {name!r} is in use under {parent.path}, or has the form of a generated name")
    if not core.tree.holds(parent):
        raise NotFound(f"to: {parent.path} is gone")
    check_name(parent, name)


def limit_retention(call: Call, attributes: dict[str, Any]) -> None:
    """Apply the local maxima to ``mni`` and ``mbs`` and start the counters (CNT-1, CNT-2)."""
    settings = call.core.settings
    for name, most in (("mni", settings.max_instances), ("mbs", settings.max_bytes)):
        if most and (attributes.get(name) is None or attributes[name] > most):
            attributes[name] = most


def content_size(given: dict[str, Any]) -> int:
    """``cs``: UTF-8 length of a text, length of the serialisation of anything else (CNT-3)."""
    content = given.get("con")
    if isinstance(content, str):
        return len(content) if content.isascii() else len(content.encode())
    return 0 if content is None else len(encode(content))


def check_encoding(given: dict[str, Any], content_info: str | None) -> None:
    """CNT-11, TS-9: content whose ``cnf`` says base64 (encoding 1 and 2) is such a text."""
    if content_info is None or content_info.split(":")[1:2] not in (["1"], ["2"]):
        return
    try:
        b64decode(given["con"], validate=True)
    except (TypeError, ValueError):
        raise BadRequest(f"con: is no base64 text, which cnf ({content_info}) says it is") from None


async def create_instance(call: Call, type_: ResourceType, given: dict[str, Any]) -> ResponsePrimitive:
    """Create an instance, one after the other in each parent."""
    core, parent = call.core, call.target.resource
    if core.settings.check_encoding:
        check_encoding(given, given.get("cnf") or parent.attributes.get("cnf"))
    with Work(call.originator) as work:
        if core.instances.takes_turns:
            async with await core.instances.turn(parent):
                record, attributes = await add_instance(call, work, type_, given)
        else:
            record, attributes = await add_instance(call, work, type_, given)
    response = result.created(call, type_, result.instance_representation(type_, record), record.ri,
                              f"{parent.path}/{attributes['rn']}", given, attributes)
    await call.commit(work, response)
    return response


async def add_instance(call: Call, work: Work, type_: ResourceType,
                       given: dict[str, Any]) -> tuple[InstanceRecord, dict[str, Any]]:
    """Encode an instance as it is stored, count it in its parent, oldest ones making room for it."""
    core, parent = call.core, call.target.resource
    before = parent.attributes
    behaviour = core.behaviours.get(parent.type.number)
    key = None
    if behaviour is not None and behaviour.keyed:
        given = dict(given)
        key = await check_key(call, behaviour.instance_key(call, given))
    name = given.get("rn")
    size = content_size(given)
    most = before.get("mbs")
    if most is not None and size > most:
        raise ReceiverError(f"con: {size} bytes are more than mbs of {parent.path} allows ({most})",
                            Status.NOT_ACCEPTABLE)
    expires = instance_expiration(call, parent, given.get("et"))
    if name is not None:
        await check_place(call, name)
    shelf = parent.shelf or await core.instances.shelf(parent)
    count, total = before["cni"] + 1, before["cbs"] + size
    if "mni" in before or most is not None:
        count, total = await core.instances.make_room(parent, before, work, count, total)
    if not core.tree.holds(parent):
        raise NotFound(f"to: {parent.path} is gone")
    seq = core.instances.next_seq()
    ri = instance_id(type_.short, seq)
    stamp = call.stamp
    state = before["st"] + 1 if "st" in before else None
    attributes = {"ty": type_.number, "ri": ri, "pi": parent.ri, "rn": name or ri, "ct": stamp, "lt": stamp,
                  "et": expires, "cs": size}
    if state is not None:
        attributes["st"] = state
    attributes.update(check_creator(given, call.originator))
    attributes["et"] = expires
    record = InstanceRecord(seq, ri, parent.ri, name, type_.number, expires, size, encode(attributes), key)
    newest = shelf.newest
    parent.attributes = {**before, "cni": count, "cbs": total, "lt": stamp}
    if state is not None:
        parent.attributes["st"] = state

    def undo() -> None:
        parent.attributes, parent.encoded, shelf.newest = before, None, newest

    work.undo.append(undo)
    if count:
        shelf.newest = record
        work.put_instance(record)
    else:
        work.remove_instance(record)  # it had no room, but its number has been given out
    core.notifier.instance_created(work, parent, type_, record, attributes)
    if behaviour is not None:
        behaviour.instance_added(work, parent, record, attributes)
    if core.instances.takes_turns:
        work.put(parent)  # a late record could show what somebody else has begun and not handed over yet
    else:
        work.put_later(parent)
    return record, attributes


async def check_key(call: Call, key: str) -> str:
    """4105 when an instance of the parent has the key already (TS-1)."""
    parent = call.target.resource
    other = await call.core.committer.instance_with_key(parent.ri, key)
    if other is not None:
        raise Conflict(f"dgt: {parent.path} has an instance with the time {key} already")
    return key


def instance_expiration(call: Call, parent: Resource, wanted: str | None) -> str:
    """``et`` of an instance: at most its parent's, and at most ``mia`` after now (CNT-5)."""
    if wanted is not None and wanted <= call.stamp:
        raise BadRequest(f"et: {wanted} is in the past; it is {call.stamp} now")
    limit: str = parent.attributes["et"]
    age = parent.attributes.get("mia")
    if age is not None:
        limit = min(limit, timestamp(min(call.now + age, seconds_of(limit))))
    return limit if wanted is None else min(wanted, limit)
