"""flexContainers for tests: a thermometer's module under the AE Cae1."""

from __future__ import annotations

from typing import Any

from cse.primitive import Operation, ResponsePrimitive
from tests.rig import Rig, only

ROOT = "cod:tempe"
CND = "org.onem2m.common.moduleclass.temperature"
PATH = "cse/cae1/temperature"
INSTANCE = "cod:tempeInst"


async def make(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """A temperature module of 21.5 degrees at ``PATH``."""
    content = {"rn": "temperature", "cnd": CND, "curT0": 21.5, **attributes}
    return await rig.made("cse/cae1", 28, {ROOT: content}, "Cae1")


async def change(rig: Rig, **attributes: Any) -> ResponsePrimitive:
    """UPDATE of the module at ``PATH``."""
    return await rig.update(PATH, {ROOT: attributes}, "Cae1")


async def values(rig: Rig) -> list[Any]:
    """Temperatures of all instances, oldest first."""
    response = await rig.request(Operation.RETRIEVE, PATH, "Cae1", result_content=4)
    return [instance["curT0"] for instance in only(response).get(INSTANCE, [])]


async def counters(rig: Rig) -> tuple[Any, Any]:
    """``cni`` and ``cbs`` of the module."""
    attributes = only(await rig.retrieve(PATH, "Cae1"))
    return attributes.get("cni"), attributes.get("cbs")
