"""Every device model through the whole CSE: made with right attributes, refused with wrong ones (FCN-1, CRE-3)."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from cse.bootstrap import StartError
from cse.storage.memory import MemoryStore
from resources.datatypes import DataType
from resources.device_models import Model, standard, user_models
from resources.flex_container import FLEX_CONTAINER
from resources.model import Attribute
from resources.registry import Registry
from resources.status import Status
from tests.resources.test_device_models import DOCUMENT
from tests.rig import Rig, message, only
from tests.slow_store import SlowStore

MODELS = sorted(standard().models.values(), key=lambda model: model.root)
of_each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.root)

#: A right value for each simple type by its name.
RIGHT: dict[str, Any] = {
    "xs:string": "text", "xs:boolean": True, "xs:integer": -3, "xs:nonNegativeInteger": 3, "xs:float": 2.5,
    "xs:anyURI": "http://example.org/x", "xs:date": "20260131", "xs:time": "235959", "xs:anyType": {"any": [1]},
    "m2m:timestamp": "20260131T235959",
}


def right(type_: DataType) -> Any:
    """A value of a type."""
    if type_.item is not None:
        return [right(type_.item)] * 2
    return RIGHT[type_.name] if type_.name in RIGHT else type_.schema["oneOf"][-1]["const"]


def wrong(type_: DataType) -> Any:
    """A value that is not of a type."""
    if type_.name.startswith("enum"):
        return 99
    return {"string": 5, "number": "5", "boolean": 1, "array": {"a": 1}, "any": None}[type_.json]


def custom(model: Model) -> list[Attribute]:
    """The rows that a model adds."""
    return [row for row in model.type.attributes if row.short not in FLEX_CONTAINER.by_short]


def whole(model: Model) -> dict[str, Any]:
    """Right values of all attributes."""
    return {"rn": "x", "cnd": model.cnd, **{row.short: right(row.type) for row in custom(model)}}


@of_each_model
async def test_fcn_1_every_model_takes_its_attributes(rig: Rig, model: Model) -> None:
    given = whole(model)
    made = await rig.made("cse/cae1", 28, {model.root: {**given, "fcied": True}}, "Cae1")
    assert {name: made[name] for name in given} == given
    newest = await rig.retrieve("cse/cae1/x/la", "Cae1")
    assert newest.content is not None
    assert {row.short: only(newest)[row.short] for row in custom(model)} == {
        row.short: given[row.short] for row in custom(model)}
    assert newest.content.keys() == {f"{model.root}Inst"}
    optional = {row.short: None for row in custom(model) if not row.single}
    assert (await rig.update("cse/cae1/x", {model.root: optional}, "Cae1")).status == Status.UPDATED


@of_each_model
async def test_fcn_1_every_model_refuses_what_is_not_its_own(rig: Rig, model: Model) -> None:
    given = whole(model)
    for row in custom(model):
        refused = await rig.create("cse/cae1", 28, {model.root: {**given, row.short: wrong(row.type)}}, "Cae1")
        assert refused.status == Status.BAD_REQUEST
        assert row.short in message(refused)
        if row.single:
            less = {name: value for name, value in given.items() if name != row.short}
            refused = await rig.create("cse/cae1", 28, {model.root: less}, "Cae1")
            assert refused.status == Status.BAD_REQUEST
            assert f"{row.short}: {row.name} is missing" in message(refused)
    other = await rig.create("cse/cae1", 28, {model.root: {**given, "nobodyHasThis": 1}}, "Cae1")
    assert other.status == Status.BAD_REQUEST
    assert (await rig.create("cse/cae1", 28, {model.root: {**given, "cnd": f"{model.cnd}X"}}, "Cae1")).status == \
        Status.SPECIALIZATION_SCHEMA_NOT_FOUND


@of_each_model
async def test_fcn_4_every_named_child_and_action_can_stand_inside(rig: Rig, model: Model) -> None:
    await rig.made("cse/cae1", 28, {model.root: whole(model)}, "Cae1")
    inside = [*model.facts.get("children", ()), *model.facts.get("actions", ())]
    for number, root in enumerate(inside):
        child = standard().models.get(root)
        if child is not None:
            await rig.made("cse/cae1/x", 28, {root: {**whole(child), "rn": f"c{number}"}}, "Cae1")


async def test_all_models_are_there_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for number, model in enumerate(MODELS):
        await rig.made("cse/cae1", 28, {model.root: {**whole(model), "rn": f"m{number}"}}, "Cae1")
    before = only(await rig.retrieve("cse/cae1", "Cae1", rcn=4))
    again = await Rig.open(store=store, clock=rig.clock)
    assert only(await again.retrieve("cse/cae1", "Cae1", rcn=4)) == before
    await again.close()


@pytest.fixture
def heating(tmp_path: Path) -> Registry:
    """The standard's types and a model of one's own."""
    (tmp_path / "heating.json").write_text(json.dumps(DOCUMENT))
    return Registry.default(*user_models(tmp_path).types)


async def test_fcn_1_models_of_ones_own(heating: Registry) -> None:
    rig = await Rig.open(registry=heating)
    await rig.register()
    cnd = "org.example.building.moduleclass.heatMeter"
    made = await rig.made("cse/cae1", 28, {"exa:heaMr": {"rn": "h", "cnd": cnd, "heat": 5.5, "fcied": True}}, "Cae1")
    assert made["heat"] == 5.5
    assert (await rig.retrieve("cse/cae1/h/la", "Cae1")).content is not None
    refused = await rig.create("cse/cae1", 28, {"exa:heaMr": {"cnd": cnd, "heat": 5, "valve": 3}}, "Cae1")
    assert "1 open, 2 closed" in message(refused)
    await rig.close()
    standard_only = await Rig.open()
    await standard_only.register()
    unknown = await standard_only.create("cse/cae1", 28, {"exa:heaMr": {"cnd": cnd, "heat": 5}}, "Cae1")
    assert unknown.status == Status.SPECIALIZATION_SCHEMA_NOT_FOUND
    await standard_only.close()


async def test_a_model_that_is_gone_stops_the_start(heating: Registry) -> None:
    store = MemoryStore()
    rig = await Rig.open(registry=heating, store=store)
    await rig.register()
    cnd = "org.example.building.moduleclass.heatMeter"
    await rig.made("cse/cae1", 28, {"exa:heaMr": {"rn": "h", "cnd": cnd, "heat": 5.5}}, "Cae1")
    with pytest.raises(StartError, match=rf"cse/cae1/h .*{cnd}.*models\.folder"):
        await Rig.open(store=store)
    again = await Rig.open(registry=heating, store=store)
    assert only(await again.retrieve("cse/cae1/h", "Cae1"))["heat"] == 5.5
    await again.close()


@pytest.mark.parametrize("store", [MemoryStore, SlowStore])
async def test_many_changes_at_a_time_are_all_in_the_history(store: type[MemoryStore]) -> None:
    rig = await Rig.open(store=store())
    await rig.register()
    cnd = "org.onem2m.common.moduleclass.temperature"
    await rig.made("cse/cae1", 28, {"cod:tempe": {"rn": "t", "cnd": cnd, "curT0": 0, "fcied": True, "mni": 20}}, "Cae1")
    await asyncio.gather(*(rig.update("cse/cae1/t", {"cod:tempe": {"curT0": n}}, "Cae1") for n in range(1, 31)))
    attributes = only(await rig.retrieve("cse/cae1/t", "Cae1", rcn=4))
    assert (attributes["cni"], attributes["st"]) == (20, 30)
    assert sorted(one["curT0"] for one in attributes["cod:tempeInst"]) == list(range(11, 31))
    assert attributes["cod:tempeInst"][-1]["curT0"] == attributes["curT0"]
    assert attributes["cbs"] == sum(one["cs"] for one in attributes["cod:tempeInst"])
    await rig.close()


@pytest.mark.parametrize("store", [MemoryStore, SlowStore])
async def test_a_history_over_many_random_changes(store: type[MemoryStore]) -> None:
    """The instances are those that a plain list would have, whatever is switched, limited, deleted or restarted."""
    chance, kept = random.Random(7), store()
    rig = await Rig.open(store=kept)
    await rig.register()
    cnd = "org.onem2m.common.moduleclass.temperature"
    await rig.made("cse/cae1", 28, {"cod:tempe": {"rn": "t", "cnd": cnd, "curT0": 0}}, "Cae1")
    model: list[int] = []
    enabled, most = None, None
    for step in range(1, 301):
        action = chance.choice(("value", "value", "value", "value", "fcied", "mni", "delete", "restart"))
        given: dict[str, Any] = {}
        if action == "restart":
            rig = await Rig.open(store=kept, clock=rig.clock)
        elif action == "delete":
            done = await rig.delete(f"cse/cae1/t/{chance.choice(('la', 'ol'))}", "Cae1")
            assert done.status == (Status.DELETED if model else Status.NOT_FOUND)
            model = sorted(await values(rig))
        else:
            if action in ("value", "fcied") and chance.random() < 0.8:
                given["curT0"] = step
            if action == "fcied":
                enabled = given["fcied"] = chance.choice((True, True, False, None))
            if action == "mni" and enabled is not None:
                most = given["mni"] = chance.choice((1, 2, 5, None))
            assert (await rig.update("cse/cae1/t", {"cod:tempe": given}, "Cae1")).status == Status.UPDATED
            if enabled is None:
                model, most = [], None
            elif enabled and "curT0" in given:
                model.append(step)
            model = model[-1:] if enabled is False else model[-most:] if most else model
        attributes = only(await rig.retrieve("cse/cae1/t", "Cae1"))
        assert await values(rig) == model
        assert attributes.get("cni") == (None if enabled is None else len(model))
        assert attributes.get("cbs") == (None if enabled is None else sum(len(str(value)) for value in model))
    await rig.close()


async def values(rig: Rig) -> list[int]:
    """Values of the instances, oldest first."""
    attributes = only(await rig.retrieve("cse/cae1/t", "Cae1", rcn=4))
    return [one["curT0"] for one in attributes.get("cod:tempeInst", [])]
