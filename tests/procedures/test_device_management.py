"""Management objects of a device that an adapter leads to (MGO-1, MGO-2): actions, their status, what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.device_management import Adapter, DeviceError, Outcome
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.devices import NODE, NODE_ID, OBJECTS, Device, add, change, node, shown, unreachable
from tests.rig import Rig, message, only, settle


@pytest.fixture
def device() -> Device:
    """The device."""
    return Device()


@pytest.fixture
async def managed(device: Device) -> AsyncIterator[Rig]:
    """A CSE with an adapter for the device, and its node."""
    rig = await Rig.open(adapters=[device])
    await rig.register()
    await node(rig)
    yield rig
    await rig.close()


ACTIONS = [
    ("fwr", "ud", "update", "uds"), ("swr", "in", "install", "ins"), ("swr", "un", "uninstall", "ins"),
    ("swr", "act", "activate", "acts"), ("swr", "dea", "deactivate", "acts"), ("dvc", "ena", "enable", "cas"),
    ("dvc", "dis", "disable", "cas"), ("rbo", "rbo", "reboot", None), ("rbo", "far", "factoryReset", None),
    ("evl", "lga", "logStart", None), ("evl", "lgo", "logStop", None), ("wific", "scan", "scan", None),
    ("wific", "ud", "update", None), ("wific", "trdst", "toggleRadioStatus", None),
]


@pytest.mark.parametrize(("short", "trigger", "action", "status"), ACTIONS)
async def test_mgo_1_an_action_and_its_status(managed: Rig, device: Device, short: str, trigger: str, action: str,
                                              status: str | None) -> None:
    device.slow = True
    await add(managed, short)
    answer = only(await change(managed, short, **{trigger: True}))
    assert device.done("perform") == [action]
    assert answer[trigger] is (trigger not in ("rbo", "far"))
    if status is not None:
        assert answer[status] == {"acn": action, "sus": 3}
    device.finish()
    await settle()
    after = await shown(managed, short)
    assert after[trigger] is False
    if status is not None:
        assert after[status] == {"acn": action, "sus": 1}


@pytest.mark.parametrize(("short", "trigger", "action", "status"), ACTIONS)
async def test_mgo_1_an_action_that_fails(managed: Rig, device: Device, short: str, trigger: str, action: str,
                                          status: str | None) -> None:
    device.fail = RuntimeError("broken") if trigger == "ud" else DeviceError("no such package")
    await add(managed, short)
    await change(managed, short, **{trigger: True})
    after = await shown(managed, short)
    assert after[trigger] is False
    if status is not None:
        assert after[status] == {"acn": action, "sus": 2}
    if short == "evl":
        assert after["lgst"] == 5


@pytest.mark.parametrize(("short", "trigger", "attribute", "value"), [
    ("dvc", "ena", "cus", True), ("dvc", "dis", "cus", False), ("evl", "lga", "lgst", 1), ("evl", "lgo", "lgst", 2),
])
async def test_mgo_1_what_an_action_changes(managed: Rig, short: str, trigger: str, attribute: str, value: Any) -> None:
    await add(managed, short)
    await change(managed, short, **{trigger: True})
    assert (await shown(managed, short))[attribute] == value


async def test_mgo_1_what_the_device_reports(managed: Rig, device: Device) -> None:
    device.outcome = Outcome(attributes={"scanr": ["home", "guest"], "cons": 4, "rdst": "on", "nothing": 1, "ri": "x"})
    made = await add(managed, "wific")
    await change(managed, "wific", scan=True)
    after = await shown(managed, "wific")
    assert (after["scanr"], after["cons"], after["ri"]) == (["home", "guest"], 4, made["ri"])
    assert not {"rdst", "nothing"} & after.keys()


@pytest.mark.parametrize("outcome", [None, 5, {}, "done", Outcome(attributes=None)])  # type: ignore[arg-type]
async def test_mgo_1_a_careless_adapter(managed: Rig, device: Device, outcome: Any) -> None:
    device.outcome = outcome
    await add(managed, "fwr")
    await change(managed, "fwr", ud=True)
    assert (await shown(managed, "fwr"))["uds"]["sus"] == (1 if isinstance(outcome, Outcome) else 2)
    device.outcome = Outcome()
    await change(managed, "fwr", ud=True)
    assert (await shown(managed, "fwr"))["uds"]["sus"] == 1


async def test_mgo_1_two_actions_of_one_request(managed: Rig, device: Device) -> None:
    device.slow = True
    await add(managed, "swr")
    await change(managed, "swr", **{"in": True, "act": True})
    device.finish()
    await settle()
    assert device.done("perform") == ["install", "activate"]
    between = await shown(managed, "swr")
    assert (between["ins"]["sus"], between["acts"]) == (1, {"acn": "activate", "sus": 3})
    device.finish()
    await settle()
    assert (await shown(managed, "swr"))["acts"]["sus"] == 1


async def test_mgo_1_nothing_follows_an_action_that_failed(managed: Rig, device: Device) -> None:
    device.fail = DeviceError("disk full")
    await add(managed, "swr")
    await change(managed, "swr", **{"in": True, "act": True})
    after = await shown(managed, "swr")
    assert (device.done("perform"), after["ins"]["sus"], after["acts"]["sus"]) == (["install"], 2, 2)


async def test_mgo_1_one_thing_at_a_time(managed: Rig, device: Device) -> None:
    device.slow = True
    await add(managed, "swr")
    await change(managed, "swr", **{"in": True})
    response = await change(managed, "swr", un=True)
    assert response.status == Status.CONFLICT
    assert (await change(managed, "swr", dc="meanwhile")).status == Status.UPDATED
    device.finish()
    await settle()
    assert (await change(managed, "swr", un=True)).status == Status.UPDATED


async def test_mgo_1_an_action_that_takes_too_long(managed: Rig, device: Device) -> None:
    device.slow = True
    await add(managed, "fwr")
    await change(managed, "fwr", ud=True)
    await managed.clock.advance(3500)
    assert (await shown(managed, "fwr"))["uds"]["sus"] == 3
    await managed.clock.advance(200)
    assert (await shown(managed, "fwr"))["uds"]["sus"] == 2


async def test_mgo_1_an_object_deleted_while_the_device_acts(managed: Rig, device: Device) -> None:
    device.slow = True
    await add(managed, "fwr")
    await change(managed, "fwr", ud=True)
    assert (await managed.delete(NODE)).status == Status.DELETED
    device.finish()
    await settle()
    assert (await managed.retrieve(NODE)).status == Status.NOT_FOUND


@pytest.mark.parametrize("clean", [True, False])
async def test_mgo_1_an_action_that_a_restart_interrupts(clean: bool) -> None:
    store, device = MemoryStore(), Device(slow=True)
    rig = await Rig.open(store=store, adapters=[device])
    await node(rig)
    for short, triggers in (("swr", {"in": True, "act": True}), ("rbo", {"rbo": True}), ("evl", {"lga": True})):
        await add(rig, short)
        await change(rig, short, **triggers)
    if clean:
        await rig.close()
    again = await Rig.open(store=store, clock=rig.clock)
    software = await shown(again, "swr")
    assert (software["ins"], software["acts"]) == ({"acn": "install", "sus": 2}, {"acn": "activate", "sus": 2})
    assert (software["in"], software["act"]) == (False, False)
    assert ((await shown(again, "rbo"))["rbo"], (await shown(again, "evl"))["lgst"]) == (False, 5)
    await again.close()
    last = await Rig.open(store=store, clock=rig.clock, adapters=[device])
    device.slow = False
    await change(last, "swr", **{"in": True})
    assert (await shown(last, "swr"))["ins"]["sus"] == 1
    await last.close()
    if not clean:
        await rig.close()


async def test_mgo_1_subscribers_see_the_status(managed: Rig, device: Device) -> None:
    await add(managed, "fwr")
    await managed.made(f"{NODE}/fwr", 23, {"nu": ["http://watch/"], "nct": 2})
    await change(managed, "fwr", ud=True)
    seen = [content["m2m:sgn"]["nev"]["rep"]["m2m:fwr"] for content in managed.sink.contents("http://watch/")]
    assert [one.get("uds", {}).get("sus") for one in seen] == [None, 3, 1]


@pytest.mark.parametrize("setup", [
    pytest.param((unreachable(), Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED), id="MGO-2 no session"),
    pytest.param((DeviceError("what?", Status.MGMT_CONVERSION_ERROR), Status.MGMT_CONVERSION_ERROR),
                 id="MGO-2 no words"),
    pytest.param((DeviceError("other", Status.ALREADY_EXISTS), Status.ALREADY_EXISTS), id="MGO-2 other content"),
])
async def test_mgo_2_what_a_device_refuses(managed: Rig, device: Device, setup: tuple[DeviceError, Status]) -> None:
    await add(managed, "fwr")
    device.refuse, expected = setup
    response = await managed.create(NODE, 13, {"m2m:bat": {"mgd": 1006, **OBJECTS["bat"]}})
    assert response.status == expected
    assert message(response) == str(device.refuse)
    assert (await change(managed, "fwr", ud=True)).status == expected
    assert (await change(managed, "fwr", vr="3")).status == expected
    assert (await managed.delete(f"{NODE}/fwr")).status == expected
    assert device.done("perform") == []
    assert (await shown(managed, "fwr"))["uds"] == {"sus": 0}


async def test_mgo_2_a_device_that_does_not_answer(managed: Rig, device: Device) -> None:
    await add(managed, "fwr")
    device.hang = True
    answer = asyncio.ensure_future(change(managed, "fwr", ud=True))
    await managed.clock.advance(9)
    assert not answer.done()
    await managed.clock.advance(2)
    assert (await answer).status == Status.MGMT_SESSION_ESTABLISHMENT_TIMEOUT


async def test_mgo_2_an_adapter_with_a_fault(managed: Rig, device: Device) -> None:
    device.refuse = ValueError("bug")  # type: ignore[assignment]
    response = await managed.create(NODE, 13, {"m2m:bat": {"mgd": 1006, **OBJECTS["bat"]}})
    assert response.status == Status.MGMT_CONVERSION_ERROR


async def test_mgo_2_what_the_device_is_told(managed: Rig, device: Device) -> None:
    await add(managed, "fwr", lbl=["x"])
    await change(managed, "fwr", vr="2", lbl=["y"], et=managed.at(1000))
    await change(managed, "fwr", lbl=None)
    await managed.delete(f"{NODE}/fwr")
    assert [one for one in device.asked if one[0] != "open"] == [
        ("attach", "firmware"), ("write", {"vr": "2"}), ("detach", "firmware")]
    assert set(device.done("open")) == {NODE_ID}


async def test_mgo_1_values_are_read_from_the_device(managed: Rig, device: Device) -> None:
    await add(managed, "bat")
    await managed.made(f"{NODE}/bat", 23, {"nu": ["http://watch/"]})
    device.values = {"btl": 7, "bts": 99}
    assert (await shown(managed, "bat"))["btl"] == 7
    assert only(await managed.retrieve(f"{NODE}/bat", attribute_list=["bts"])) == {"bts": 1}
    assert len(managed.sink.contents("http://watch/")) == 1
    device.refuse = unreachable()
    assert (await shown(managed, "bat"))["btl"] == 7
    device.refuse, device.values = None, None  # type: ignore[assignment]
    assert (await shown(managed, "bat"))["btl"] == 7


async def test_mgo_1_adapters_by_technology() -> None:
    lwm2m, other = Device(node_id="-", technologies=("urn:oma:lwm2m",)), Device(node_id="-", technologies=("urn:bbf",))
    rig = await Rig.open(adapters=[other, lwm2m])
    await node(rig)
    await add(rig, "fwr", obis=["urn:oma:lwm2m:oma:5"], obps=["/5/0"])
    assert (await change(rig, "fwr", ud=True)).status == Status.UPDATED
    assert (lwm2m.done("perform"), other.asked) == (["update"], [])
    await rig.close()


async def test_mgo_2_the_base_adapter_can_do_nothing() -> None:
    rig = await Rig.open(adapters=[Adapter(nodes=[NODE_ID])])
    await node(rig)
    await add(rig, "fwr")
    await change(rig, "fwr", ud=True)
    assert (await shown(rig, "fwr"))["uds"] == {"acn": "update", "sus": 2}
    await rig.delete(f"{NODE}/fwr")
    await rig.close()
