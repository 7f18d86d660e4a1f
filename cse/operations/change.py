"""A CREATE or UPDATE about to be done, as the ``check`` hook of its type sees it (``resources.model.Change``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cse.core import Call
from cse.fanout.members import Inspection
from resources.errors import BadRequest, CseError
from resources.model import MemberKind, Permission, Resource, ResourceType
from resources.status import Status
from resources.subscription import is_url, resource_of


class Draft:
    """The change of one resource: what the request gave, and the attributes as they will be."""

    __slots__ = ("attributes", "call", "current", "given", "now", "originator", "parent", "type", "verify")

    def __init__(self, call: Call, type_: ResourceType, originator: str, given: Mapping[str, Any],
                 attributes: dict[str, Any], current: Resource | None, parent: Resource | None) -> None:
        self.call = call
        self.type = type_
        self.originator = originator
        self.now = call.stamp
        self.given = given
        self.attributes = attributes
        self.current = current
        self.parent = parent
        self.verify = call.core.settings.verify_subscriptions

    async def check(self) -> None:
        """Run the hook of the type, if it has one."""
        hook = self.type.hooks.check
        if hook is not None:
            await hook(self)

    def find(self, identifier: str) -> Resource | None:
        """The local structural resource with this identifier; None if foreign, unknown, expired or an instance."""
        found = self.call.core.tree.find(identifier)
        return found if found is not None and self.call.live(found) else None

    def is_local(self, identifier: str) -> bool:
        """True when the identifier belongs to this CSE."""
        try:
            return self.call.core.identity.address(identifier).cse is None
        except BadRequest:
            return False

    def child_types(self, resource: Resource) -> frozenset[int]:
        """Numbers of the types that may stand under the resource."""
        return self.call.core.registry.children_of(resource.type)

    def permitted(self, resource: Resource, permission: int) -> bool:
        """True when the originator has the permission on the resource."""
        return self.call.permitted(resource, permission)

    def same_entity(self, one: str, other: str) -> bool:
        """True when two entity IDs name the same entity (ADR-7)."""
        identity = self.call.core.identity
        return identity.entity(one) == identity.entity(other)

    async def member_kinds(self, identifiers: Sequence[str]) -> Mapping[str, MemberKind | CseError | None]:
        """What group members are, with the rights of the originator; None for what cannot be known now."""
        return await Inspection(self.call.core, self.originator, self.now).kinds(identifiers)

    async def notify(self, target: str, content: Mapping[str, Any]) -> Status:
        """Send one NOTIFY and return the answered status; ``sur`` and ``cr`` leave the CSE in full (ADR-6).

        Whoever a group here has asked already is not asked once more for each of its members.
        """
        if target == self.call.request.verified:
            return Status.OK
        assert self.parent is not None
        identity, root = self.call.core.identity, self.call.core.tree.root
        if not is_url(target) and self.find(resource_of(target)) is root \
                and not self.permitted(root, Permission.NOTIFY):
            return Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE
        reference = f"{identity.cse_id}/{self.parent.path}/{self.attributes['rn']}"
        whole = {root: {**inside, "sur": reference} for root, inside in content.items()}
        for inside in whole.values():
            if "cr" in inside:
                inside["cr"] = identity.sp_relative(inside["cr"])
        return await self.call.core.notifier.ask(target, whole)
