"""group: resources that are addressed together through ``fopt`` (TS-0001 9.6.13, TS-0004 7.4.13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from resources.errors import BadRequest, CseError, OriginatorError
from resources.model import Change, Hooks, MemberKind, ResourceType, row
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

#: Member types, original and announced, that have specializations of each kind.
SPECIALIZED = {"cnd": (28, 10028), "mgd": (13, 10013)}

#: Who tells what members are (``Change.member_kinds``), and whether one is what it should be.
Ask = Callable[[Sequence[str]], Awaitable[Mapping[str, MemberKind | CseError | None]]]
Verdict = bool | CseError | None


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


async def verdicts(ask: Ask, members: Sequence[str], attributes: Mapping[str, Any]) -> dict[str, Verdict]:
    """GRP-2: whether each member has the type of the group; None where that cannot be known now.

    A virtual member counts by its own type number or by that of what it stands under.
    """
    kinds = dict(await ask(members))
    virtual = {member: member.rpartition("/")[0] for member, kind in kinds.items() if isinstance(kind, MemberKind)
               and kind.number in VIRTUAL_MEMBERS and attributes["mt"] not in (MIXED, kind.number)}
    if virtual:
        above = await ask(list(dict.fromkeys(virtual.values())))
        kinds.update({member: above[parent] for member, parent in virtual.items()})
    return {member: _fits(kind, attributes) if isinstance(kind, MemberKind) else kind for member, kind in kinds.items()}


def _fits(kind: MemberKind, attributes: Mapping[str, Any]) -> bool:
    wanted = next(iter(attributes.get("spty", {}).values()), None)
    return attributes["mt"] in (MIXED, kind.number) and wanted in (None, kind.specialization)


async def _validated(change: Change, known: frozenset[str]) -> bool:
    """GRP-2 to GRP-4: check every member that is not ``known``; return ``mtv``.

    Members are checked for existence also in a mixed group, remote ones only for their type.
    """
    attributes = change.attributes
    unknown = [member for member in attributes["mid"] if member not in known
               and (attributes["mt"] != MIXED or change.is_local(member))]
    found = await verdicts(change.member_kinds, unknown, attributes)
    kept, complete = [], True
    for member in attributes["mid"]:
        fits = found.get(member, True)
        if isinstance(fits, CseError):
            raise fits
        if fits is False and attributes["mt"] != MIXED:
            fits = _resolve(change, member)
        complete = complete and fits is not None
        if fits is not False or attributes["mt"] == MIXED:
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


def _check_specialization(attributes: Mapping[str, Any]) -> None:
    """GRP-2: ``spty`` goes with the member types that have specializations."""
    for name in attributes.get("spty", ()):
        if attributes["mt"] not in SPECIALIZED[name]:
            possible = " or ".join(map(str, SPECIALIZED[name]))
            raise BadRequest(f"spty: {name} goes with mt {possible}, not with {attributes['mt']}")


async def _check(change: Change) -> None:
    attributes, current = change.attributes, change.current
    if current is None:
        _check_specialization(attributes)
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
