"""mgmtCmd and execInstance (procedures section 19, MGC-1): modes, results, cancellation, errors, restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.device_management import Command, DeviceError, Outcome
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.devices import NODE, NODE_ID, Device, node, unreachable
from tests.rig import Rig, message, only, settle

COMMAND = "cse/command"
UPLOAD = {"uld": [{"ftyp": "log", "url": "http://logs/", "unm": "u", "pwd": "p"}]}
INITIATED, PENDING, FINISHED, CANCELLED, NON_CANCELLABLE = 1, 2, 3, 5, 6
RESET, REBOOT, UPLOAD_TYPE = 1, 2, 3


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


async def command(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Make a command for the device: an upload unless said otherwise."""
    given = {"rn": "command", "cmt": UPLOAD_TYPE, "ext": NODE, "exra": UPLOAD, **attributes}
    return await rig.made("cse", 12, {name: value for name, value in given.items() if value is not None})


async def give(rig: Rig, **attributes: Any) -> Any:
    """Give the command and return the response."""
    return await rig.update(COMMAND, {"m2m:mgc": {"exe": True, **attributes}})


async def instances(rig: Rig) -> list[dict[str, Any]]:
    """The execInstances of the command."""
    found: list[dict[str, Any]] = only(await rig.retrieve(COMMAND, rcn=4)).get("m2m:exin", [])
    return found


async def instance(rig: Rig) -> dict[str, Any]:
    """The only one."""
    (found,) = await instances(rig)
    return found


async def cancel(rig: Rig) -> Any:
    """Cancel the only execInstance and return the response."""
    return await rig.update((await instance(rig))["ri"], {"m2m:exin": {"exd": True}})


async def test_mgc_1_a_command_runs_once(managed: Rig, device: Device) -> None:
    await command(managed)
    device.slow = True
    assert only(await give(managed))["exe"] is False
    made = await instance(managed)
    assert made["ext"] == only(await managed.retrieve(NODE))["ri"]
    assert (made["exs"], made["exr"], made["exra"]) == (PENDING, 31, UPLOAD)
    device.finish()
    await settle()
    after = await instance(managed)
    assert (after["exs"], after["exr"]) == (FINISHED, 0)
    assert device.done("execute") == [Command(NODE_ID, "UPLOAD", UPLOAD["uld"], made["ri"])]


@pytest.mark.parametrize("target", [NODE, NODE_ID, "/banyan/cse/device"])
async def test_mgc_1_targets(managed: Rig, device: Device, target: str) -> None:
    await command(managed, ext=target)
    await give(managed)
    assert len(device.done("execute")) == 1


async def test_mgc_1_a_group_of_nodes() -> None:
    devices = [Device(node_id=f"n{number}") for number in (1, 2)]
    rig = await Rig.open(adapters=devices)
    for number in (1, 2):
        await node(rig, f"node{number}", ni=f"n{number}")
    await rig.made("cse", 9, {"rn": "all", "mnm": 5, "mt": 14, "mid": ["cse/node1", "cse/node2"]})
    await command(rig, ext="cse/all")
    await give(rig)
    assert len(await instances(rig)) == 2
    assert [len(one.done("execute")) for one in devices] == [1, 1]
    await rig.close()


