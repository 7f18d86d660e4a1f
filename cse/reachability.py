"""When a resource may be used: the schedules under it, and those of the node of an entity (SCH-2, SUB-23)."""

from __future__ import annotations

from cse.schedules import Schedule
from cse.tree import Tree
from resources.model import Resource
from resources.node import NODE
from resources.schedule import SCHEDULE


def schedule_of(resource: Resource) -> Schedule | None:
    """The schedule children of a resource as one; None when it has none, which means always."""
    entries = [entry for child in resource.children.values() if child.type.number == SCHEDULE.number
               for entry in child.attributes["se"]["sce"]]
    scheduled = entries or any(child.type.number == SCHEDULE.number for child in resource.children.values())
    return Schedule.compile(entries) if scheduled else None


def node_of(tree: Tree, entity: Resource) -> Resource | None:
    """The node that an AE or CSE says it is on (``nl``); None when it says nothing, or that node is not here."""
    link = entity.attributes.get("nl")
    node = tree.find(link) if link else None
    return node if node is not None and node.type.number == NODE.number else None


def schedule_of_entity(tree: Tree, entity: Resource) -> Schedule | None:
    """When an entity can be reached: the schedule of its node; None means always."""
    node = node_of(tree, entity)
    return None if node is None else schedule_of(node)


def reachable_now(tree: Tree, entity: Resource, now_s: float) -> bool:
    """True unless the schedule of the entity's node says that it is asleep."""
    schedule = schedule_of_entity(tree, entity)
    return schedule is None or schedule.active(now_s)


def next_reachable(tree: Tree, entity: Resource, now_s: float) -> float | None:
    """The first moment from now on at which the entity can be reached; None: never again by its schedule."""
    schedule = schedule_of_entity(tree, entity)
    return now_s if schedule is None else schedule.next_active(now_s)
