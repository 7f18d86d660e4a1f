"""group: resources that are addressed together through ``fopt`` (TS-0001 9.6.13, TS-0004 7.4.13)."""

from __future__ import annotations

from typing import Any

from resources.common import (
    ACPI,
    ANNOUNCEABLE,
    CR,
    CSTN,
    DACI,
    ET,
    LBL,
    MANDATORY,
    NP,
    OA,
    UNIVERSAL,
)
from resources.complex_types import batch_notify, specialization_type
from resources.datatypes import shown
from resources.enumerations import MIXED, VIRTUAL_MEMBERS, consistency_strategy, member_type
from resources.errors import OriginatorError
from resources.model import Change, Hooks, ResourceType, row
from resources.simple_types import (
    boolean_type,
    list_of_any_uri,
    list_of_uris,
    non_negative_integer,
    positive_integer,
    string,
)
from resources.status import Status

ABANDON_MEMBER = 1
ABANDON_GROUP = 2


def _distinct(change: Change, members: list[str]) -> list[str]:
    """GRP-1: each member once, also when it is named by different forms of its identifier."""
    found: dict[str, str] = {}
    for member in members:
        resource = change.find(member)
        found.setdefault(member if resource is None else f"\0{resource.ri}", member)
    return list(found.values())


def _limit(change: Change) -> None:
    """GRP-1: never more members than ``mnm``."""
    members, limit = len(change.attributes["mid"]), change.attributes["mnm"]
    if members > limit:
        raise OriginatorError(
            f"mid: {members} members are more than mnm {limit}; remove members or raise mnm",
            Status.MAX_NUMBER_OF_MEMBER_EXCEEDED,
        )


async def _fits(change: Change, member: str, wanted: int) -> bool | None:
    """GRP-2: True when the member has the wanted type, None when that cannot be known now."""
    kind = await change.member_type(member)
    if kind in VIRTUAL_MEMBERS and kind != wanted:
        kind = await change.member_type(member.rpartition("/")[0])
    if kind is None:
        return None
    return kind == wanted and _is_specialized(change, member)


def _is_specialized(change: Change, member: str) -> bool:
    """GRP-2: the specialization asked for by ``spty`` is the one of a local member."""
    wanted: dict[str, Any] = change.attributes.get("spty") or {}
    resource = change.find(member) if wanted else None
    return resource is None or all(resource.attributes.get(name) == value for name, value in wanted.items())


async def _validated(change: Change, known: frozenset[str]) -> bool:
    """GRP-2 to GRP-4: check the type of every member that is not ``known``; return ``mtv``.

    Members are checked for existence also in a mixed group, remote ones only for their type.
    """
    attributes = change.attributes
    kept, complete = [], True
    for member in attributes["mid"]:
        wanted = attributes["mt"]
        fits: bool | None = True
        if member not in known and wanted != MIXED:
            fits = await _fits(change, member, wanted)
        elif member not in known and change.is_local(member):
            await change.member_type(member)
        if fits is False:
            fits = _resolve(change, member)
        complete = complete and fits is not None
        if fits is not False:
            kept.append(member)
    attributes["mid"] = kept
    return complete or attributes["mt"] == MIXED


def _resolve(change: Change, member: str) -> bool:
    """GRP-4: a member of another type is dropped, refuses the group, or makes it mixed; True keeps the member."""
    attributes = change.attributes
    if attributes["csy"] == ABANDON_MEMBER:
        return False
    if attributes["csy"] == ABANDON_GROUP:
        raise OriginatorError(
            f"mid: {shown(member)} has not the member type mt {attributes['mt']} of the group",
            Status.GROUP_MEMBER_TYPE_INCONSISTENT,
        )
    attributes["mt"] = MIXED
    attributes.pop("spty", None)
    return True


async def _check(change: Change) -> None:
    attributes, current = change.attributes, change.current
    if current is None or "mid" in change.given:
        attributes["mid"] = _distinct(change, attributes["mid"])
    _limit(change)
    if current is None or "mid" in change.given:
        trusted = current is not None and current.attributes.get("mtv") is True
        known = frozenset(current.attributes["mid"]) if current is not None and trusted else frozenset()
        attributes["mtv"] = await _validated(change, known)
    attributes["cnm"] = len(attributes["mid"])


GROUP = ResourceType(
    number=9,
    short="grp",
    name="group",
    parents=("AE", "CSEBase", "remoteCSE"),
    attributes=(
        *UNIVERSAL,
        ET,
        ACPI,
        LBL,
        *ANNOUNCEABLE,
        DACI,
        CR,
        CSTN,
        row("mt", "memberType", member_type, update=NP, announce=OA, single=True, default=MIXED),
        row("spty", "specializationType", specialization_type, update=NP, announce=OA, release=3),
        row("cnm", "currentNrOfMembers", non_negative_integer, create=NP, update=NP, announce=OA, single=True),
        row("mnm", "maxNrOfMembers", positive_integer, create=MANDATORY, announce=OA, single=True),
        row("mid", "memberIDs", list_of_any_uri, create=MANDATORY, announce=OA, single=True),
        row("macp", "membersAccessControlPolicyIDs", list_of_uris, announce=OA),
        row("mtv", "memberTypeValidated", boolean_type, create=NP, update=NP, announce=OA),
        row(
            "csy",
            "consistencyStrategy",
            consistency_strategy,
            update=NP,
            announce=OA,
            single=True,
            default=ABANDON_MEMBER,
        ),
        row("gn", "groupName", string, announce=OA),
        row("ssi", "semanticSupportIndicator", boolean_type, create=NP, update=NP, announce=OA, release=3),
        row("nar", "notifyAggregation", batch_notify, announce=OA, release=3),
    ),
    virtual=("fopt", "sfop"),
    announced_as="grpA",
    hooks=Hooks(check=_check),
)
