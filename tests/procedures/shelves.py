"""A container and what it holds, for the tests of containers."""

from __future__ import annotations

from typing import Any

from tests.rig import Rig, only

BOX = "cse/cae1/box"


async def box(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Make a container ``cse/cae1/box``."""
    return await rig.made("cse/cae1", 3, {"rn": "box", **attributes}, "Cae1")


async def fill(rig: Rig, *contents: Any, **attributes: Any) -> list[dict[str, Any]]:
    """Put instances into the box; returns their attributes."""
    return [await rig.made(BOX, 4, {"con": content, **attributes}, "Cae1") for content in contents]


async def held(rig: Rig) -> list[Any]:
    """``con`` of the instances that there are, oldest first."""
    return [one["con"] for one in only(await rig.retrieve(BOX, rcn=4)).get("m2m:cin", [])]


async def counters(rig: Rig) -> tuple[int, int, int]:
    """``cni``, ``cbs``, ``st`` of the box."""
    attributes = only(await rig.retrieve(BOX))
    return attributes["cni"], attributes["cbs"], attributes["st"]


async def subscribe(rig: Rig, *events: int, **attributes: Any) -> None:
    """Subscribe a sink to events of the box."""
    await rig.made(BOX, 23, {"nu": ["http://sink/box"], "enc": {"net": list(events)}, **attributes}, "Cae1")


def notified(rig: Rig) -> list[Any]:
    """``con`` of the instances that notifications were about."""
    return [one["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in rig.sink.contents("http://sink/box")]