@pytest.mark.parametrize(("attributes", "runs"), [
    pytest.param({"exm": 1, "exn": 5, "exf": "PT10S", "exy": "PT10S"}, [0], id="MGC-1 at once, once"),
    pytest.param({"exm": 2, "exn": 3, "exf": "PT10S", "exy": "PT9S"}, [0, 10, 20], id="MGC-1 at once, several times"),
    pytest.param({"exm": 3, "exn": 5, "exf": "PT10S", "exy": "PT20S"}, [20], id="MGC-1 later, once"),
    pytest.param({"exm": 4, "exn": 2, "exf": "PT15S", "exy": "PT20S"}, [20, 35], id="MGC-1 later, several times"),
    pytest.param({"exm": 2, "exn": 2}, [0, 1], id="MGC-1 a second from one to the next"),
    pytest.param({"exm": 2, "exn": 3, "exf": "PT0S"}, [0, 1, 2], id="MGC-1 no time between"),
    pytest.param({"exm": 4, "exn": 3, "exf": "PT0.001S", "exy": "PT2S"}, [2, 3, 4], id="MGC-1 too often"),
    pytest.param({"exm": 2, "exn": 0}, [], id="MGC-1 never"),
    pytest.param({"exm": 4, "exn": 1, "exy": "P300000Y"}, [], id="MGC-1 in a far future"),
])
async def test_mgc_1_modes(managed: Rig, device: Device, attributes: dict[str, Any], runs: list[int]) -> None:
    await command(managed, **attributes)
    await give(managed)
    began: list[int] = []
    for second in range(45):
        began += [second] * (len(device.done("execute")) - len(began))
        await managed.clock.advance(1 if second else 1.1)
    assert began == runs
    if "P300000Y" not in attributes.values():
        assert (await instance(managed))["exs"] == FINISHED


@pytest.mark.parametrize(("outcome", "fail", "result"), [
    (Outcome(succeeded=False), None, 4), (Outcome(succeeded=False, result=7), None, 7),
    (Outcome(succeeded=False, result=99), None, 4), (Outcome(succeeded=False, result=0), None, 4),
    (Outcome(succeeded=False, result="7"), None, 4), (None, None, 4),  # type: ignore[arg-type]
    (Outcome(), RuntimeError("bug"), 4), (Outcome(), unreachable(), 4),
    (Outcome(), DeviceError("what?", Status.MGMT_CONVERSION_ERROR), 1),
])
async def test_mgc_1_results_of_failures(managed: Rig, device: Device, outcome: Any, fail: Exception | None,
                                         result: int) -> None:
    device.outcome, device.fail = outcome, fail
    await command(managed)
    await give(managed)
    after = await instance(managed)
    assert (after["exs"], after["exr"]) == (FINISHED, result)


async def test_mgc_1_a_command_that_takes_too_long(managed: Rig, device: Device) -> None:
    device.slow = True
    await command(managed)
    await give(managed)
    await managed.clock.advance(4000)
    after = await instance(managed)
    assert (after["exs"], after["exr"]) == (FINISHED, 4)


