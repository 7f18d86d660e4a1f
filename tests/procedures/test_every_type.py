"""Every resource type under each of its parents: created, shown, found, updated, kept over a restart, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.model import ResourceType
from resources.registry import Registry
from resources.status import Status
from tests.procedures.minimal import content, opened, originator_of, place
from tests.rig import ADMIN, Rig, message, only

REGISTRY = Registry.default()
MANAGEMENT_OBJECTS, DEVICE_MODELS = 13, 28
TYPES = [type_ for type_ in REGISTRY.types if type_.number < 10_000 and type_.number != DEVICE_MODELS
         and (type_.discriminator is not None or type_.number != MANAGEMENT_OBJECTS)]
TYPES.append(REGISTRY.by_number[DEVICE_MODELS])
PLACES = [pytest.param(type_, parent, id=f"{type_.name}-{parent}") for type_ in TYPES if type_.creatable
          for parent in type_.parents]
WRONG_PARENT = (Status.INVALID_CHILD_RESOURCE_TYPE, Status.TARGET_NOT_SUBSCRIBABLE)
#: Types that the CSE alone makes.
INTERNAL = [pytest.param(type_, id=type_.name) for type_ in TYPES if not type_.creatable]


#: What the standard knows and this CSE cannot do: to have resources below an instance, to join a multicast group.
ABSENT = {
    "contentInstance": Status.NOT_IMPLEMENTED,
    "timeSeriesInstance": Status.NOT_IMPLEMENTED,
    "localMulticastGroup": Status.JOIN_MULTICAST_GROUP_FAILED,
}


def is_absent(type_: ResourceType, parent: str) -> bool:
    return type_.name == "localMulticastGroup" or (parent in ABSENT and parent != "localMulticastGroup")


@pytest.mark.parametrize(("type_", "parent"), PLACES)
async def test_a_resource_lives_under_each_of_its_parents(type_: ResourceType, parent: str) -> None:
    store = MemoryStore()
    rig = await opened(store)
    to = await place(rig, parent)
    fr = originator_of(type_, parent)
    response = await rig.create(to, type_.number, await content(rig, type_, fr, to), fr)
    if is_absent(type_, parent):
        assert response.status in ABSENT.values()
    else:
        made = only(response)
        await rig.close()
        rig = await opened(store, rig.clock)
        await lives(rig, type_, made, ADMIN if type_.short == "ae" else fr)
    await rig.close()


async def lives(rig: Rig, type_: ResourceType, made: dict[str, Any], fr: str) -> None:
    """What was made before a restart is shown, changed, found and deleted."""
    response = await rig.retrieve(made["ri"], fr)
    assert only(response) == made
    assert response.content is not None
    (root,) = response.content
    if "lbl" in type_.by_short and type_.updatable:
        assert only(await rig.update(made["ri"], {root: {"lbl": ["marked"]}}, fr))["lbl"] == ["marked"]
        assert len(await rig.discover("cse", lbl=["marked"])) == 1
    assert (await rig.delete(made["ri"], fr)).status == Status.DELETED
    assert (await rig.retrieve(made["ri"], fr)).status == Status.NOT_FOUND


@pytest.mark.parametrize("type_", INTERNAL)
async def test_what_the_cse_alone_makes_is_refused(rig: Rig, type_: ResourceType) -> None:
    response = await rig.create("cse", type_.number, {type_.root: {}})
    assert response.status == Status.OPERATION_NOT_ALLOWED


@pytest.mark.parametrize("type_", [pytest.param(type_, id=type_.name) for type_ in TYPES if type_.creatable])
async def test_a_wrong_parent_is_refused(type_: ResourceType) -> None:
    rig = await opened(MemoryStore())
    for parent in ("CSEBase", "AE", "container", "statsConfig", "policyDeletionRules"):
        if type_.number not in REGISTRY.children_of(REGISTRY.by_name[parent]):
            to = await place(rig, parent)
            response = await rig.create(to, type_.number, await content(rig, type_), originator_of(type_))
            assert response.status in WRONG_PARENT, message(response)
    await rig.close()
