"""What a CSE should hold, said a second time and simply: resources by address, counters, permissions, notifications.

It covers AE, container, contentInstance, group, subscription, accessControlPolicy, flexContainer, timeSeries and its
instances, and knows nothing of the product. Each operation returns the status to be answered and changes the model
only when that is a success; what subscribers should be told is collected in ``told``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from resources.status import Status

ADMIN = "CAdmin"
ACP, AE, CNT, CIN, CSE, GRP, SUB, FCNT, TS, TSI = 1, 2, 3, 4, 5, 9, 23, 28, 29, 30
CREATE, RETRIEVE, UPDATE, DELETE = 1, 2, 4, 8
UPDATED, DELETED, CHILD_CREATED, CHILD_DELETED = 1, 2, 3, 4

PARENTS = {ACP: {AE}, CNT: {AE, CNT, FCNT}, GRP: {AE}, FCNT: {AE, CNT, FCNT}, TS: {AE, CNT, FCNT},
           SUB: {ACP, AE, CNT, GRP, FCNT, TS}, CIN: {CNT}, TSI: {TS}}
INSTANCES = {CNT: CIN, TS: TSI}
#: Attributes that show how a resource stands, by type; compared after every step.
SHOWN = {
    ACP: ("pv", "pvs", "lbl"), AE: ("lbl", "acpi"), CNT: ("lbl", "acpi", "mni", "mbs", "cni", "cbs", "st"),
    GRP: ("lbl", "acpi", "mid", "cnm"), SUB: ("lbl", "acpi", "enc"), FCNT: ("lbl", "acpi", "curT0", "cs", "st"),
    TS: ("lbl", "acpi", "mni", "mbs", "cni", "cbs"),
}
#: Stands for the name of what a subscriber may not read.
HIDDEN = "(hidden)"
Event = tuple[str, int, str]  # subscription's address, net, name of the resource the event is about


@dataclass
class Instance:
    """One piece of history; ``et`` as the CSE has answered it."""

    rn: str
    con: str
    et: str = ""
    dgt: str = ""


@dataclass
class Node:
    """A resource that is not history."""

    path: str
    ty: int
    creator: str
    given: dict[str, Any]
    et: str
    state: int = 0
    instances: list[Instance] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.path.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Bytes of all instances."""
        return sum(len(one.con.encode()) for one in self.instances)

    def shown(self) -> dict[str, Any]:
        """What a RETRIEVE must show of it."""
        computed = {"cni": len(self.instances), "cbs": self.size, "st": self.state,
                    "cs": len(str(self.given.get("curT0"))), "cnm": len(self.given.get("mid", ()))}
        return {name: self.given.get(name, computed.get(name)) for name in SHOWN[self.ty]}

    def trim(self) -> None:
        """Let the oldest go until the limits are kept; nobody is told."""
        mni, mbs = self.given.get("mni"), self.given.get("mbs")
        while self.instances and ((mni is not None and len(self.instances) > mni)
                                  or (mbs is not None and self.size > mbs)):
            self.instances.pop(0)


