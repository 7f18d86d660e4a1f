"""Discovery: RETRIEVE with ``fu`` 1 (DIS-1 … DIS-6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from cse.core import Call, Target, attributes_of, resolve, settle_virtual
from cse.filters import DISCOVERY, ON_DEMAND, Candidate, Filter, check_use, compile_filter
from cse.instances import instance_id, name_of
from cse.on_demand import ask_ipe
from cse.operations.result import reference
from cse.primitive import ResponsePrimitive
from resources.errors import BadRequest, CseError
from resources.model import Permission, Resource, ResourceType
from resources.status import Status


class Hit(NamedTuple):
    """A discovered resource."""

    path: str
    ri: str
    name: str
    ty: int


class Hits:
    """Discovered resources of one place in the tree, one after the other."""

    def __init__(self, hits: list[Hit]) -> None:
        self._hits = hits

    def __len__(self) -> int:
        return len(self._hits)

    def part(self, first: int, most: int) -> Hits:
        """At most ``most`` from the ``first`` on."""
        return Hits(self._hits[first:first + most])

    def addresses(self, *, unstructured: bool) -> list[str]:
        """Their addresses in one form."""
        return [hit.ri for hit in self._hits] if unstructured else [hit.path for hit in self._hits]

    def all(self) -> list[Hit]:
        """Each of them in full."""
        return self._hits


class Siblings(Hits):
    """Instances of one parent by their keys: thousands of them become addresses without an object for each."""

    def __init__(self, path: str, type_: ResourceType, keys: list[tuple[int, str | None, str]]) -> None:
        self._path = path
        self._type = type_
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def part(self, first: int, most: int) -> Hits:
        """At most ``most`` from the ``first`` on."""
        return Siblings(self._path, self._type, self._keys[first:first + most])

    def addresses(self, *, unstructured: bool) -> list[str]:
        """Their addresses in one form (``instance_id`` written out: this runs once per instance)."""
        short = self._type.short
        if unstructured:
            return [f"{short}-{seq:x}" for seq, _, _ in self._keys]
        below, generated = f"{self._path}/", f"{self._path}/{short}-"
        return [f"{generated}{seq:x}" if name is None else below + name for seq, name, _ in self._keys]

    def all(self) -> list[Hit]:
        """Each of them in full."""
        found = []
        for seq, name, _ in self._keys:
            ri = instance_id(self._type.short, seq)
            found.append(Hit(f"{self._path}/{name or ri}", ri, name or ri, self._type.number))
        return found


#: Tags that all instances of one parent answer alike, so no instance has to be read.
SAME_FOR_SIBLINGS = frozenset({"ty", "pty", "palb", "patr"})

INACTIVE = 2


async def discover(call: Call) -> ResponsePrimitive:
    """Answer a discovery: the addresses of the matching descendants of the target."""
    request, core = call.request, call.core
    rcn, criteria = request.result_content, request.filter_criteria
    assert criteria is not None
    check_use(request, (DISCOVERY, ON_DEMAND))
    if rcn not in (None, 6, 11):
        raise BadRequest(f"rcn: {rcn} is not for discovery; leave it out (or 11) for addresses, or 6 for child "
                         "references")
    call.require_target(Permission.DISCOVERY)
    wanted = compile_filter(criteria, core.settings.max_results)
    await wanted.prepare(call)
    found, offset = await collect(call, wanted)
    if criteria.usage == ON_DEMAND and offset is None and not any(map(len, found)):
        found = await on_demand(call, wanted)
    if criteria.relative_path is not None:
        found = [Hits(await _applied(call, found, criteria.relative_path))]
    await core.committer.settled()
    response = ResponsePrimitive(Status.OK, content=_content(found, rcn, unstructured=request.result_type == 2))
    if offset is not None:
        response.content_status, response.content_offset = 1, offset
    return response


async def on_demand(call: Call, wanted: Filter) -> list[Hits]:
    """What an IPE offers when it is asked (DIS-5): the search again, over what it says, if it says what."""
    addresses = await ask_ipe(call)
    if addresses is None:
        return []
    if not addresses:
        return (await collect(call, wanted))[0]
    found = []
    for address in addresses[:wanted.limit]:
        target = await _local(call, address)
        hit = _hit(call, target) if target is not None else None
        if hit is not None and target is not None and await wanted.matches(candidate(call, target)):
            found.append(hit)
    return [Hits(found)]


async def collect(call: Call, wanted: Filter) -> tuple[list[Hits], int | None]:
    """What a search below the target finds from ``ofst`` on; the offset to go on with when ``lim`` cut it."""
    found: list[Hits] = []
    offset = None
    position = count = 0
    if call.target.instance is None:
        async for group in _found(call, call.target.resource, wanted):
            first = max(0, wanted.offset - 1 - position)
            part = group.part(first, wanted.limit - count)
            found.append(part)
            count += len(part)
            position += len(group)
            if position > wanted.offset - 1 + count:
                offset = wanted.offset + count
                break
    return found, offset


def _content(found: list[Hits], rcn: int | None, *, unstructured: bool) -> dict[str, Any]:
    if rcn == 6:
        return {"m2m:rrl": {"rrf": [reference(hit.name, hit.ty, hit.ri if unstructured else hit.path)
                                    for group in found for hit in group.all()]}}
    return {"m2m:uril": [address for group in found for address in group.addresses(unstructured=unstructured)]}


async def _found(call: Call, top: Resource, wanted: Filter) -> AsyncIterator[Hits]:
    """Matching descendants in groups, parents before children, instances before structural children."""
    waiting = [(top, top.path, 0)]
    while waiting:
        resource, path, level = waiting.pop()
        if level and call.permitted(resource, Permission.DISCOVERY) and (
                wanted.fits(resource.attributes) if wanted.plain
                else await wanted.matches(Candidate(call, resource.attributes, resource.parent, resource))):
            yield Hits([Hit(path, resource.ri, resource.rn, resource.type.number)])
        if level == wanted.level:
            continue
        name = resource.type.instance
        if name is not None:
            type_ = call.core.registry.by_name[name]
            if call.permitted(resource, Permission.DISCOVERY, target_type=type_.number):
                yield await _instances(call, resource, path, type_, wanted)
        waiting += [(child, f"{path}/{child.rn}", level + 1) for child in reversed(resource.children.values())
                    if call.live(child) and child.attributes.get("regs") != INACTIVE]


async def _instances(call: Call, parent: Resource, path: str, type_: ResourceType, wanted: Filter) -> Hits:
    stamp, number = call.stamp, type_.number
    if wanted.excludes(number):
        return Hits([])
    if SAME_FOR_SIBLINGS.issuperset(wanted.tags):
        sample = Candidate(call, {"ty": number}, parent, None)
        if not await wanted.matches(sample):
            return Hits([])
        keys = await call.core.instances.keys(parent)
        return Siblings(path, type_, [key for key in keys if key[2] > stamp])
    return Hits([
        Hit(f"{path}/{name_of(record)}", record.ri, name_of(record), number)
        async for record in call.core.instances.each(parent)
        if record.expires > stamp and (
            wanted.fits(attributes_of(record)) if wanted.plain
            else await wanted.matches(Candidate(call, attributes_of(record), parent, None)))
    ])


async def _applied(call: Call, found: list[Hits], relative: str) -> list[Hit]:
    """Append ``arp`` to each match; what does not exist or may not be discovered is dropped (DIS-4)."""
    tail = tuple(segment for segment in relative.split("/") if segment)
    applied = []
    for hit in (hit for group in found for hit in group.all()):
        target = await _reach(call, (hit.ri, *tail))
        reached = _hit(call, target) if target is not None else None
        if reached is not None:
            applied.append(reached._replace(path="/".join((hit.path, *tail))))
    return applied


def candidate(call: Call, target: Target) -> Candidate:
    """What filter criteria are tested on."""
    resource, record = target.resource, target.instance
    if record is not None:
        return Candidate(call, attributes_of(record), resource, None)
    return Candidate(call, resource.attributes, resource.parent, resource)


def _hit(call: Call, target: Target) -> Hit | None:
    """What is found at an address; None when it may not be discovered."""
    resource, record = target.resource, target.instance
    if not call.permitted(resource, Permission.DISCOVERY, target_type=record.ty if record else None):
        return None
    if record is None:
        return Hit(resource.path, resource.ri, resource.rn, resource.type.number)
    return Hit(f"{resource.path}/{name_of(record)}", record.ri, name_of(record), record.ty)


async def _local(call: Call, identifier: str) -> Target | None:
    """What an address of any form leads to here; None for nothing, for a foreign one, and for a virtual child."""
    try:
        address = call.core.identity.address(identifier)
    except CseError:
        return None
    target = await _reach(call, address.segments) if address.cse is None else None
    return target if target is not None and target.virtual is None else None


async def _reach(call: Call, segments: Sequence[str]) -> Target | None:
    try:
        target = await resolve(call.core, tuple(segments), call.stamp)
        if target is not None and target.virtual in ("la", "ol"):
            return await settle_virtual(call.core, target, call.stamp)
    except CseError:
        return None
    return target
