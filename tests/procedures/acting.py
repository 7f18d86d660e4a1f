"""Actions for tests: contents with what is mandatory, and what an action has done."""

from __future__ import annotations

from typing import Any

from tests.rig import Rig, only


def primitive(operation: int = 1, fr: str = "Cae1", **members: Any) -> dict[str, Any]:
    """An ``apv``; the default creates an instance with the content ``on``."""
    whole = {"op": operation, "to": "cse", "fr": fr, "rqi": "a1", "rvi": "3"}
    if operation == 1:
        whole |= {"ty": 4, "pc": {"m2m:cin": {"con": "on"}}}
    return {**whole, **members}


def action(**attributes: Any) -> dict[str, Any]:
    """A continuous action: when ``in`` has more than 20 as its newest content, ``out`` gets an instance."""
    return {
        "rn": "act", "sri": "cse/cae1/in/la", "evc": {"sbjt": "con", "optr": 3, "thld": 20}, "evm": 3,
        "orc": "cse/cae1/out", "apv": primitive(), **attributes,
    }


async def made(rig: Rig, parent: str = "cse/cae1", fr: str = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Create an action."""
    return await rig.made(parent, 65, action(**attributes), fr)


async def measured(rig: Rig, *values: Any, to: str = "cse/cae1/in") -> None:
    """New contents of the subject."""
    for value in values:
        await rig.made(to, 4, {"con": value}, "Cae1")


async def outcome(rig: Rig, to: str = "cse/cae1/out") -> int:
    """How many instances the actions have made."""
    return int(only(await rig.retrieve(to))["cni"])


async def result(rig: Rig, name: str = "cse/cae1/act") -> dict[str, Any] | None:
    """The result of an action."""
    found: dict[str, Any] | None = only(await rig.retrieve(name)).get("air")
    return found
