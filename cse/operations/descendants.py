"""A resource with those of its descendants that match and that the originator may read: for rcn 4, 5, 6 and 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    def attributes(self) -> dict[str, Any]:
        """The attributes as stored."""
        return self.source.attributes if isinstance(self.source, Resource) else attributes_of(self.source)

    def size(self) -> int:
        """Number of resources in this branch, itself included."""
        return 1 + sum(child.size() for child in self.children)


def branch_of(resource: Resource, path: str | None = None) -> Branch:
    """A branch without descendants."""
    return Branch(resource.type, resource.ri, resource.rn, path or resource.path, resource)


async def gather(call: Call, resource: Resource, criteria: Filter) -> tuple[Branch, int | None]:
    """The target and its descendants within ``lvl``, ``lim`` and ``ofst`` (RCN-3, RCN-4).

    Returns the branch, and the offset of the direct child to go on with when ``lim`` cut the result.
    """
    top = branch_of(resource)
    left = criteria.limit
    for index, child in enumerate(await _direct(call, top), start=1):
        if index < criteria.offset or not await _grow(call, child, criteria, 1):
            continue
        size = child.size()
        if size > left:
            return top, index
        left -= size
        top.children.append(child)
    return top, None


async def _grow(call: Call, branch: Branch, criteria: Filter, level: int) -> bool:
    """Add what matches below; True when the branch belongs to the answer."""
    if criteria.level is None or level < criteria.level:
        for child in await _direct(call, branch):
            if await _grow(call, child, criteria, level + 1):
                branch.children.append(child)
    branch.matched = criteria.everything or await criteria.matches(candidate_of(call, branch))
    return branch.matched or bool(branch.children)


async def _direct(call: Call, branch: Branch) -> list[Branch]:
    """The readable direct children, structural ones first, each kind in order of creation."""
    resource = branch.source
    if not isinstance(resource, Resource):
        return []
    children = [
        branch_of(child, f"{branch.path}/{child.rn}")
        for child in tuple(resource.children.values())
        if call.live(child) and call.permitted(child, Permission.RETRIEVE)
    ]
    type_ = instance_type(call, resource)
    if type_ is not None and not resource.attributes.get("disr") \
            and call.permitted(resource, Permission.RETRIEVE, target_type=type_.number):
        children += [
            Branch(type_, record.ri, name_of(record), f"{branch.path}/{name_of(record)}", record)
            for record in await call.core.instances.all(resource) if record.expires > call.stamp
        ]
    return children


def candidate_of(call: Call, branch: Branch) -> Candidate:
    """What filter criteria are tested on."""
    if isinstance(branch.source, Resource):
        return Candidate(call.core, branch.source.attributes, branch.source.parent, branch.source)
    return Candidate(call.core, branch.attributes, call.core.tree.by_id.get(branch.source.pi), None)


def instance_type(call: Call, resource: Resource) -> ResourceType | None:
    """The type of the instances that a resource keeps, if it keeps any."""
    name = resource.type.instance
    return None if name is None else call.core.registry.by_name[name]
