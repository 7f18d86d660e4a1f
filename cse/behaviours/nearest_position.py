"""The position of the nearest node that has one (LOC-3).

Nodes are neighbours when a device of one (areaNwkDeviceInfo) lists a device of the other in ``lnh``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cse.behaviours.node import hosted
from cse.core import Core, attributes_of
from cse.reachability import node_of
from resources.location_policy import LOCATION_POLICY
from resources.model import Resource
from resources.node import NODE

DEVICE = 1005
#: m2m:locationSource of policies that know a position themselves.
OWN_SOURCES = (1, 2)


async def nearest_position(core: Core, entity: Resource) -> Any:
    """The position of the nearest node to that of the entity, else of this CSE; None when nobody knows."""
    start = node_of(core.tree, entity)
    for node in _by_hops(core, start) if start is not None else ():
        for other in hosted(core, node.attributes):
            found = await _known(core, other) if other is not entity else None
            if found is not None:
                return found
    return await _known(core, core.tree.root)


def _by_hops(core: Core, start: Resource) -> Iterator[Resource]:
    """The nodes that can be reached from one, the nearest first, itself included."""
    seen, waiting = {start.ri}, [start]
    for node in waiting:
        yield node
        for neighbour in _neighbours(core, node):
            if neighbour.ri not in seen:
                seen.add(neighbour.ri)
                waiting.append(neighbour)


def _neighbours(core: Core, node: Resource) -> Iterator[Resource]:
    for device in node.children.values():
        for identifier in device.attributes.get("lnh", ()) if device.attributes.get("mgd") == DEVICE else ():
            other = core.tree.find(identifier)
            if other is not None and other.parent is not None and other.parent.type.number == NODE.number:
                yield other.parent


async def _known(core: Core, entity: Resource) -> Any:
    """The newest position that a locationPolicy of an entity has, else the ``loc`` of the entity itself."""
    for policy in entity.children.values():
        if policy.type.number == LOCATION_POLICY.number and policy.attributes["los"] in OWN_SOURCES:
            container = core.tree.by_id.get(policy.attributes["loi"])
            newest = await core.instances.newest(container) if container is not None else None
            if newest is not None:
                return attributes_of(newest)["con"]
    return entity.attributes.get("loc")
