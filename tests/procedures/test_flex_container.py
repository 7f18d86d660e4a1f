"""flexContainers: models, sizes, custom attributes, actions (procedures section 12, FCN-1 … FCN-5)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.flexes import CND, PATH, ROOT, change, make
from tests.rig import Rig, message, only

TOGGLE = "org.onem2m.common.action.toggle"


async def test_fcn_1_a_model_by_its_root_and_definition(rig: Rig) -> None:
    made = await make(rig, unit=1, tarTe=20)
    assert (made["ty"], made["cnd"], made["curT0"], made["tarTe"], made["unit"]) == (28, CND, 21.5, 20, 1)
    assert (await rig.retrieve(PATH, "Cae1")).content == {ROOT: made}


@pytest.mark.parametrize(("content", "status", "words"), [
    ({ROOT: {"cnd": "org.example.unknown", "curT0": 1}}, 4125, "'org.example.unknown' is no model"),
    ({"m2m:fcnt": {"cnd": "org.example.unknown"}}, 4125, "no model"),
    ({ROOT: {"cnd": "org.onem2m.home.moduleclass.temperature", "curT0": 1}}, 4125, f"did you mean {CND}"),
    ({ROOT: {"cnd": CND + "Annc", "curT0": 1}}, 4125, "no model"),
    ({ROOT: {"cnd": "", "curT0": 1}}, 4125, "no model"),
    ({ROOT: {"cnd": "x" * 100_000, "curT0": 1}}, 4125, "no model"),
    ({"cod:eneCn": {"cnd": CND, "abECn": 1}}, 4000, f"goes with the root element '{ROOT}', not with 'cod:eneCn'"),
    ({"m2m:fcnt": {"cnd": CND}}, 4000, f"expected '{ROOT}'"),
    ({"m2m:cnt": {"cnd": CND}}, 4000, f"expected '{ROOT}'"),
    ({"my:xyz": {"cnd": CND}}, 4000, f"expected '{ROOT}'"),
    ({"m2m:fcnt": {}}, 4000, "its cnd"),
    ({ROOT + "Inst": {"curT0": 1}}, 4000, "its cnd"),
    ({ROOT + "Annc": {"cnd": CND + "Annc"}}, 4125, "no model"),
    ({ROOT: {"curT0": 1}}, 4000, "cnd: containerDefinition is missing"),
    ({ROOT: {"cnd": None, "curT0": 1}}, 4000, "cnd"),
    ({ROOT: {"cnd": 28, "curT0": 1}}, 4000, "cnd"),
    ({ROOT: {"cnd": [CND], "curT0": 1}}, 4000, "cnd"),
    ({ROOT: {"cnd": True, "curT0": 1}}, 4000, "cnd"),
    ({ROOT: {"cnd": CND}}, 4000, "curT0: currentTemperature is missing"),
    ({ROOT: {"cnd": CND, "curT0": "21"}}, 4000, "curT0: expected a number"),
    ({ROOT: {"cnd": CND, "curT0": None}}, 4000, "curT0"),
    ({ROOT: {"cnd": CND, "curT0": 1, "unit": 4}}, 4000, "unit: expected one of 1 celsius"),
    ({ROOT: {"cnd": CND, "curT0": 1, "curTe": 1}}, 4000, "did you mean curT0"),
    ({ROOT: {"cnd": CND, "curT0": 1, "currentTemperature": 1}}, 4000, "short name of it is 'curT0'"),
    ({ROOT: {"cnd": CND, "curT0": 1, "cs": 1}}, 4000, "cs"),
    ({ROOT: {"cnd": CND, "curT0": 1, "abECn": 1}}, 4000, "abECn"),
    ({ROOT: [{"cnd": CND, "curT0": 1}]}, 4000, ""),
    ({ROOT: {"cnd": CND, "curT0": 1}, "m2m:cnt": {}}, 4000, ""),
])
async def test_fcn_1_what_does_not_fit_the_model(rig: Rig, content: dict[str, Any], status: int, words: str) -> None:
    refused = await rig.create("cse/cae1", 28, content, "Cae1")
    assert refused.status == status, message(refused)
    assert words in message(refused)
    assert len(message(refused)) < 700
    assert await rig.discover("cse/cae1", "Cae1", ty=[28]) == []


async def test_fcn_1_access_is_decided_first(rig: Rig) -> None:
    await rig.register("Cae2")
    refused = await rig.create("cse/cae1", 28, {ROOT: {"cnd": "org.example.unknown"}}, "Cae2")
    assert refused.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("content", "words"), [
    ({ROOT: {"cnd": CND}}, "cnd"),
    ({ROOT: {"cnd": None}}, "cnd"),
    ({ROOT: {"curT0": None}}, "curT0"),
    ({ROOT: {"curT0": "hot"}}, "curT0"),
    ({ROOT: {"humidity": 1}}, "humidity"),
    ({"m2m:fcnt": {"curT0": 1}}, ROOT),
    ({"cod:relHy": {"relHy": 1}}, ROOT),
])
async def test_fcn_1_an_update_fits_the_model_too(rig: Rig, content: dict[str, Any], words: str) -> None:
    made = await make(rig)
    refused = await rig.update(PATH, content, "Cae1")
    assert refused.status == Status.BAD_REQUEST
    assert words in message(refused)
    assert only(await rig.retrieve(PATH, "Cae1")) == made


async def test_fcn_2_size_of_the_custom_attributes(rig: Rig) -> None:
    made = await rig.made("cse/cae1", 28, {"cod:texMe": {
        "rn": "text", "cnd": "org.onem2m.common.moduleclass.textMessage", "texMe": "grüezi", "lbl": ["not:counted"]}},
        "Cae1")
    assert (made["cs"], made["st"]) == (len("grüezi".encode()), 0)
    changed = only(await rig.update("cse/cae1/text", {"cod:texMe": {"minLh": 5, "lbl": ["more:labels", "x"]}}, "Cae1"))
    assert (changed["cs"], changed["st"]) == (7 + len("5"), 1)
    removed = only(await rig.update("cse/cae1/text", {"cod:texMe": {"minLh": None}}, "Cae1"))
    assert (removed["cs"], removed["st"]) == (7, 2)


async def test_fcn_2_a_refused_update_counts_nothing(rig: Rig) -> None:
    await make(rig)
    await change(rig, curT0="hot")
    attributes = only(await rig.retrieve(PATH, "Cae1"))
    assert (attributes["st"], attributes["cs"]) == (0, 4)


async def test_fcn_3_custom_attributes_are_subscribed(rig: Rig) -> None:
    await make(rig, tarTe=20)
    await rig.made(PATH, 23, {"nu": ["http://sink/t"], "nct": 2, "enc": {"net": [1], "atr": ["curT0"]}}, "Cae1")
    await change(rig, tarTe=21)
    assert rig.sink.contents() == []
    await change(rig, curT0=22.5)
    (content,) = rig.sink.contents()
    assert content["m2m:sgn"]["nev"]["rep"][ROOT]["curT0"] == 22.5


async def test_fcn_3_custom_attributes_are_filtered(rig: Rig) -> None:
    await make(rig)
    await make(rig, rn="other", curT0=30)
    assert await rig.discover("cse/cae1", "Cae1", atr=[("curT0", 30)]) == ["cse/cae1/other"]
    assert await rig.discover("cse/cae1", "Cae1", ty=[28], atr=[("cnd", CND)]) == [PATH, "cse/cae1/other"]


def test_fcn_3_custom_attributes_can_be_announced() -> None:
    from resources.model import Announce
    from resources.registry import Registry

    registry = Registry.default()
    for type_ in registry.specializations(28).values():
        base = registry.by_number[28].by_short
        custom = [row for row in type_.attributes if row.short not in base]
        assert {row.announce for row in custom} <= {Announce.OA}
        copy = registry.by_root[f"{type_.root}Annc"]
        assert copy.number == 10028
        assert {row.short for row in custom} | {"cnd", "lnk"} <= copy.by_short.keys()


async def test_fcn_4_a_device_with_modules_and_a_sub_device(rig: Rig) -> None:
    device = {"rn": "plug", "cnd": "org.onem2m.common.device.deviceSmartPlug", "nodLk": "nod-1", "flNLk": "fleNe-1"}
    await rig.made("cse/cae1", 28, {"cod:deSPg": device}, "Cae1")
    plug, outlet = "cse/cae1/plug", "cse/cae1/plug/outlet_1"
    switch = {"rn": "binarySwitch", "cnd": "org.onem2m.common.moduleclass.binarySwitch", "state": True}
    await rig.made(plug, 28, {"cod:binSh": switch}, "Cae1")
    part = {"rn": "outlet_1", "cnd": "org.onem2m.common.subdevice.subDevicePowerOutlet"}
    await rig.made(plug, 28, {"cod:sDPOt": part}, "Cae1")
    await rig.made(outlet, 28, {"cod:binSh": {**switch, "dgt": "20260101T000000"}}, "Cae1")
    found = await rig.discover(plug, "Cae1", ty=[28])
    assert found == [f"{plug}/binarySwitch", outlet, f"{outlet}/binarySwitch"]
    refused = await rig.create("cse/cae1", 28, {"cod:deSPg": {"cnd": device["cnd"], "dgt": "20260101T000000"}}, "Cae1")
    assert "dgt" in message(refused)


async def test_fcn_5_an_update_of_an_action_is_told(rig: Rig) -> None:
    await rig.made("cse/cae1", 28, {"cod:binSh": {
        "rn": "switch", "cnd": "org.onem2m.common.moduleclass.binarySwitch", "state": False}}, "Cae1")
    await rig.made("cse/cae1/switch", 28, {"cod:togge": {"rn": "toggle", "cnd": TOGGLE}}, "Cae1")
    await rig.made("cse/cae1/switch/toggle", 23, {"nu": ["http://sink/a"], "enc": {"net": [1]}}, "Cae1")
    assert (await rig.update("cse/cae1/switch/toggle", {"cod:togge": {}}, "Cae1")).status == Status.UPDATED
    assert len(rig.sink.contents()) == 1


async def test_fcn_5_arguments_are_attributes_of_the_action(rig: Rig) -> None:
    cnd = "org.onem2m.management.action.updateFirmware"
    await rig.made("cse/cae1", 28, {"mad:updFe": {"rn": "update", "cnd": cnd}}, "Cae1")
    done = await rig.update("cse/cae1/update", {"mad:updFe": {"url": "http://x/fw", "versn": "2"}}, "Cae1")
    assert (only(done)["url"], only(done)["versn"]) == ("http://x/fw", "2")
    assert (await rig.update("cse/cae1/update", {"mad:updFe": {"url": 5}}, "Cae1")).status == Status.BAD_REQUEST


async def test_a_model_is_known_again_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    made = await make(rig)
    again = await Rig.open(store=store, clock=rig.clock)
    assert (await again.retrieve(PATH, "Cae1")).content == {ROOT: made}
    assert only(await again.update(PATH, {ROOT: {"curT0": 3}}, "Cae1"))["curT0"] == 3
    await again.close()


async def test_fcn_3_a_name_that_models_give_different_types_is_filtered_by_its_text(rig: Rig) -> None:
    switch = {"rn": "s", "cnd": "org.onem2m.common.moduleclass.binarySwitch", "state": True}
    await rig.made("cse/cae1", 28, {"cod:binSh": switch}, "Cae1")
    assert await rig.discover("cse/cae1", "Cae1", atr=[("state", "true")]) == ["cse/cae1/s"]
    assert await rig.discover("cse/cae1", "Cae1", atr=[("state", "false")]) == []
    assert await rig.discover("cse/cae1", "Cae1", atr=[("state", "1")]) == []
