"""Subscriptions compiled for matching: which events of its parent each is about (SUB-10 … SUB-14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cse.filters import OWN, combine
from cse.notifications.policy import Policy, compile_policy
from cse.settings import CseSettings
from resources.model import Resource
from resources.subscription import event_types

#: Event types (``net``).
UPDATED, DELETED, CHILD_CREATED, CHILD_DELETED, NO_CHILD, TRIGGERED, BLOCKING_UPDATE, MISSING_DATA = range(1, 9)

#: Notification content types (``nct``).
ALL_ATTRIBUTES, MODIFIED_ATTRIBUTES, RESOURCE_ID = 1, 2, 3

#: Event types that ``chty`` limits.
OF_CHILDREN = frozenset({CHILD_CREATED, CHILD_DELETED})


@dataclass(slots=True)
class Subscription:
    """What matching and sending need of a ``<subscription>``; ``policy`` is None when it is plain."""

    resource: Resource
    events: frozenset[int]
    attributes: frozenset[str] | None
    child_types: frozenset[int] | None
    conditions: dict[str, list[Any]]
    operation: int
    content_type: int
    targets: list[str]
    monitors: tuple[Mapping[str, Any], ...]
    policy: Policy | None
    names_originator: bool

    def wants(self, event: int, subject: Mapping[str, Any], changed: Mapping[str, Any] | None = None) -> bool:
        """True when an event with this subject is one of those subscribed to.

        ``subject`` are the attributes of the resource the event is about (the child for net 3 and 4); ``changed``
        those that an UPDATE named.
        """
        if event not in self.events:
            return False
        if self.attributes is not None and changed is not None and self.attributes.isdisjoint(changed):
            return False
        if self.child_types is not None and event in OF_CHILDREN and subject["ty"] not in self.child_types:
            return False
        return not self.conditions or self.meets(subject)

    def meets(self, subject: Mapping[str, Any]) -> bool:
        """True when a resource meets the conditions ``crb`` … ``szb``."""
        return combine(self.operation, [OWN[tag](values)(subject) for tag, values in self.conditions.items()])


def compile_subscription(resource: Resource, settings: CseSettings) -> Subscription:
    """Read the attributes of a ``<subscription>`` resource."""
    attributes = resource.attributes
    criteria = attributes.get("enc") or {}
    names, types = criteria.get("atr"), criteria.get("chty")
    return Subscription(
        resource=resource,
        events=frozenset(event_types(criteria)),
        attributes=frozenset(names) if names else None,
        child_types=frozenset(types) if types else None,
        conditions={tag: [value] for tag, value in criteria.items() if tag in OWN and tag != "atr"},
        operation=criteria.get("fo", 1),
        content_type=attributes["nct"],
        targets=list(attributes["nu"]),
        monitors=tuple(criteria.get("om") or ()),
        policy=compile_policy(attributes, settings),
        names_originator=attributes.get("eeno") is True,
    )


class Subscriptions:
    """The subscriptions of one CSE by the resource ID of their parent: to events, to operations (``om``), blocking.

    ``policies`` has those that are not plain by their own resource ID.
    """

    def __init__(self) -> None:
        self.by_parent: dict[str, list[Subscription]] = {}
        self.monitoring: dict[str, list[Subscription]] = {}
        self.blocking: dict[str, Subscription] = {}
        self.policies: dict[str, Policy] = {}

    def add(self, resource: Resource, settings: CseSettings) -> None:
        """Take a subscription into account."""
        subscription, parent = compile_subscription(resource, settings), resource.attributes["pi"]
        if BLOCKING_UPDATE in subscription.events:
            self.blocking[parent] = subscription
        elif subscription.monitors:
            self.monitoring.setdefault(parent, []).append(subscription)
        else:
            self.by_parent.setdefault(parent, []).append(subscription)
        if subscription.policy is not None:
            self.policies[resource.ri] = subscription.policy

    def forget(self, resource: Resource) -> None:
        """Take a subscription into account no more."""
        parent = resource.attributes["pi"]
        for kind in (self.by_parent, self.monitoring):
            left = [one for one in kind.get(parent, ()) if one.resource is not resource]
            if left:
                kind[parent] = left
            else:
                kind.pop(parent, None)
        blocking = self.blocking.get(parent)
        if blocking is not None and blocking.resource is resource:
            del self.blocking[parent]
        self.policies.pop(resource.ri, None)
