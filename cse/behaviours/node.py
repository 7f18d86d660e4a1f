"""node: linked with the AEs and the CSE on it, from both sides (NOD-1).

``hael`` and ``hcl`` of a node, and ``nl`` of the entities, say the same: whoever is changed, the other side follows in
the same unit of work. An entity is on one node, a node has one CSE; the latest word counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.behaviours.cmdh_rules import review
from cse.behaviours.upkeep import keep
from cse.core import Core
from cse.reachability import node_of
from cse.work import Work
from resources.ae import AE
from resources.cse_base import CSE_BASE
from resources.errors import BadRequest
from resources.model import Resource
from resources.node import NODE
from resources.remote_cse import REMOTE_CSE

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft



class NodeBehaviour(Behaviour):
    """The nodes of one CSE; ``nodes`` has them by resource ID."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.nodes: dict[str, Resource] = {}

    def restored(self, resource: Resource) -> None:
        """Its links have been stored with both sides."""
        self.nodes[resource.ri] = resource

    async def started(self) -> None:
        """The rules of the CSE's own node are in force from the start."""
        review(self.core)

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """Link what it names, and who has waited for it under this address."""
        self.nodes[resource.ri] = resource
        work.undo.append(lambda: self._forget(resource))
        self._follow(work, resource, {})
        for entity in list(self.core.tree.root.children.values()):
            if entity.type.number in (AE.number, REMOTE_CSE.number) and node_of(self.core.tree, entity) is resource:
                host(self.core, work, resource, entity)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """Link whom it names now, and no more whom it does not name any more."""
        if not given.keys().isdisjoint(("hael", "hcl")):
            self._follow(work, resource, before)

    def removed(self, work: Work, resource: Resource) -> None:
        """Nobody is on a node that is not there."""
        self._forget(resource)
        work.undo.append(lambda: self.restored(resource))
        for entity in hosted(self.core, resource.attributes):
            if node_of(self.core.tree, entity) is resource:
                keep(self.core, work, entity, {"nl": None})
        work.after(lambda: review(self.core))

    def _forget(self, node: Resource) -> None:
        del self.nodes[node.ri]

    def _follow(self, work: Work, node: Resource, before: Mapping[str, Any]) -> None:
        core = self.core
        now = list(hosted(core, node.attributes))
        for entity in hosted(core, before):
            if entity not in now and node_of(core.tree, entity) is node:
                keep(core, work, entity, {"nl": None})
        for entity in now:
            other = node_of(core.tree, entity)
            if other is not node:
                keep(core, work, entity, {"nl": node.ri})
                if other is not None:
                    unhost(core, work, other, entity)
        work.after(lambda: review(core))


class EntityBehaviour(Behaviour):
    """AE and remoteCSE: the side of the links that has ``nl``."""

    async def prepare(self, draft: Draft) -> None:
        """A link to something else than a node is refused; a node may have been told of an AE before it registers."""
        link = draft.given.get("nl")
        found = draft.find(link) if link is not None else None
        if found is not None and found.type.number != NODE.number:
            raise BadRequest(f"nl: {link} is {found.type.phrase}; expected a node")
        if draft.current is None and link is None:
            node = self._told(draft.attributes)
            if node is not None:
                draft.attributes["nl"] = node.ri

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """The node has one more on it."""
        self._follow(work, resource, None)

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """It has moved to another node, or from one."""
        if "nl" in given:
            self._follow(work, resource, before.get("nl"))

    def removed(self, work: Work, resource: Resource) -> None:
        """The node has one less on it."""
        node = node_of(self.core.tree, resource)
        if node is not None:
            unhost(self.core, work, node, resource)

    def _told(self, attributes: Mapping[str, Any]) -> Resource | None:
        """The node that names an entity which is not there yet."""
        behaviour = self.core.behaviours[NODE.number]
        assert isinstance(behaviour, NodeBehaviour)
        entity = self.core.identity.entity
        name = entity(attributes.get("aei") or attributes["csi"])
        return next((node for node in behaviour.nodes.values()
                     if name in map(entity, (node.attributes.get("hcl", ""), *node.attributes.get("hael", ())))), None)

    def _follow(self, work: Work, resource: Resource, before: str | None) -> None:
        core = self.core
        other = core.tree.find(before) if before else None
        node = node_of(core.tree, resource)
        if other is not None and other is not node and other.type.number == NODE.number:
            unhost(core, work, other, resource)
        if node is not None:
            host(core, work, node, resource)


def hosted(core: Core, attributes: Mapping[str, Any]) -> Iterator[Resource]:
    """The entities that a node with these attributes names, as far as they are registered here."""
    tree, entity = core.tree, core.identity.entity
    for name in dict.fromkeys(map(entity, attributes.get("hael", ()))):
        found = tree.by_id.get(name) or tree.find(name)
        if found is not None and found.type.number == AE.number:
            yield found
    cse = entity(attributes.get("hcl") or "")
    if cse == core.identity.cse_id:
        yield tree.root
    elif cse:
        yield from (one for one in tree.root.children.values()
                    if one.type.number == REMOTE_CSE.number and entity(one.attributes["csi"]) == cse)


def host(core: Core, work: Work, node: Resource, entity: Resource) -> None:
    """Have a node name an entity."""
    if entity in hosted(core, node.attributes):
        return
    if entity.type.number == AE.number:
        keep(core, work, node, {"hael": [*node.attributes.get("hael", ()), entity.ri]})
        return
    others = [one for one in hosted(core, node.attributes) if one.type.number in (CSE_BASE.number, REMOTE_CSE.number)]
    keep(core, work, node, {"hcl": entity.attributes["csi"]})
    for other in others:
        keep(core, work, other, {"nl": None})
    work.after(lambda: review(core))


def unhost(core: Core, work: Work, node: Resource, entity: Resource) -> None:
    """Have a node name an entity no more."""
    if entity.type.number == AE.number:
        names = node.attributes.get("hael", ())
        left = [one for one in names if core.identity.entity(one) != entity.ri and core.tree.find(one) is not entity]
        if len(left) < len(names):
            keep(core, work, node, {"hael": left or None})
    elif entity in hosted(core, node.attributes):
        keep(core, work, node, {"hcl": None})
        work.after(lambda: review(core))
