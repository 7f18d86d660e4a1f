"""CREATE of an instance: its number, its size, and room for it (CNT-1 … CNT-6, TS-1)."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from cse.clock import seconds_of, timestamp
from cse.codecs import encode
from cse.core import Call
from cse.instances import instance_id
from cse.operations import result
from cse.operations.delete import remove
from cse.operations.placing import check_creator, check_place
from cse.primitive import ResponsePrimitive
from cse.storage.port import InstanceRecord
from cse.work import Work
from resources.errors import BadRequest, Conflict, NotFound, ReceiverError
from resources.model import Resource, ResourceType
from resources.status import Status


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


async def take_place(call: Call, work: Work, name: str) -> None:
    """Check a name; a structural resource that has expired makes way for it."""
    await check_place(call, name)
    expired = call.target.resource.children.get(name)
    if expired is not None:
        remove(call.core, work, expired)


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
    size, most = content_size(given), before.get("mbs")
    if most is not None and size > most:
        raise ReceiverError(f"con: {size} bytes are more than mbs of {parent.path} allows ({most})",
                            Status.NOT_ACCEPTABLE)
    expires = instance_expiration(call, parent, given.get("et"))
    if name is not None:
        await take_place(call, work, name)
    shelf = parent.shelf or await core.instances.shelf(parent)
    count, total = before["cni"] + 1, before["cbs"] + size
    if "mni" in before or most is not None:
        count, total = await core.instances.make_room(parent, before, work, count, total)
    if not core.tree.holds(parent):
        raise NotFound(f"to: {parent.path} is gone")
    seq = core.instances.next_seq()
    ri, stamp = instance_id(type_.short, seq), call.stamp
    state = before["st"] + 1 if "st" in before else None
    attributes = {"ty": type_.number, "ri": ri, "pi": parent.ri, "rn": name or ri, "ct": stamp, "lt": stamp,
                  "cs": size, **check_creator(given, call.originator), "et": expires}
    if state is not None:
        attributes["st"] = state
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
