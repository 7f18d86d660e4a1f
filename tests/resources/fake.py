"""A change as a hook sees it, without a CSE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resources.errors import CseError, NotFound
from resources.model import MemberKind, Resource, ResourceType
from resources.registry import Registry
from resources.status import Status

REGISTRY = Registry.default()


def resource(kind: str, ri: str, parent: Resource | None = None, **attributes: Any) -> Resource:
    """A stored resource; its name is its ID."""
    return Resource(REGISTRY.by_short[kind], {"ri": ri, "rn": ri, **attributes}, "Cowner", parent)


@dataclass
class FakeChange:
    """``Change`` over a dictionary of local resources; ``remote`` are member types, ``answers`` to notifications."""

    type: ResourceType
    given: Mapping[str, Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    current: Resource | None = None
    parent: Resource | None = None
    originator: str = "Cowner"
    now: str = "20260101T000000"
    verify: bool = True
    registry: Registry = REGISTRY
    local: dict[str, Resource] = field(default_factory=dict)
    remote: dict[str, int | None] = field(default_factory=dict)
    answers: dict[str, Status] = field(default_factory=dict)
    denied: bool = False
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.attributes:
            stored = self.current.attributes if self.current is not None else {"ri": "new1", "rn": "new1"}
            defaults = {row.short: row.default for row in self.type.attributes if row.single}
            merged = {**defaults, **stored, **self.given}
            self.attributes = {short: value for short, value in merged.items() if value is not None}

    def find(self, identifier: str) -> Resource | None:
        return self.local.get(identifier)

    def is_local(self, identifier: str) -> bool:
        return not identifier.startswith("/")

    def child_types(self, resource: Resource) -> frozenset[int]:
        return self.registry.children_of(resource.type)

    def permitted(self, resource: Resource, permission: int) -> bool:
        return not self.denied

    def same_entity(self, one: str, other: str) -> bool:
        return one.rpartition("/")[2] == other.rpartition("/")[2]

    async def member_kinds(self, identifiers: Sequence[str]) -> Mapping[str, MemberKind | CseError | None]:
        return {identifier: self._kind(identifier) for identifier in identifiers}

    def _kind(self, identifier: str) -> MemberKind | CseError | None:
        if identifier in self.remote:
            number = self.remote[identifier]
            return None if number is None else MemberKind(number)
        found = self.local.get(identifier)
        if found is None:
            return NotFound(f"{identifier} is not here")
        return MemberKind(found.type.number, found.attributes.get("cnd", found.attributes.get("mgd")))

    async def notify(self, target: str, content: Mapping[str, Any]) -> Status:
        self.sent.append((target, content))
        return self.answers.get(target, Status.OK)

    async def run(self) -> dict[str, Any]:
        """Run the hook; return the attributes after it."""
        assert self.type.hooks.check is not None
        await self.type.hooks.check(self)
        return self.attributes
