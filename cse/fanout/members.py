"""Members of a group: what they are, which of them are asked, and how those that are gone leave (GRP-2, GRP-11)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

from cse.client.transport import Unreachable
from cse.core import FAN_OUT_POINT, LATEST, OLDEST, Call, Core, resolve
from cse.primitive import Operation, RequestPrimitive
from resources.errors import BadRequest, CseError, NotFound, OriginatorError, ReceiverError
from resources.model import MemberKind, Resource
from resources.status import Status

#: Member type numbers of virtual members (GRP-2).
VIRTUAL_TYPES = {OLDEST: 20001, LATEST: 20002, "msp": 20003}

#: Names of virtual children that can be members; None for what is not virtual.
POSSIBLE = frozenset({None, FAN_OUT_POINT, *VIRTUAL_TYPES})

#: Attributes that tell the specialization of a resource, and the members of ``spty``.
SPECIALIZATIONS = ("cnd", "mgd")

#: Members on other CSEs that are inspected at the same time, and local ones before others get their turn.
REMOTE_AT_ONCE, LOCAL_AT_ONCE = 20, 25


class Inspection:
    """Finds out what members are, with the rights of one originator. A CSE that cannot be reached is asked once."""

    def __init__(self, core: Core, originator: str, stamp: str) -> None:
        self._core = core
        self._originator = originator
        self._stamp = stamp
        self._unreachable: set[str] = set()

    async def kinds(self, identifiers: Sequence[str]) -> dict[str, MemberKind | CseError | None]:
        """What each member is: its kind, None when that cannot be known now, or why there is none to be had."""
        found: dict[str, MemberKind | CseError | None] = {}
        waiting = iter(identifiers)

        async def inspect() -> None:
            for number, identifier in enumerate(waiting, start=1):
                try:
                    found[identifier] = await self.kind(identifier)
                except CseError as problem:
                    found[identifier] = problem
                if number % LOCAL_AT_ONCE == 0:
                    await asyncio.sleep(0)

        await asyncio.gather(*(inspect() for _ in identifiers[:REMOTE_AT_ONCE]))
        return found

    async def kind(self, identifier: str) -> MemberKind | None:
        """What one member is; raises NotFound for a missing one, 5105 when it may not be read on its CSE."""
        address = self._core.identity.address(identifier)
        if address.cse is not None:
            return await self._remote(address.cse, identifier)
        target = await resolve(self._core, address.segments, self._stamp)
        if target is None or target.rest or target.virtual not in POSSIBLE:
            raise NotFound(f"mid: there is no resource {identifier!r} here that can be a member")
        attributes = target.resource.attributes
        if target.virtual == FAN_OUT_POINT:
            return _of_members(attributes)
        if target.virtual is not None:
            return MemberKind(VIRTUAL_TYPES[target.virtual])
        number = target.type_in(self._core.registry).number
        return MemberKind(number, _specialization(attributes) if target.instance is None else None)

    async def _remote(self, cse: str, identifier: str) -> MemberKind | None:
        """Retrieve a member of another CSE (GRP-2); of a virtual one what stands above it."""
        above, _, last = identifier.rpartition("/")
        virtual = last if last in POSSIBLE else None
        attributes = await self._retrieve(cse, identifier if virtual is None else above)
        if attributes is None:
            return None
        if virtual == FAN_OUT_POINT:
            return _of_members(attributes)
        if virtual is not None:
            return MemberKind(VIRTUAL_TYPES[virtual])
        number = attributes.get("ty")
        return MemberKind(number, _specialization(attributes)) if isinstance(number, int) else None

    async def _retrieve(self, cse: str, identifier: str) -> dict[str, Any] | None:
        if cse in self._unreachable:
            return None
        core = self._core
        request = RequestPrimitive(Operation.RETRIEVE, identifier, core.identity.sp_relative(self._originator),
                                   secrets.token_hex(8), core.settings.releases[-1])
        try:
            answer = await core.ask_remote(cse, request)
        except Unreachable:
            self._unreachable.add(cse)
            return None
        if answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE:
            raise ReceiverError(f"mid: {identifier!r} may not be read by {self._originator!r}",
                                Status.RECEIVER_HAS_NO_PRIVILEGE)
        if answer.status == Status.NOT_FOUND:
            raise NotFound(f"mid: there is no resource {identifier!r}")
        inside = next(iter(answer.content.values()), None) if answer.status.succeeded and answer.content else None
        return inside if isinstance(inside, dict) else None


def _specialization(attributes: dict[str, Any]) -> Any:
    return next((attributes[name] for name in SPECIALIZATIONS if name in attributes), None)


def _of_members(group: dict[str, Any]) -> MemberKind | None:
    """What the members of a group are, for ``<group>/fopt`` as a member."""
    number = group.get("mt")
    specialization = next(iter((group.get("spty") or {}).values()), None)
    return MemberKind(number, specialization) if isinstance(number, int) else None


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


def check_child_type(call: Call) -> None:
    """GRP-12: a child that no member can have is refused at once (4108)."""
    core, group, number = call.core, call.target.resource, call.request.resource_type
    member = core.registry.by_number.get(group.attributes["mt"])
    if number is None or member is None or call.target.rest:
        return
    if number not in core.registry.children_of(member):
        raise OriginatorError(f"ty: members of {group.path} are of type {member.name} and cannot have such a child",
                              Status.INVALID_CHILD_RESOURCE_TYPE)
