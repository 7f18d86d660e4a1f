"""Group fan-out: one request to a fanOutPoint becomes one to each member (GRP-10 … GRP-17)."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from cse.clock import seconds_of
from cse.core import FAN_OUT_POINT, LATEST, OLDEST, Call, Core, resolve
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, NotFound, OriginatorError, ReceiverError
from resources.model import Permission, Resource
from resources.status import Status

#: m2m:filterUsage of discovery.
DISCOVERY = 1

#: Members of one group that are asked at the same time; others get their turn of the loop in between.
AT_ONCE = 100

#: Member type numbers of virtual members (GRP-2).
VIRTUAL_TYPES = {OLDEST: 20001, LATEST: 20002}

BITS = {
    Operation.CREATE: Permission.CREATE, Operation.RETRIEVE: Permission.RETRIEVE, Operation.UPDATE: Permission.UPDATE,
    Operation.DELETE: Permission.DELETE, Operation.NOTIFY: Permission.NOTIFY,
}


class SeenGroupRequests:
    """Group request identifiers that were processed, by target; the oldest are forgotten first (GRP-13)."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def add(self, group_request_id: str, target: str) -> bool:
        """Remember one; False when it has been seen before."""
        key = blake2b(f"{group_request_id} {target}".encode(), digest_size=16).digest()
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True


def check_repeated(call: Call) -> None:
    """V15: the same group request for the same target is processed once (4104)."""
    group_request_id = call.request.group_request_id
    assert group_request_id is not None
    if not call.core.seen.add(group_request_id, _key(call)):
        raise OriginatorError(f"gid: group request {group_request_id} has been processed here already",
                              Status.GROUP_REQUEST_IDENTIFIER_EXISTS)


def _key(call: Call) -> str:
    target = call.target
    return "/".join((target.instance.ri if target.instance else target.resource.ri, target.virtual or "",
                     *target.rest))


async def perform(call: Call) -> ResponsePrimitive:
    """Fan a request out and aggregate the answers."""
    core, group, request = call.core, call.target.resource, call.request
    core.access.require_members(group, call.originator, permission_of(request), call,
                                child_type=request.resource_type)
    members = chosen(group, request)
    check_child_type(core, group, call)
    if request.group_request_id is None:
        request.group_request_id = secrets.token_hex(8)
        core.seen.add(request.group_request_id, _key(call))
    tail = "".join(f"/{segment}" for segment in call.target.rest)
    requests = [member_request(call, member + tail, number) for number, member in enumerate(members)]
    answers = await _ask_all(core, requests, patience_s(call))
    if not any(answers):
        raise ReceiverError(f"{group.path}: no member answered in time", Status.GROUP_MEMBERS_NOT_RESPONDED)
    if request.operation is Operation.DELETE and not tail:
        await _drop_deleted(call, group, members, answers)
    found = [answer_of(member, answer) for member, answer in zip(members, answers, strict=True) if answer is not None]
    return ResponsePrimitive(Status.OK, content={"m2m:agr": {"m2m:rsp": found}})


def permission_of(request: RequestPrimitive) -> int:
    """The permission that the fanOutPoint asks for; discovery has its own (ACP-5, GRP-10)."""
    criteria = request.filter_criteria
    if request.operation is Operation.RETRIEVE and criteria is not None and criteria.usage == DISCOVERY:
        return Permission.DISCOVERY
    return BITS[request.operation]


def patience_s(call: Call) -> float:
    """How long members may take: until ``rset``, but never longer than any request here (GRP-14)."""
    most, until = call.core.settings.request_timeout_s, call.request.result_expiration
    if until is None:
        return most
    return min(most, int(until) / 1000 if until.isdigit() else seconds_of(until) - call.now)


def chosen(group: Resource, request: RequestPrimitive) -> list[str]:
    """The members to ask, each once: all, or those of ``grtm`` (GRP-11)."""
    members: list[str] = group.attributes["mid"]
    if not members:
        raise OriginatorError(f"to: {group.path} has no members", Status.NO_MEMBERS)
    wanted = request.group_targets
    if wanted is None:
        return list(members)
    if not wanted:
        raise BadRequest("grtm: is empty; name members of the group, or leave it out to address all")
    known = frozenset(members)
    for member in wanted:
        if member not in known:
            raise BadRequest(f"grtm: {member!r} is no member of {group.path}")
    return list(dict.fromkeys(wanted))


