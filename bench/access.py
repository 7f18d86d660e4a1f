"""Cost of one access decision: ``python -m bench.access`` prints nanoseconds per decision, best of several runs."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

from cse.access.decision import AccessControl, Facts
from cse.clock import SystemClock
from cse.identifiers import Identity
from cse.tree import Tree
from resources.model import Permission, Resource
from resources.registry import Registry

IDENTITY = Identity("/bench", "//bench.example", "cse")
LOOPS, RUNS = 20_000, 7
OFFICE = {"actw": ["* * * * * * *"], "acip": {"ipv4": ["10.0.0.0/8"]}}


def rule(originator: str, **more: Any) -> dict[str, Any]:
    """One access control rule for every operation."""
    return {"acor": [originator], "acop": 63, **more}


class Bench:
    """A small tree, one container for each kind of decision."""

    def __init__(self) -> None:
        self.types = Registry.default().by_short
        self.tree = Tree(IDENTITY)
        self.root = self.add("cb", "cse", None)
        self.access = AccessControl(self.tree, IDENTITY, ["Cadmin"], SystemClock())

    def add(self, type_: str, name: str, parent: Resource | None, **attributes: Any) -> Resource:
        """Put one resource into the tree."""
        attributes = {"ri": f"id-{name}", "rn": name, **attributes}
        resource = Resource(self.types[type_], attributes, "Cowner", parent)
        self.tree.add(resource)
        return resource

    def linked(self, name: str, *rules: dict[str, Any]) -> Resource:
        """Make a container with one policy."""
        privileges = {"acr": list(rules)}
        self.add("acp", f"{name}-acp", self.root, pv=privileges, pvs=privileges)
        return self.add("cnt", name, self.root, acpi=[f"id-{name}-acp"])

    def cases(self) -> list[tuple[str, bool, Callable[[], bool]]]:
        """Return label, expected answer and the decision of every kind."""
        self.add("grp", "friends", self.root, mid=[*(f"Cmember{number}" for number in range(50)), "Cae1"])
        facts = Facts(address="10.1.2.3")
        kinds = [
            ("administrator", True, self.root, "Cadmin"),
            ("creator, no policy", True, self.add("cnt", "own", self.root), "Cowner"),
            ("one policy, named originator", True, self.linked("named", rule("Cae1")), "Cae1"),
            ("one policy, wildcard", True, self.linked("wild", rule("C*")), "Cae1"),
            ("one policy, 200 rules", True, self.linked("many", *(rule(f"Cae{n}") for n in range(200))), "Cae1"),
            ("one policy, denied", False, self.linked("other", rule("Cother")), "Cae1"),
            ("context: time and network", True, self.linked("office", rule("Cae1", acco=[OFFICE])), "Cae1"),
            ("member of a group of 51", True, self.linked("group", rule("cse/friends")), "Cae1"),
        ]
        return [
            (label, expected, partial(self.access.permitted, target, who, Permission.RETRIEVE, facts))
            for label, expected, target, who in kinds
        ]


def main() -> None:
    """Print the table."""
    for label, expected, decide in Bench().cases():
        if decide() is not expected:
            raise SystemExit(f"{label}: the decision is wrong, its time would mean nothing")
        best = min(timeit.repeat(decide, number=LOOPS, repeat=RUNS)) / LOOPS
        print(f"{label:32} {best * 1e9:8.0f} ns")


if __name__ == "__main__":
    main()
