"""A resource with those of its descendants that match and that the originator may read: for rcn 4, 5, 6 and 8."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from cse.codecs import encode
from cse.core import Call, attributes_of
from cse.filters import Candidate, Filter
from cse.instances import name_of
from cse.storage.port import InstanceRecord
from resources.model import Permission, Resource, ResourceType


@dataclass(slots=True)
class Branch:
    """A resource, or an instance, and the part of its descendants that belongs to the answer.

    ``matched`` is False for one that is there only because something below it matches.
    """

    type: ResourceType
    ri: str
    name: str
    path: str
    source: Resource | InstanceRecord
    children: list[Branch] = field(default_factory=list)
    matched: bool = True

    @property
    def belongs(self) -> bool:
        """True when the branch is part of the answer."""
        return self.matched or bool(self.children)

    @property
    def is_instance(self) -> bool:
        """True for an instance, which has no children."""
        return isinstance(self.source, InstanceRecord)

    @property
    def encoded(self) -> bytes:
        """The attributes as JSON."""
        if isinstance(self.source, InstanceRecord):
            return self.source.body
        return self.source.encoded or encode(self.source.attributes)

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes as stored."""
        return self.source.attributes if isinstance(self.source, Resource) else attributes_of(self.source)

    def size(self) -> int:
        """Number of resources in this branch, itself included."""
        return 1 + sum(1 for _ in self.below())

    def below(self) -> Iterator[Branch]:
        """All branches inside this one, parents before children."""
        waiting = self.children[::-1]
        while waiting:
            here = waiting.pop()
            yield here
            waiting += reversed(here.children)


def branch_of(resource: Resource, path: str | None = None) -> Branch:
    """A branch without descendants."""
    return Branch(resource.type, resource.ri, resource.rn, path or resource.path, resource)


async def gather(call: Call, resource: Resource, criteria: Filter) -> tuple[Branch, int | None]:
    """The target and its descendants within ``lvl``, ``lim`` and ``ofst`` (RCN-3, RCN-4).

    Returns the branch, and the offset of the direct child to go on with when ``lim`` cut the result.
    """
    top = branch_of(resource)
    left, index = criteria.limit, 0
    async for child in _direct(call, top):
        index += 1
        if index < criteria.offset:
            continue
        size = await _grow(call, child, criteria, left)
        if size > left:
            return top, index
        if size:
            left -= size
            top.children.append(child)
    return top, None


async def _grow(call: Call, branch: Branch, criteria: Filter, left: int) -> int:
    """Add what matches below, level by level; returns the size, 0 when the branch does not belong to the answer.

    A branch that has more instances than are ``left`` is given up at once: it is cut whole, however big it is.
    """
    if isinstance(branch.source, InstanceRecord):
        return int(await _matches(call, branch, criteria))
    levels, kept = [[branch]], 0
    while levels[-1] and (criteria.level is None or len(levels) < criteria.level):
        below: list[Branch] = []
        for one in levels[-1]:
            async for child in _direct(call, one):
                if child.is_instance:
                    if not await _matches(call, child, criteria):
                        continue
                    kept += 1
                    if kept > left:
                        return kept
                else:
                    below.append(child)
                one.children.append(child)
        levels.append(below)
    for level in reversed(levels):
        for one in level:
            one.children = [child for child in one.children if child.belongs]
            one.matched = await _matches(call, one, criteria)
    return branch.size() if branch.belongs else 0


async def _matches(call: Call, branch: Branch, criteria: Filter) -> bool:
    return criteria.everything or await criteria.matches(candidate_of(call, branch))


async def _direct(call: Call, branch: Branch) -> AsyncIterator[Branch]:
    """The readable direct children, structural ones first, each kind in order of creation; instances page by page."""
    resource = branch.source
    if not isinstance(resource, Resource):
        return
    for child in tuple(resource.children.values()):
        if call.live(child) and call.permitted(child, Permission.RETRIEVE):
            yield branch_of(child, f"{branch.path}/{child.rn}")
    type_ = instance_type(call, resource)
    if type_ is not None and not resource.attributes.get("disr") \
            and call.permitted(resource, Permission.RETRIEVE, target_type=type_.number):
        async for record in call.core.instances.each(resource):
            if record.expires > call.stamp:
                name = name_of(record)
                yield Branch(type_, record.ri, name, f"{branch.path}/{name}", record)


def candidate_of(call: Call, branch: Branch) -> Candidate:
    """What filter criteria are tested on."""
    if isinstance(branch.source, Resource):
        return Candidate(call, branch.source.attributes, branch.source.parent, branch.source)
    return Candidate(call, branch.attributes, call.core.tree.by_id.get(branch.source.pi), None)


def instance_type(call: Call, resource: Resource) -> ResourceType | None:
    """The type of the instances that a resource keeps, if it keeps any."""
    return call.core.registry.instance_type(resource.type)
