"""What an eventConfig counts: operations, stored data that reaches a size, or everything within a time (SSP-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cse.primitive import Operation
from resources.errors import BadRequest
from resources.event_config import STORAGE_BASED
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.primitive import ResponsePrimitive

#: Operations that change how much is stored.
STORING = frozenset({Operation.CREATE, Operation.UPDATE, Operation.DELETE})
#: While an entity has the size, all of what it has is added up again at most so often: what expires is no request.
RECOUNT_S = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """An eventConfig as it is read: what is None does not restrict. ``size`` is that of a storage based one.

    ``resources`` are resource IDs, and paths of what is not there yet.
    """

    size: int | None
    operations: frozenset[int] | None
    start: str | None
    end: str | None
    types: frozenset[int] | None
    resources: frozenset[str] | None

    @staticmethod
    def of(core: Core, config: Resource) -> Event:
        """Read an eventConfig."""
        attributes = config.attributes
        operations, types, resources = attributes.get("opt"), attributes.get("erts"), attributes.get("eris")
        return Event(
            attributes.get("ds", 0) if attributes["evt"] == STORAGE_BASED else None,
            frozenset(operations) if operations else None, attributes.get("evs"), attributes.get("eve"),
            frozenset(types) if types else None,
            frozenset(_named(core, one) for one in resources) if resources else None,
        )

    def happens(self, call: Call) -> bool:
        """True when an operation that has been performed is one; not for storage based events."""
        if self.operations is not None and call.request.operation not in self.operations:
            return False
        if (self.start is not None and call.stamp < self.start) or (self.end is not None and call.stamp >= self.end):
            return False
        if self.types is not None and type_of(call) not in self.types:
            return False
        resource, instance = call.target.resource, call.target.instance
        return self.concerns(resource) or (instance is not None and self.resources is not None and not (
            self.resources.isdisjoint((instance.ri, f"{resource.path}/{instance.name or instance.ri}"))))

    def concerns(self, resource: Resource) -> bool:
        """True when it is about this resource, or about what is in it."""
        return self.resources is None or resource.ri in self.resources or resource.path in self.resources

    def measures(self, core: Core, resource: Resource) -> bool:
        """True when the size of this resource belongs to what a storage based event adds up."""
        if self.types is not None and resource.type.number not in self.types:
            instance = core.registry.instance_type(resource.type)
            if instance is None or instance.number not in self.types:
                return False
        return self.concerns(resource)


class StoredSizes:
    """How much entities have stored: sizes of what they created. ``reached`` are those who have the size of the event.

    What expires or goes with a deleted parent is not seen at once, so a sum can be too large: it is made anew
    before it counts.
    """

    def __init__(self, core: Core, event: Event) -> None:
        assert event.size is not None
        self.reached: set[str] = set()
        self._core, self._event, self._size = core, event, event.size
        self._sizes: dict[str, int] = {}
        self._sums: dict[str, int] = {}
        self._added_up_at = 0.0

    def begin(self) -> None:
        """Who has the size already does not reach it now."""
        self._add_up()
        self.reached = {owner for owner, size in self._sums.items() if size >= self._size}

    def crosses(self, resource: Resource, now_s: float) -> bool:
        """Note a resource that has changed; True when its creator reaches the size with it."""
        owner = resource.creator
        self._note(resource)
        if owner in self.reached and now_s - self._added_up_at >= RECOUNT_S:
            self._add_up()
        if self._sums.get(owner, 0) < self._size:
            self.reached.discard(owner)
            return False
        if owner in self.reached:
            return False
        self._add_up()
        if self._sums.get(owner, 0) < self._size:
            return False
        self.reached.add(owner)
        return True

    def _note(self, resource: Resource) -> None:
        size = size_of(resource) if self._core.tree.holds(resource) else 0
        grown = size - self._sizes.get(resource.ri, 0)
        if grown and self._event.measures(self._core, resource):
            self._sizes[resource.ri] = size
            self._sums[resource.creator] = self._sums.get(resource.creator, 0) + grown

    def _add_up(self) -> None:
        self._sizes.clear()
        self._sums.clear()
        for resource in self._core.tree.by_id.values():
            self._note(resource)
        self._added_up_at = self._core.clock.time()


def size_of(resource: Resource) -> int:
    """Bytes of the instances that it holds, or of its own content."""
    attributes = resource.attributes
    size: int = attributes.get("cbs", attributes.get("cs", 0))
    return size


def type_of(call: Call) -> int:
    """Number of the type that an operation is about: the new one of a CREATE."""
    return call.request.resource_type or call.target.type_in(call.core.registry).number


def changed(call: Call, response: ResponsePrimitive) -> Resource:
    """The structural resource that an operation made, or changed itself or in its instances."""
    if call.request.operation is Operation.CREATE and response.created_address is not None:
        made = call.core.tree.find(response.created_address)
        if made is not None:
            return made
    return call.target.resource


def _named(core: Core, identifier: str) -> str:
    resource = core.tree.find(identifier)
    if resource is not None:
        return resource.ri
    try:
        address = core.identity.address(identifier)
    except BadRequest:
        return identifier
    if address.cse is not None:
        return identifier
    head, *rest = address.segments or ("",)
    return "/".join((core.identity.cse_name if head == "-" else head, *rest))
