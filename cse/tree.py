"""The working set: every structural resource of one CSE, by resource ID and by place in the tree.

Instances are not here, they are history in the store (``cse.instances``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cse.identifiers import Identity
from resources.errors import BadRequest
from resources.model import Resource


class Tree:
    """The resource tree below one CSEBase; the first resource added is the CSEBase."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.by_id: dict[str, Resource] = {}
        self.root: Resource

    def add(self, resource: Resource) -> None:
        """Put a resource into its place; its parent is already there."""
        if resource.parent is None:
            self.root = resource
        else:
            resource.parent.children[resource.rn] = resource
        self.by_id[resource.ri] = resource

    def remove(self, resource: Resource) -> None:
        """Take one resource out; its children have gone before."""
        del self.by_id[resource.ri]
        if resource.parent is not None:
            del resource.parent.children[resource.rn]

    def walk(self, segments: Sequence[str]) -> tuple[Resource | None, Sequence[str]]:
        """Follow names from the CSEBase, or from a resource ID, as far as they lead (ADR-1).

        Returns the last resource reached and the segments that are left. A first segment that is neither the
        CSEBase (its name or ``-``) nor a resource ID leads nowhere: (None, segments).
        """
        if not segments:
            return self.root, ()
        head = segments[0]
        here = self.root if head in (self.identity.cse_name, "-") else self.by_id.get(head)
        if here is None:
            return None, segments
        for index in range(1, len(segments)):
            below = here.children.get(segments[index])
            if below is None:
                return here, segments[index:]
            here = below
        return here, ()

    def find(self, identifier: str) -> Resource | None:
        """Return the structural resource with this identifier in any form; None if foreign or unknown."""
        resource = self.by_id.get(identifier)
        if resource is not None:
            return resource
        try:
            address = self.identity.address(identifier)
        except BadRequest:
            return None
        if address.cse is not None:
            return None
        resource, left = self.walk(address.segments)
        return None if left else resource

    def holds(self, resource: Resource) -> bool:
        """True while the resource is part of the tree."""
        return self.by_id.get(resource.ri) is resource

    def below(self, resource: Resource) -> Iterator[Resource]:
        """All structural descendants, parents before children."""
        waiting = [*reversed(resource.children.values())]
        while waiting:
            here = waiting.pop()
            yield here
            waiting += reversed(here.children.values())