def check_child_type(core: Core, group: Resource, call: Call) -> None:
    """GRP-12: a child that no member can have is refused at once (4108)."""
    number = call.request.resource_type
    member = core.registry.by_number.get(group.attributes["mt"])
    if number is None or member is None or call.target.rest:
        return
    if number not in core.registry.children_of(member):
        raise OriginatorError(f"ty: members of {group.path} are of type {member.name} and cannot have such a child",
                              Status.INVALID_CHILD_RESOURCE_TYPE)


def member_request(call: Call, to: str, number: int) -> RequestPrimitive:
    """The request to one member: same originator and ``gid``, own request identifier (GRP-13)."""
    request = call.request
    return replace(request, to=to, request_id=f"{request.request_id}-{number}", group_targets=None)


async def _ask_all(core: Core, requests: list[RequestPrimitive], seconds: float) -> list[ResponsePrimitive | None]:
    """Answers in the order of the requests; None for those that did not come in time (GRP-14)."""
    answers: list[ResponsePrimitive | None] = [None] * len(requests)
    waiting = enumerate(requests)
    tasks = [asyncio.ensure_future(_ask(core, waiting, answers)) for _ in requests[:AT_ONCE]]
    timer, everybody = asyncio.ensure_future(core.clock.sleep(seconds)), asyncio.ensure_future(asyncio.wait(tasks))
    try:
        await asyncio.wait((timer, everybody), return_when=asyncio.FIRST_COMPLETED)
        return answers[:]
    finally:
        for left in (timer, everybody, *tasks):
            left.cancel()


async def _ask(core: Core, waiting: Iterator[tuple[int, RequestPrimitive]],
               answers: list[ResponsePrimitive | None]) -> None:
    """Ask one member after the other, as long as there are any."""
    for number, request in waiting:
        answers[number] = await core.handle(request)
        await asyncio.sleep(0)


def answer_of(member: str, answer: ResponsePrimitive) -> dict[str, Any]:
    """One ``m2m:rsp`` of the aggregated answer."""
    shown: dict[str, Any] = {"rsc": answer.status.value, "rqi": answer.request_id, "fr": member, "to": member}
    if answer.release_version is not None:
        shown["rvi"] = answer.release_version
    if answer.content is not None:
        shown["pc"] = answer.content
    return shown


async def _drop_deleted(call: Call, group: Resource, members: list[str],
                        answers: list[ResponsePrimitive | None]) -> None:
    """GRP-16: members that are gone leave ``mid``; virtual references stay."""
    gone = {member for member, answer in zip(members, answers, strict=True)
            if answer is not None and answer.status == Status.DELETED
            and member.rpartition("/")[2] not in (LATEST, OLDEST, FAN_OUT_POINT)}
    if not gone or not call.core.tree.holds(group):
        return
    before = group.attributes
    left = [member for member in before["mid"] if member not in gone]
    group.attributes = {**before, "mid": left, "cnm": len(left), "lt": call.stamp}
    work = Work()

    def undo() -> None:
        group.attributes, group.encoded = before, None

    work.undo.append(undo)
    work.put(group)
    await call.core.commit(work)


async def member_type(call: Call, identifier: str) -> int | None:
    """Type number of a member: of a virtual one its own, of a ``fopt`` that of the group's members (GRP-2).

    None when it is on another CSE and so cannot be checked now (GRP-3). Raises NotFound for a missing local one.
    """
    core = call.core
    address = core.identity.address(identifier)
    if address.cse is not None:
        return None
    target = await resolve(core, address.segments, call.stamp)
    if target is None or target.rest:
        raise NotFound(f"mid: there is no resource {identifier!r} here")
    if target.virtual == FAN_OUT_POINT:
        number: int = target.resource.attributes["mt"]
        return number
    return VIRTUAL_TYPES[target.virtual] if target.virtual else target.type_in(core.registry).number
