"""A small tree of resources for decisions, without the rest of the CSE."""

from __future__ import annotations

from typing import Any

import pytest

from cse.access.decision import AccessControl
from cse.identifiers import Identity
from resources.model import Attribute, Optionality, Resource, ResourceType

IDENTITY = Identity("/banyan", "//sp.example", "cse")
NOON = 1_700_000_000.0  # Tuesday 2023-11-14 22:13:20 UTC


def resource_type(number: int, name: str, *, policies: bool = True) -> ResourceType:
    rows: tuple[Attribute, ...] = ()
    if policies:
        rows = (Attribute("acpi", "accessControlPolicyIDs", None, Optionality.OPTIONAL, Optionality.OPTIONAL),)  # type: ignore[arg-type]
    return ResourceType(number=number, short=name, name=name, parents=(), attributes=rows)


TYPES = {
    "acp": resource_type(1, "accessControlPolicy", policies=False),
    "ae": resource_type(2, "AE"),
    "cnt": resource_type(3, "container"),
    "cb": resource_type(5, "CSEBase"),
    "grp": resource_type(9, "group"),
    "pch": resource_type(15, "pollingChannel", policies=False),
    "csr": resource_type(16, "remoteCSE"),
    "sch": resource_type(18, "schedule", policies=False),
    "fcnt": resource_type(28, "flexContainer"),
    "cntA": resource_type(10003, "containerAnnc"),
}


class FixedClock:
    """A clock that stands still."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class SmallTree:
    """Resources by every form of their identifiers."""

    def __init__(self) -> None:
        self.by_id: dict[str, Resource] = {}
        self.root = self.add("cb", "cse", None, creator="/banyan")

    def add(
        self, type_: str, name: str, parent: Resource | None, creator: str = "Cowner", **attributes: Any
    ) -> Resource:
        ri = attributes.pop("ri", f"id-{name}")
        resource = Resource(TYPES[type_], {"ri": ri, "rn": name, **attributes}, creator, parent)
        for identifier in (ri, resource.path):
            for prefix in ("", "/banyan/", "//sp.example/banyan/"):
                self.by_id[prefix + identifier] = resource
        return resource

    def policy(self, name: str, *rules: dict[str, Any], own: tuple[dict[str, Any], ...] = ()) -> Resource:
        return self.add("acp", name, self.root, pv={"acr": list(rules)}, pvs={"acr": list(own)})

    def remove(self, resource: Resource) -> None:
        self.by_id = {key: value for key, value in self.by_id.items() if value is not resource}

    def find(self, identifier: str) -> Resource | None:
        return self.by_id.get(identifier)


@pytest.fixture
def tree() -> SmallTree:
    return SmallTree()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def access(tree: SmallTree, clock: FixedClock) -> AccessControl:
    return AccessControl(tree, IDENTITY, ["Cadmin"], clock)
