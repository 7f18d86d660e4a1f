"""Processes and their states (procedures section 21): controls, conditions, transitions, restarts."""

from __future__ import annotations

from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.acting import action, outcome, primitive
from tests.rig import Rig, message, only, settle

PROCESS = "cse/cae1/p"
DISABLED, ENABLED, ACTIVATED, PAUSED, COMPLETED, ABORTED = range(1, 7)
ENABLE, DISABLE, PAUSE, REACTIVATE = range(1, 5)


def when(con: Any, sri: str = "cse/cae1/in/la") -> dict[str, Any]:
    """A condition: the newest content is this one."""
    return {"sri": sri, "evc": criteria(con)}


def criteria(con: Any) -> dict[str, Any]:
    return {"sbjt": "con", "optr": 1, "thld": con}


async def process(rig: Rig, *, begin: Any = "start", end: Any = "stop") -> None:
    """A process with the states ``s1`` and ``s2``; in each an action notes that it was entered."""
    for name in ("in", "out"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    assert (await rig.made("cse/cae1", 63, {"rn": "p"}, "Cae1"))["prst"] == DISABLED
    for name in ("s1", "s2"):
        await rig.made(PROCESS, 64, {"rn": name}, "Cae1")
        entered = primitive(pc={"m2m:cin": {"con": name}})
        await rig.made(f"{PROCESS}/{name}", 65, action(apv=entered, evc=criteria("never")), "Cae1")
    for name, other in (("s1", "s2"), ("s2", "s1")):
        given = {"stac": f"{PROCESS}/{name}/act",
                 "sttrs": [{"evc": criteria(other), "nxst": f"{PROCESS}/{other}"}]}
        only(await rig.update(f"{PROCESS}/{name}", {"m2m:stte": given}, "Cae1"))
    conditions = {"atcos": [when(begin)] if begin else None, "encos": [when(end)] if end else None}
    given = {"inst": f"{PROCESS}/s1", **{name: value for name, value in conditions.items() if value}}
    only(await rig.update(PROCESS, {"m2m:prmr": given}, "Cae1"))


@pytest.fixture
async def running(rig: Rig) -> None:
    await process(rig)
    await controlled(rig, ENABLE)


async def controlled(rig: Rig, control: int) -> int:
    """Control the process; returns the status of the answer."""
    return (await rig.update(PROCESS, {"m2m:prmr": {"prct": control}}, "Cae1")).status


async def says(rig: Rig, *contents: Any) -> None:
    for content in contents:
        await rig.made("cse/cae1/in", 4, {"con": content}, "Cae1")
        await settle()


async def where(rig: Rig) -> tuple[int, str | None]:
    """Status, and the name of the state that is active."""
    shown = only(await rig.retrieve(PROCESS))
    active = [name for name in ("s1", "s2") if only(await rig.retrieve(f"{PROCESS}/{name}"))["sact"]]
    assert len(active) <= 1
    if active:
        assert shown["cust"] == only(await rig.retrieve(f"{PROCESS}/{active[0]}"))["ri"]
    return shown["prst"], active[0] if active else None


async def entered(rig: Rig) -> str:
    """The state whose action was performed last."""
    return str(only(await rig.retrieve("cse/cae1/out/la"))["con"])


@pytest.mark.usefixtures("running")
async def test_prm_2_the_life_of_a_process(rig: Rig) -> None:
    assert await where(rig) == (ENABLED, None)
    await says(rig, "s2", "start")
    assert await where(rig) == (ACTIVATED, "s1")
    assert await entered(rig) == "s1"
    await says(rig, "s2")
    assert (await where(rig), await entered(rig)) == ((ACTIVATED, "s2"), "s2")
    await says(rig, "s1", "x", "s2", "s1")
    assert (await where(rig), await outcome(rig)) == ((ACTIVATED, "s1"), 5)
    await says(rig, "stop")
    assert await where(rig) == (COMPLETED, None)
    await says(rig, "start", "s2")
    assert await where(rig) == (COMPLETED, None)
    assert await controlled(rig, DISABLE) == Status.UPDATED
    assert await where(rig) == (DISABLED, None)
    assert "cust" not in only(await rig.retrieve(PROCESS))
    assert rig.cse.core.watchers.keys() == {only(await rig.retrieve("cse/cae1/in"))["ri"]}  # the actions


CONTROLS = [
    (DISABLED, ENABLE, ENABLED), (ENABLED, DISABLE, DISABLED), (ACTIVATED, DISABLE, DISABLED),
    (PAUSED, DISABLE, DISABLED), (COMPLETED, DISABLE, DISABLED), (ABORTED, DISABLE, DISABLED),
    (ACTIVATED, PAUSE, PAUSED), (PAUSED, REACTIVATE, ACTIVATED),
]


async def brought(rig: Rig, status: int) -> None:
    """Bring a process that is disabled into a status."""
    if status != DISABLED:
        await controlled(rig, ENABLE)
    if status > ENABLED:
        await says(rig, "start")
    if status == PAUSED:
        await controlled(rig, PAUSE)
    if status == COMPLETED:
        await says(rig, "stop")
    if status == ABORTED:
        await rig.delete("cse/cae1/out", "Cae1")
        await says(rig, "s2")
    assert (await where(rig))[0] == status


@pytest.mark.parametrize("status", range(DISABLED, ABORTED + 1))
@pytest.mark.parametrize("control", [ENABLE, DISABLE, PAUSE, REACTIVATE])
async def test_prm_2_every_control_in_every_status(rig: Rig, status: int, control: int) -> None:
    await process(rig)
    await brought(rig, status)
    expected = next((to for begin, by, to in CONTROLS if (begin, by) == (status, control)), None)
    answered = await controlled(rig, control)
    assert answered == (Status.OPERATION_NOT_ALLOWED if expected is None else Status.UPDATED)
    assert (await where(rig))[0] == (expected or status)


async def test_prm_2_without_conditions_it_begins_at_once_and_does_not_end(rig: Rig) -> None:
    await process(rig, begin=None, end=None)
    await controlled(rig, ENABLE)
    assert await where(rig) == (ACTIVATED, "s1")
    await says(rig, "stop")
    assert await where(rig) == (ACTIVATED, "s1")


async def test_prm_2_a_condition_that_is_met_already(rig: Rig) -> None:
    await process(rig)
    await says(rig, "start")
    await controlled(rig, ENABLE)
    assert await where(rig) == (ACTIVATED, "s1")


async def test_prm_2_all_conditions_begin_and_one_ends(rig: Rig) -> None:
    await process(rig)
    await rig.made("cse/cae1", 3, {"rn": "other"}, "Cae1")
    other = when("yes", "cse/cae1/other/la")
    given = {"atcos": [when("start"), other], "encos": [when("stop"), other]}
    only(await rig.update(PROCESS, {"m2m:prmr": given}, "Cae1"))
    await controlled(rig, ENABLE)
    await says(rig, "start")
    assert await where(rig) == (ENABLED, None)
    await rig.made("cse/cae1/other", 4, {"con": "yes"}, "Cae1")
    assert await where(rig) == (ACTIVATED, "s1")
    await rig.made("cse/cae1/other", 4, {"con": "yes"}, "Cae1")
    assert await where(rig) == (COMPLETED, None)


@pytest.mark.usefixtures("running")
async def test_prm_2_nothing_happens_in_a_pause(rig: Rig) -> None:
    await says(rig, "start")
    await controlled(rig, PAUSE)
    await says(rig, "s2", "stop", "x")
    assert await where(rig) == (PAUSED, "s1")
    await says(rig, "s2")
    await controlled(rig, REACTIVATE)
    await settle()
    assert (await where(rig), await entered(rig)) == ((ACTIVATED, "s2"), "s2")


@pytest.mark.usefixtures("running")
async def test_prm_2_a_failed_action_aborts(rig: Rig) -> None:
    await says(rig, "start")
    await rig.delete("cse/cae1/out", "Cae1")
    await says(rig, "s2")
    assert await where(rig) == (ABORTED, None)


@pytest.mark.usefixtures("running")
async def test_prm_2_a_subject_that_goes_aborts(rig: Rig) -> None:
    await rig.delete("cse/cae1/in", "Cae1")
    assert await where(rig) == (ABORTED, None)


@pytest.mark.usefixtures("running")
async def test_prm_2_subscribers_are_told(rig: Rig) -> None:
    subscription = {"nu": ["http://sink/a"], "enc": {"net": [1], "atr": ["prst", "cust"]}, "nct": 2}
    await rig.made(PROCESS, 23, subscription, "Cae1")
    await says(rig, "start", "stop")
    told = [content["m2m:sgn"]["nev"]["rep"]["m2m:prmr"]["prst"] for content in rig.sink.contents("http://sink/a")]
    assert told == [ACTIVATED, COMPLETED]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("given", [
    pytest.param({"inst": f"{PROCESS}/s2"}, id="PRM-1 initial state"),
    pytest.param({"atcos": [when("x")]}, id="PRM-1 activate conditions"),
    pytest.param({"encos": None}, id="PRM-1 end conditions"),
])
async def test_prm_1_a_running_process_is_fixed(rig: Rig, given: dict[str, Any]) -> None:
    response = await rig.update(PROCESS, {"m2m:prmr": given}, "Cae1")
    assert response.status == Status.OPERATION_NOT_ALLOWED
    assert "Enabled" in message(response)
    await controlled(rig, DISABLE)
    assert (await rig.update(PROCESS, {"m2m:prmr": given}, "Cae1")).status == Status.UPDATED


@pytest.mark.parametrize("given", [
    pytest.param({"inst": "cse/cae1/in"}, id="PRM-1 no state"),
    pytest.param({"inst": f"{PROCESS}/s3"}, id="PRM-1 nothing"),
    pytest.param({"inst": "cse/cae1/q/s"}, id="PRM-1 of another process"),
    pytest.param({"atcos": [when("x", "cse/cae1/none")]}, id="PRM-1 no subject"),
    pytest.param({"atcos": [when("x"), when("x", "cse/cae1/in")]}, id="PRM-1 attribute"),
    pytest.param({"encos": [{"sri": "cse/cae1/in", "evc": {"sbjt": "cni", "optr": 1, "thld": "1"}}]}, id="PRM-1 value"),
    pytest.param({"encos": [when("x", "cse/cae2/secret/la")]}, id="PRM-1 not readable"),
])
async def test_prm_1_wrong_references_and_criteria(rig: Rig, given: dict[str, Any]) -> None:
    await process(rig)
    await rig.register("Cae2")
    await rig.made("cse/cae2", 3, {"rn": "secret"}, "Cae2")
    await rig.made("cse/cae1", 63, {"rn": "q"}, "Cae1")
    await rig.made("cse/cae1/q", 64, {"rn": "s"}, "Cae1")
    response = await rig.update(PROCESS, {"m2m:prmr": given}, "Cae1")
    assert response.status == Status.INVALID_PROCESS_CONFIGURATION


async def test_prm_1_a_process_that_is_not_whole_cannot_be_enabled(rig: Rig) -> None:
    await rig.made("cse/cae1", 63, {"rn": "p"}, "Cae1")
    assert await controlled(rig, ENABLE) == Status.INVALID_PROCESS_CONFIGURATION
    await rig.made(PROCESS, 64, {"rn": "s1"}, "Cae1")
    only(await rig.update(PROCESS, {"m2m:prmr": {"inst": f"{PROCESS}/s1"}}, "Cae1"))
    wrong = [{"evc": {"sbjt": "con", "optr": 1, "thld": 1}, "nxst": f"{PROCESS}/s1"}]  # an AE has no content
    only(await rig.update(f"{PROCESS}/s1", {"m2m:stte": {"sttrs": wrong}}, "Cae1"))
    assert await controlled(rig, ENABLE) == Status.INVALID_PROCESS_CONFIGURATION
    only(await rig.update(f"{PROCESS}/s1", {"m2m:stte": {"sttrs": None}}, "Cae1"))
    assert await controlled(rig, ENABLE) == Status.UPDATED


async def test_prm_3_transitions_without_an_action_are_about_the_place_of_the_process(rig: Rig) -> None:
    await rig.made("cse/cae1", 63, {"rn": "p"}, "Cae1")
    for name in ("s2", "s1"):
        moves = {"sttrs": [{"evc": {"sbjt": "apn", "optr": 1, "thld": "go"}, "nxst": f"{PROCESS}/s2"}]}
        await rig.made(PROCESS, 64, {"rn": name, **(moves if name == "s1" else {})}, "Cae1")
    only(await rig.update(PROCESS, {"m2m:prmr": {"inst": f"{PROCESS}/s1", "prct": ENABLE}}, "Cae1"))
    assert await where(rig) == (ACTIVATED, "s1")
    await rig.update("cse/cae1", {"m2m:ae": {"apn": "go"}}, "Cae1")
    assert await where(rig) == (ACTIVATED, "s2")


@pytest.mark.parametrize("given", [
    pytest.param({"sttrs": [{"evc": criteria(1), "nxst": "cse/cae1/in"}]}, id="PRM-3 no state"),
    pytest.param({"sttrs": [{"evc": criteria(1), "nxst": "cse/cae1/q/s"}]}, id="PRM-3 of another process"),
    pytest.param({"stac": f"{PROCESS}/s2/act"}, id="PRM-3 action of another state"),
    pytest.param({"stac": "cse/cae1/none"}, id="PRM-3 no action"),
])
async def test_prm_3_wrong_references(rig: Rig, given: dict[str, Any]) -> None:
    await process(rig)
    await rig.made("cse/cae1", 63, {"rn": "q"}, "Cae1")
    await rig.made("cse/cae1/q", 64, {"rn": "s"}, "Cae1")
    response = await rig.update(f"{PROCESS}/s1", {"m2m:stte": given}, "Cae1")
    assert response.status == Status.INVALID_PROCESS_CONFIGURATION
    if "sttrs" in given:
        assert (await rig.create(PROCESS, 64, given, "Cae1")).status == Status.INVALID_PROCESS_CONFIGURATION


@pytest.mark.usefixtures("running")
async def test_prm_3_states_of_a_running_process_are_fixed(rig: Rig) -> None:
    given = {"m2m:stte": {"lbl": ["x"]}}
    for name in ("s1", "s2"):
        assert (await rig.update(f"{PROCESS}/{name}", given, "Cae1")).status == Status.OPERATION_NOT_ALLOWED
        assert (await rig.delete(f"{PROCESS}/{name}", "Cae1")).status == Status.OPERATION_NOT_ALLOWED
    await controlled(rig, DISABLE)
    assert (await rig.update(f"{PROCESS}/s1", given, "Cae1")).status == Status.UPDATED
    assert (await rig.delete(f"{PROCESS}/s2", "Cae1")).status == Status.DELETED
    assert await controlled(rig, ENABLE) == Status.INVALID_PROCESS_CONFIGURATION  # s1 leads to s2


@pytest.mark.usefixtures("running")
async def test_prm_1_a_running_process_can_be_deleted(rig: Rig) -> None:
    await says(rig, "start")
    assert (await rig.delete(PROCESS, "Cae1")).status == Status.DELETED
    assert rig.cse.core.watchers == {}
    await says(rig, "s2")


async def test_prm_2_a_process_goes_on_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await process(rig)
    steps = [(None, (ENABLED, None)), ("start", (ACTIVATED, "s1")), ("s2", (ACTIVATED, "s2")),
             ("stop", (COMPLETED, None))]
    await controlled(rig, ENABLE)
    for content, expected in steps:
        await says(rig, *([content] if content else []))
        await rig.close()
        rig = await Rig.open(store=store, clock=rig.clock)
        assert await where(rig) == expected
    assert await outcome(rig) == 2
    await rig.close()
