"""Decide whether an originator may do something to a resource (TS-0001 11.3, rules ACP-1 … ACP-14).

Deny by default: only an administrator, a linked policy, or for a resource without policies its creator or custodian
is allowed. Dynamic and distributed authorization (ACP-12) are not evaluated, so they never allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from cse.access.contexts import Location
from cse.access.rules import Ask, Rules, compile_rules, permit_together
from cse.clock import Clock
from cse.identifiers import Identity
from resources.access_control_policy import ACCESS_CONTROL_POLICY
from resources.errors import NoPrivilege
from resources.group import GROUP
from resources.model import Permission, Resource
from resources.polling_channel import POLLING_CHANNEL

ANNOUNCED = 10_000
SELF_GOVERNED = frozenset({ACCESS_CONTROL_POLICY.number, POLLING_CHANNEL.number})
#: Attribute that holds the entity ID of a registree, by resource type number.
ENTITY_OF = {2: "aei", 16: "csi"}
NAMES = {
    Permission.CREATE: "CREATE",
    Permission.RETRIEVE: "RETRIEVE",
    Permission.UPDATE: "UPDATE",
    Permission.DELETE: "DELETE",
    Permission.NOTIFY: "NOTIFY",
    Permission.DISCOVERY: "DISCOVERY",
}
POLICIES = "the access control policies that apply do not allow it"
SELF_PRIVILEGES = "the selfPrivileges of the linked access control policies do not allow it"
OWNER = "no access control policy applies, so only the creator or custodian is allowed"
#: Compiled sets of rules kept at most.
COMPILED = 16_384


class Tree(Protocol):
    """What access control needs of the resource tree."""

    def find(self, identifier: str) -> Resource | None:
        """Return the local resource with this identifier in any form; None for anything else, never an error."""


class Known(Protocol):
    """What is known of a request besides originator and operation; most decisions do not ask for it.

    ``attributes`` are the short names that the request touches (content, or ``atrl`` of a RETRIEVE); None means all.
    """

    @property
    def address(self) -> str | None:
        """IP address of the peer."""

    @property
    def location(self) -> Location | None:
        """Where the originator is."""

    @property
    def authenticated(self) -> bool:
        """True when the transport has proved who the originator is."""

    @property
    def attributes(self) -> frozenset[str] | None:
        """What the request touches."""


class Facts(NamedTuple):
    """``Known`` as plain values."""

    address: str | None = None
    location: Location | None = None
    authenticated: bool = False
    attributes: frozenset[str] | None = None


NOTHING_KNOWN = Facts()


class AccessControl:
    """Decisions of one CSE. Originators are given normalised (``Identity.entity``), a permission is one bit.

    Compiled rules are kept per ``pv`` or ``pvs`` object, which the entry keeps alive: a policy that changes gets a
    new object and so new rules. The objects themselves must not be changed in place.
    """

    def __init__(self, tree: Tree, identity: Identity, administrators: Iterable[str], clock: Clock) -> None:
        self._tree = tree
        self._identity = identity
        self._administrators = frozenset(identity.entity(one) for one in administrators if one)
        self._clock = clock
        self._compiled: dict[int, tuple[Mapping[str, Any], Rules]] = {}

    def permitted(
        self,
        resource: Resource,
        originator: str,
        permission: int,
        facts: Known = NOTHING_KNOWN,
        *,
        child_type: int | None = None,
        target_type: int | None = None,
    ) -> bool:
        """True when the originator has the permission on the resource.

        For a CREATE ``resource`` is the parent and ``child_type`` the number of the new type. For an instance
        ``resource`` is its parent and ``target_type`` the number of the instance's type.
        """
        if not originator:
            return False
        if originator in self._administrators:
            return True
        governor = _governor(resource)
        sets = self._governing(governor)
        if sets is None:
            return self._owns(governor, originator)
        return self._allow(sets, resource, originator, permission, facts, child_type, target_type)

    def require(
        self,
        resource: Resource,
        originator: str,
        permission: int,
        facts: Known = NOTHING_KNOWN,
        *,
        child_type: int | None = None,
        target_type: int | None = None,
    ) -> None:
        """Raise NoPrivilege (4103) unless ``permitted``."""
        if not self.permitted(
            resource, originator, permission, facts, child_type=child_type, target_type=target_type
        ):
            governed = self._governing(_governor(resource)) is not None
            raise _refusal(resource, originator, permission, POLICIES if governed else OWNER)

    def permitted_to_link(self, resource: Resource, originator: str, facts: Known = NOTHING_KNOWN) -> bool:
        """True when the originator may UPDATE ``acpi`` of the resource (ACP-9)."""
        if not originator:
            return False
        if originator in self._administrators:
            return True
        policies = resource.attributes.get("acpi")
        if not policies:
            return self._owns(resource, originator)
        return self._allow(self._linked(policies, "pvs"), resource, originator, Permission.UPDATE, facts)

    def require_to_link(self, resource: Resource, originator: str, facts: Known = NOTHING_KNOWN) -> None:
        """Raise NoPrivilege (4103) unless ``permitted_to_link``."""
        if not self.permitted_to_link(resource, originator, facts):
            reason = SELF_PRIVILEGES if resource.attributes.get("acpi") else OWNER
            raise _refusal(resource, originator, Permission.UPDATE, reason, " (attribute acpi)")

    def permitted_members(
        self,
        group: Resource,
        originator: str,
        permission: int,
        facts: Known = NOTHING_KNOWN,
        *,
        child_type: int | None = None,
    ) -> bool:
        """True when the originator may use the fanOutPoint of the group: ``macp``, if absent ``acpi`` (ACP-13)."""
        policies = group.attributes.get("macp")
        if not policies or not originator or originator in self._administrators:
            return self.permitted(group, originator, permission, facts, child_type=child_type)
        return self._allow(self._linked(policies, "pv"), group, originator, permission, facts, child_type)

    def require_members(
        self,
        group: Resource,
        originator: str,
        permission: int,
        facts: Known = NOTHING_KNOWN,
        *,
        child_type: int | None = None,
    ) -> None:
        """Raise NoPrivilege (4103) unless ``permitted_members``."""
        if not self.permitted_members(group, originator, permission, facts, child_type=child_type):
            governed = group.attributes.get("macp") or group.attributes.get("acpi")
            raise _refusal(group, originator, permission, POLICIES if governed else OWNER, " (its members)")

    def is_member(self, group: str, originator: str) -> bool:
        """True when the group is a local one and the originator is an AE or CSE among its members (ACP-4)."""
        found = self._tree.find(group)
        if found is None or found.type.number != GROUP.number:
            return False
        members = found.attributes.get("mid") or ()
        if originator in members and self._is_entity(originator, originator):
            return True
        return any(self._is_entity(member, originator) for member in members)

    def _is_entity(self, member: str, originator: str) -> bool:
        """True when a member ID is the originator: its registration here, or its own ID when it is not local."""
        found = self._tree.find(member)
        entity = member if found is None else _registered(found)
        return entity is not None and self._identity.entity(entity) == originator

    def _governing(self, governor: Resource) -> list[Rules] | None:
        """Return the sets of rules that decide about the resource, None when it is its owner alone (ACP-2)."""
        attributes = governor.attributes
        if governor.type.number == ACCESS_CONTROL_POLICY.number:
            return [self._rules(attributes["pvs"])]
        policies = attributes.get("acpi")
        return self._linked(policies, "pv") if policies else None

    def _linked(self, policies: Iterable[str], attribute: str) -> list[Rules]:
        """Collect the rules of the linked policies; what cannot be reached, or is no policy, grants nothing."""
        find = self._tree.find
        sets = []
        for identifier in policies:
            policy = find(identifier)
            if policy is not None and policy.type.number == ACCESS_CONTROL_POLICY.number:
                sets.append(self._rules(policy.attributes[attribute]))
        return sets

    def _rules(self, privileges: Mapping[str, Any]) -> Rules:
        known = self._compiled.get(id(privileges))
        if known is not None:
            return known[1]
        rules = compile_rules(privileges, self._identity)
        if len(self._compiled) >= COMPILED:
            del self._compiled[next(iter(self._compiled))]
        self._compiled[id(privileges)] = privileges, rules
        return rules

    def _allow(
        self,
        sets: list[Rules],
        resource: Resource,
        originator: str,
        permission: int,
        facts: Known,
        child_type: int | None = None,
        target_type: int | None = None,
    ) -> bool:
        """Ask the plain rules of all sets, then if needed those that depend on the circumstances."""
        conditional = False
        for rules in sets:
            if rules.mask(originator) & permission:
                return True
            conditional = conditional or bool(rules.conditional)
        if conditional:
            ask = self._ask(resource, originator, permission, facts, child_type, target_type)
            if permit_together(sets, ask):
                return True
        return self._announced(resource, originator)

    def _announced(self, resource: Resource, originator: str) -> bool:
        """True when the originator announced the resource: the announcing CSE may always act on its copy (ACP-14)."""
        return resource.type.number > ANNOUNCED and self._identity.entity(resource.creator) == originator

    def _ask(
        self,
        resource: Resource,
        originator: str,
        permission: int,
        facts: Known,
        child_type: int | None,
        target_type: int | None,
    ) -> Ask:
        attributes = resource.attributes
        return Ask(
            originator,
            permission,
            target_type or resource.type.number,
            child_type,
            self._clock.time(),
            facts.address,
            facts.location,
            facts.authenticated,
            self.is_member,
            facts.attributes,
            attributes.get("cnd", attributes.get("mgd")) if target_type is None else None,
        )

    def _owns(self, resource: Resource, originator: str) -> bool:
        """True for the custodian, without one the creator (ACP-10); a pollingChannel is its registree's alone."""
        owner: str | None = None
        if resource.type.has_policies:
            owner = resource.attributes.get("cstn", resource.creator)
        elif resource.type.number == POLLING_CHANNEL.number and resource.parent is not None:
            owner = _registered(resource.parent)
        return owner == originator or (owner is not None and self._identity.entity(owner) == originator)


def _governor(resource: Resource) -> Resource:
    """Return the resource whose policies count: for a type without ``acpi`` that of the parent (ACP-10)."""
    while not resource.type.has_policies and resource.type.number not in SELF_GOVERNED and resource.parent is not None:
        resource = resource.parent
    return resource


def _registered(resource: Resource) -> str | None:
    """Return the entity that an AE or a remoteCSE stands for."""
    attribute = ENTITY_OF.get(resource.type.number)
    return None if attribute is None else resource.attributes.get(attribute)


def _refusal(resource: Resource, originator: str, permission: int, reason: str, part: str = "") -> NoPrivilege:
    """Say who lacks what on which resource; what policies contain and who else is allowed stays unsaid."""
    who = repr(originator) if originator else "a request without originator"
    return NoPrivilege(f"{who} lacks {NAMES[permission]} on {resource.ri!r}{part}: {reason}")
