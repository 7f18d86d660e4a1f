"""A group of containers and the answers of its members, for the tests of groups."""

from __future__ import annotations

from typing import Any

from cse.primitive import ResponsePrimitive
from resources.status import Status
from tests.rig import ADMIN, Rig, only

AE, CONTAINER, INSTANCE, GROUP, MIXED = 2, 3, 4, 9, 0


def box(*numbers: int) -> list[str]:
    """Their addresses."""
    return [f"cse/cae1/b{number}" for number in numbers]


async def group(rig: Rig, members: list[str], fr: str = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Make a group ``cse/cae1/g`` unless named otherwise."""
    return await rig.made("cse/cae1", 9, {"rn": "g", "mnm": 20, "mid": members, **attributes}, fr)


def answers(response: ResponsePrimitive) -> list[dict[str, Any]]:
    """The single answers of a fan-out."""
    assert response.status == Status.OK, response.content
    assert response.content is not None
    found: list[dict[str, Any]] = response.content["m2m:agr"]["m2m:rsp"]
    return found


def codes(response: ResponsePrimitive) -> list[int]:
    """Their status codes."""
    return [answer["rsc"] for answer in answers(response)]


async def fan(rig: Rig, tail: str = "", fr: str = "Cae1", **parameters: Any) -> ResponsePrimitive:
    """RETRIEVE through the group."""
    return await rig.retrieve(f"cse/cae1/g/fopt{tail}", fr, **parameters)


async def count(rig: Rig, address: str) -> int:
    """``cni`` of a container."""
    number: int = only(await rig.retrieve(address))["cni"]
    return number


async def policy(rig: Rig, originator: str, operations: int) -> str:
    """A policy of the administrator."""
    rules = {"pv": {"acr": [{"acor": [originator], "acop": operations}]},
             "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}}
    identifier: str = (await rig.made("cse", 1, rules))["ri"]
    return identifier