class Model:
    """The tree by address; ``now`` is a m2m:timestamp that whoever uses the model keeps."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.told: list[Event] = []

    # what is known

    def allowed(self, node: Node, who: str, operation: int) -> bool:
        """The policies linked, or without any the creator; a policy itself by its pvs."""
        if who == ADMIN:
            return True
        if node.ty == ACP:
            return grants(node.given["pvs"], who, operation)
        if "acpi" in node.given:
            return any(grants(policy.given["pv"], who, operation) for policy in self.policies(node))
        return node.creator == who

    def policies(self, node: Node) -> list[Node]:
        """The policies linked that there are."""
        linked = (self.nodes.get(path) for path in node.given["acpi"])
        return [policy for policy in linked if policy is not None and policy.ty == ACP]

    def below(self, path: str) -> list[Node]:
        """A resource and everything under it."""
        return [node for node in self.nodes.values() if node.path == path or node.path.startswith(f"{path}/")]

    def addresses(self) -> set[str]:
        """Everything below the CSEBase, history included."""
        return self.nodes.keys() | {f"{node.path}/{one.rn}" for node in self.nodes.values() for one in node.instances}

    def parent(self, node: Node) -> Node | None:
        """What it stands under; None: the CSEBase."""
        return self.nodes.get(node.path.rpartition("/")[0])

    # what happens

    def create(self, to: str, ty: int, name: str, given: dict[str, Any], who: str) -> Status:
        """A structural resource; its ``et`` is filled in by ``made``."""
        parent = self.nodes.get(to)
        if parent is None:
            return Status.NOT_FOUND
        if not self.allowed(parent, who, CREATE):
            return Status.ORIGINATOR_HAS_NO_PRIVILEGE
        if parent.ty not in PARENTS[ty]:
            return Status.TARGET_NOT_SUBSCRIBABLE if ty == SUB else Status.INVALID_CHILD_RESOURCE_TYPE
        if ty == SUB and not self.allowed(parent, who, RETRIEVE):
            return Status.ORIGINATOR_HAS_NO_PRIVILEGE
        if f"{to}/{name}" in self.nodes:
            return Status.CONFLICT
        node = Node(f"{to}/{name}", ty, who, given, "")
        self.tell(parent, CHILD_CREATED, name, node)
        self.nodes[node.path] = node
        return Status.CREATED

    def register(self, name: str, stem: str) -> Status:
        """An AE."""
        path = f"cse/{name}"
        if path in self.nodes:
            return Status.ORIGINATOR_HAS_ALREADY_REGISTERED
        self.nodes[path] = Node(path, AE, stem, {}, "")
        return Status.CREATED

    def made(self, path: str, et: str) -> None:
        """What was answered to a CREATE."""
        self.nodes[path].et = et

    def add(self, to: str, con: str, dgt: str, who: str) -> Status:
        """An instance of a container or a time series; ``named`` says how the CSE calls it."""
        parent = self.nodes.get(to)
        if parent is None:
            return Status.NOT_FOUND
        if not self.allowed(parent, who, CREATE):
            return Status.ORIGINATOR_HAS_NO_PRIVILEGE
        if parent.ty not in INSTANCES:
            return Status.INVALID_CHILD_RESOURCE_TYPE
        if parent.ty == TS and any(one.dgt == dgt for one in parent.instances):
            return Status.CONFLICT
        if parent.given.get("mbs") is not None and len(con.encode()) > parent.given["mbs"]:
            return Status.NOT_ACCEPTABLE
        parent.instances.append(Instance("", con, dgt=dgt))
        parent.state += 1
        return Status.CREATED

    def named(self, to: str, name: str, et: str) -> None:
        """What was answered to the CREATE of an instance."""
        parent = self.nodes[to]
        parent.instances[-1].rn, parent.instances[-1].et = name, et
        parent.trim()
        self.tell(parent, CHILD_CREATED, name)

    def update(self, to: str, change: dict[str, Any], who: str) -> Status:
        """Set attributes, None removes one."""
        node = self.nodes.get(to)
        if node is None:
            return Status.NOT_FOUND
        if not (self.may_link(node, who) if "acpi" in change else self.allowed(node, who, UPDATE)):
            return Status.ORIGINATOR_HAS_NO_PRIVILEGE
        node.given = {name: value for name, value in {**node.given, **change}.items() if value is not None}
        node.state += 1
        node.trim()
        self.tell(node, UPDATED, node.name)
        return Status.UPDATED

    def may_link(self, node: Node, who: str) -> bool:
        """Who may change ``acpi``."""
        if "acpi" not in node.given or who == ADMIN:
            return who == ADMIN or node.creator == who
        return any(grants(policy.given["pvs"], who, UPDATE) for policy in self.policies(node))

    def retrieve(self, to: str, who: str) -> Status:
        """Look at something."""
        return self._reach(to, who, RETRIEVE, Status.OK)

    def delete(self, to: str, who: str) -> Status:
        """Delete something with all below it."""
        status = self._reach(to, who, DELETE, Status.DELETED)
        if status == Status.DELETED:
            self.remove(self.nodes[to])
        return status

    def delete_instance(self, to: str, index: int, who: str) -> Status:
        """Delete the newest (-1) or the oldest (0) instance."""
        status = self._reach(to, who, DELETE, Status.DELETED)
        if status == Status.DELETED:
            self.drop(self.nodes[to], self.nodes[to].instances[index])
        return status

    def expire(self, now: str) -> None:
        """What has passed its time goes as if it were deleted, history last."""
        for node in [node for node in self.nodes.values() if node.et <= now]:
            if node.path in self.nodes and not self.doomed(node, now):
                self.remove(node)
        for node in self.nodes.values():
            for one in [one for one in node.instances if one.et <= now]:
                self.drop(node, one)

    def doomed(self, node: Node, now: str) -> bool:
        """True when something above it goes."""
        above = self.parent(node)
        return above is not None and (above.et <= now or self.doomed(above, now))

    def remove(self, node: Node) -> None:
        """Take it out, and tell."""
        family = self.below(node.path)
        for one in family:
            self.tell(one, DELETED, one.name)
        above = self.parent(node)
        if above is not None:
            self.tell(above, CHILD_DELETED, node.name, node)
        for one in family:
            del self.nodes[one.path]

    def drop(self, node: Node, one: Instance) -> None:
        """Take one instance out, and tell."""
        node.instances.remove(one)
        self.tell(node, CHILD_DELETED, one.rn)

    def tell(self, node: Node, net: int, name: str, child: Node | None = None) -> None:
        """Note what the subscribers of a resource are told; of a child they may not read no more than that it is."""
        for one in self.nodes.values():
            if (one.ty == SUB and one is not child and one.path.rpartition("/")[0] == node.path
                    and net in one.given["enc"]["net"]):
                hidden = child is not None and not self.allowed(child, one.creator, RETRIEVE)
                self.told.append((one.path, net, HIDDEN if hidden else name))

    def _reach(self, to: str, who: str, operation: int, good: Status) -> Status:
        node = self.nodes.get(to)
        if node is None:
            return Status.NOT_FOUND
        return good if self.allowed(node, who, operation) else Status.ORIGINATOR_HAS_NO_PRIVILEGE


def grants(privileges: dict[str, Any], who: str, operation: int) -> bool:
    """True when a rule names the originator and the operation."""
    return any(who in rule["acor"] and rule["acop"] & operation for rule in privileges["acr"])
