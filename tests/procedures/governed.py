"""A container and the policies that govern it, for the tests of access control."""

from __future__ import annotations

from typing import Any

from cse.primitive import FilterCriteria, ResponsePrimitive
from resources.status import Status
from tests.rig import ADMIN, Rig

BOX = "cse/cae1/box"
DENIED = Status.ORIGINATOR_HAS_NO_PRIVILEGE
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY, DISCOVERY, ALL = 1, 2, 4, 8, 16, 32, 63
OWN = {"acr": [{"acor": [ADMIN], "acop": ALL}]}


def rule(operations: int = ALL, originator: str | list[str] = "Cae2", **more: Any) -> dict[str, Any]:
    """One access control rule."""
    return {"acor": [originator] if isinstance(originator, str) else originator, "acop": operations, **more}


async def policy(rig: Rig, *rules: dict[str, Any], pvs: Any = None, name: str = "p") -> str:
    """A policy of the administrator ``cse/p``."""
    made = await rig.made("cse", 1, {"rn": name, "pv": {"acr": list(rules)}, "pvs": pvs or OWN})
    identifier: str = made["ri"]
    return identifier


async def govern(rig: Rig, *rules: dict[str, Any], to: str = BOX, root: str = "m2m:cnt") -> str:
    """Put a resource under a new policy."""
    identifier = await policy(rig, *rules)
    assert (await rig.update(to, {root: {"acpi": [identifier]}})).status == Status.UPDATED
    return identifier


async def attempt(rig: Rig, operation: int, fr: str = "Cae2", to: str = BOX, **more: Any) -> ResponsePrimitive:
    """The operation of one bit on the box."""
    if operation == CREATE:
        return await rig.create(to, 4, {"con": "x"}, fr, **more)
    if operation == RETRIEVE:
        return await rig.retrieve(to, fr, **more)
    if operation == UPDATE:
        return await rig.update(to, {"m2m:cnt": {"lbl": ["x"]}}, fr, **more)
    if operation == DELETE:
        return await rig.delete(to, fr, **more)
    return await rig.retrieve(to, fr, fc=FilterCriteria(usage=1), **more)


async def reads(rig: Rig, fr: str = "Cae2", to: str = BOX, **more: Any) -> bool:
    """True when a RETRIEVE is answered, False when it is refused for want of privileges."""
    status = (await rig.retrieve(to, fr, **more)).status
    assert status in (Status.OK, DENIED)
    return status == Status.OK
