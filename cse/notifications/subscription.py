"""A subscription compiled for matching: which events of its parent it is about (SUB-10 … SUB-14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cse.filters import OWN, combine
from resources.model import Resource

#: Event types (``net``).
UPDATED, DELETED, CHILD_CREATED, CHILD_DELETED, NO_CHILD = 1, 2, 3, 4, 5

#: Notification content types (``nct``).
ALL_ATTRIBUTES, MODIFIED_ATTRIBUTES, RESOURCE_ID = 1, 2, 3


@dataclass(slots=True)
class Subscription:
    """What matching and sending need of a ``<subscription>``."""

    resource: Resource
    events: frozenset[int]
    attributes: frozenset[str] | None
    child_types: frozenset[int] | None
    conditions: dict[str, list[Any]]
    operation: int
    content_type: int
    targets: list[str]

    def wants(self, event: int, subject: Mapping[str, Any], changed: Mapping[str, Any] | None = None) -> bool:
        """True when an event with this subject is one of those subscribed to.

        ``subject`` are the attributes of the resource the event is about (the child for net 3 and 4); ``changed``
        those that an UPDATE named.
        """
        if event not in self.events:
            return False
        if self.attributes is not None and changed is not None and self.attributes.isdisjoint(changed):
            return False
        if self.child_types is not None and event in (CHILD_CREATED, CHILD_DELETED) \
                and subject["ty"] not in self.child_types:
            return False
        return not self.conditions or combine(
            self.operation, [OWN[tag](values, subject) for tag, values in self.conditions.items()]
        )


def compile_subscription(resource: Resource) -> Subscription:
    """Read the attributes of a ``<subscription>`` resource."""
    attributes = resource.attributes
    criteria = attributes.get("enc") or {}
    names, types = criteria.get("atr"), criteria.get("chty")
    return Subscription(
        resource,
        frozenset(criteria.get("net") or (UPDATED,)),
        frozenset(names) if names else None,
        frozenset(types) if types else None,
        {tag: [value] for tag, value in criteria.items() if tag in OWN and tag != "atr"},
        criteria.get("fo", 1),
        attributes["nct"],
        list(attributes["nu"]),
    )