@pytest.mark.parametrize(("attributes", "status"), [
    pytest.param({"cmt": 8}, Status.INVALID_CMDTYPE, id="MGC-1 6022"),
    pytest.param({"cmt": "3"}, Status.INVALID_CMDTYPE, id="MGC-1 6022 text"),
    pytest.param({"cmt": None}, Status.BAD_REQUEST, id="MGC-1 no type"),
    pytest.param({"exra": {"rst": []}}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 of another type"),
    pytest.param({"exra": {"xyz": []}}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 of no type"),
    pytest.param({"exra": {**UPLOAD, "rbo": []}}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 of two types"),
    pytest.param({"exra": {"uld": {}}}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 no list"),
    pytest.param({"exra": []}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 no object"),
    pytest.param({"exra": {"uld": [{**UPLOAD["uld"][0], "url": 5}]}}, Status.INVALID_ARGUMENTS, id="MGC-1 6023 value"),
    pytest.param({"exra": {"uld": [{"url": "http://logs/"}]}}, Status.INSUFFICIENT_ARGUMENTS, id="MGC-1 6024"),
    pytest.param({"exn": -1}, Status.BAD_REQUEST, id="MGC-1 negative number"),
    pytest.param({"exf": "soon"}, Status.BAD_REQUEST, id="MGC-1 no duration"),
    pytest.param({"exm": 5}, Status.BAD_REQUEST, id="MGC-1 no mode"),
])
async def test_mgc_1_what_a_command_cannot_be(managed: Rig, attributes: dict[str, Any], status: Status) -> None:
    given = {"cmt": UPLOAD_TYPE, "ext": NODE, "exra": UPLOAD, **attributes}
    if given["cmt"] is None:
        del given["cmt"]
    response = await managed.create("cse", 12, given)
    assert response.status == status
    assert message(response)


async def test_mgc_1_arguments_change(managed: Rig) -> None:
    await command(managed)
    update = managed.update
    assert (await update(COMMAND, {"m2m:mgc": {"exra": {"rbo": []}}})).status == Status.INVALID_ARGUMENTS
    assert (await update(COMMAND, {"m2m:mgc": {"exra": {"uld": [{}]}}})).status == Status.INSUFFICIENT_ARGUMENTS
    assert (await update(COMMAND, {"m2m:mgc": {"exra": None}})).status == Status.UPDATED
    assert (await give(managed)).status == Status.MGMT_CONVERSION_ERROR
    assert await instances(managed) == []


@pytest.mark.parametrize(("target", "status"), [
    ("nowhere", Status.EXTERNAL_OBJECT_NOT_REACHABLE), ("cse", Status.EXTERNAL_OBJECT_NOT_REACHABLE),
    ("/far/node", Status.EXTERNAL_OBJECT_NOT_REACHABLE), ("//", Status.EXTERNAL_OBJECT_NOT_REACHABLE),
    ("cse/bare", Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED),
])
async def test_mgc_1_nobody_to_command(managed: Rig, target: str, status: Status) -> None:
    await node(managed, "bare", ni="n0")
    await command(managed, ext=target)
    assert (await give(managed)).status == status
    assert await instances(managed) == []


async def test_mgc_1_a_device_that_cannot_be_reached(managed: Rig, device: Device) -> None:
    await command(managed)
    device.refuse = unreachable()
    assert (await give(managed)).status == Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED
    assert await instances(managed) == []


async def test_mgc_1_creation_does_not_run_a_command(managed: Rig, device: Device) -> None:
    assert (await command(managed, exe=True))["exe"] is False
    assert device.asked == []


async def test_mgc_1_what_stays_while_there_are_instances(managed: Rig) -> None:
    await command(managed)
    assert (await managed.update(COMMAND, {"m2m:mgc": {"exm": 2}})).status == Status.UPDATED
    await give(managed, exn=2)
    for content in ({"exm": 1}, {"ext": NODE}):
        assert (await managed.update(COMMAND, {"m2m:mgc": content})).status == Status.OPERATION_NOT_ALLOWED
    await managed.delete((await instance(managed))["ri"])
    assert (await managed.update(COMMAND, {"m2m:mgc": {"exm": 1}})).status == Status.UPDATED


async def test_mgc_1_instances_are_made_by_the_cse(managed: Rig) -> None:
    await command(managed)
    assert (await managed.create(COMMAND, 8, {})).status == Status.OPERATION_NOT_ALLOWED
    await give(managed)
    made = await instance(managed)
    assert (await managed.update(made["ri"], {"m2m:exin": {"exs": 1}})).status == Status.BAD_REQUEST
    assert (await managed.update(made["ri"], {"m2m:exin": {"exd": False}})).status == Status.UPDATED


async def test_mgc_1_cancelling_before_it_begins(managed: Rig, device: Device) -> None:
    await command(managed, exm=3, exy="PT1M")
    await give(managed)
    assert (await instance(managed))["exs"] == INITIATED
    assert only(await cancel(managed))["exs"] == CANCELLED
    await managed.clock.advance(100)
    assert device.done("execute") == device.done("cancel") == []
    assert (await cancel(managed)).status == Status.ALREADY_COMPLETE


async def test_mgc_1_cancelling_between_two_runs(managed: Rig, device: Device) -> None:
    await command(managed, exm=2, exf="PT1M", exn=10)
    await give(managed)
    await managed.clock.advance(90)
    assert only(await cancel(managed))["exs"] == CANCELLED
    await managed.clock.advance(500)
    assert (len(device.done("execute")), device.done("cancel")) == (2, [])


async def test_mgc_1_cancelling_what_the_device_does(managed: Rig, device: Device) -> None:
    device.slow = True
    await command(managed)
    await give(managed)
    assert only(await cancel(managed))["exs"] == CANCELLED
    assert len(device.done("cancel")) == 1
    device.finish()
    await settle()
    assert (await instance(managed))["exs"] == CANCELLED


async def test_mgc_1_a_device_that_goes_on(managed: Rig, device: Device) -> None:
    device.slow = True
    await command(managed)
    await give(managed)
    device.refuse = DeviceError("too late")
    response = await cancel(managed)
    assert response.status == Status.MGMT_CANCELLATION_FAILED
    assert "too late" in message(response)
    for target in ((await instance(managed))["ri"], COMMAND):
        assert (await managed.delete(target)).status == Status.MGMT_CANCELLATION_FAILED
    device.finish()
    await settle()
    assert (await instance(managed))["exs"] == FINISHED


@pytest.mark.parametrize("kind", [RESET, REBOOT])
async def test_mgc_1_what_cannot_be_cancelled(managed: Rig, device: Device, kind: int) -> None:
    device.slow = True
    await command(managed, cmt=kind, exra=None)
    await give(managed)
    assert (await cancel(managed)).status == Status.MGMT_COMMAND_NOT_CANCELLABLE
    assert (await instance(managed))["exs"] == NON_CANCELLABLE
    for target in ((await instance(managed))["ri"], COMMAND):
        assert (await managed.delete(target)).status == Status.MGMT_COMMAND_NOT_CANCELLABLE
    device.finish()
    await settle()
    assert (await instance(managed))["exs"] == FINISHED
    assert (await cancel(managed)).status == Status.ALREADY_COMPLETE
    assert (await managed.delete(COMMAND)).status == Status.DELETED


async def test_mgc_1_deletion_stops_the_device(managed: Rig, device: Device) -> None:
    device.slow = True
    await command(managed, exm=2, exn=3)
    await give(managed)
    assert (await managed.delete(COMMAND)).status == Status.DELETED
    assert len(device.done("cancel")) == 1
    device.finish()
    await managed.clock.advance(100)
    assert len(device.done("execute")) == 1


async def test_mgc_1_a_restart_goes_on() -> None:
    store, device = MemoryStore(), Device()
    rig = await Rig.open(store=store, adapters=[device])
    await node(rig)
    await command(rig, exm=4, exy="PT1M", exf="PT1M", exn=3)
    await give(rig)
    for ran in (0, 1, 2, 3):
        assert len(device.done("execute")) == ran
        await rig.close()
        rig = await Rig.open(store=store, clock=rig.clock, adapters=[device])
        assert len(device.done("execute")) == ran
        await rig.clock.advance(61)
    assert (await instance(rig))["exs"] == FINISHED
    await rig.clock.advance(1000)
    assert len(device.done("execute")) == 3
    await rig.close()


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("runs", [1, 2])
async def test_mgc_1_a_run_that_a_restart_interrupts(clean: bool, runs: int) -> None:
    store, device = MemoryStore(), Device(slow=True)
    rig = await Rig.open(store=store, adapters=[device])
    await node(rig)
    await command(rig, exm=2, exf="PT1M", exn=runs)
    await give(rig)
    if clean:
        await rig.close()
    device.slow = False
    again = await Rig.open(store=store, clock=rig.clock, adapters=[device])
    after = await instance(again)
    assert (after["exs"], after["exr"]) == (FINISHED if runs == 1 else PENDING, 4)
    await again.clock.advance(100)
    assert len(device.done("execute")) == runs
    assert (await instance(again))["exr"] == (4 if runs == 1 else 0)
    await again.close()
    if not clean:
        await rig.close()


async def test_mgc_1_without_the_adapter_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store, adapters=[Device()])
    await node(rig)
    await command(rig, exm=3, exy="PT1M")
    await give(rig)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await rig.clock.advance(61)
    after = await instance(rig)
    assert (after["exs"], after["exr"]) == (FINISHED, 4)
    await rig.close()


async def test_mgc_1_subscribers_see_the_progress(managed: Rig) -> None:
    await command(managed, exm=3, exy="PT1M")
    await give(managed)
    made = await instance(managed)
    await managed.made(made["ri"], 23, {"nu": ["http://watch/"], "nct": 2})
    await managed.clock.advance(61)
    seen = [content["m2m:sgn"]["nev"]["rep"]["m2m:exin"] for content in managed.sink.contents("http://watch/")]
    assert [one["exs"] for one in seen] == [PENDING, FINISHED]
