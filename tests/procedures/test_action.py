"""Actions and dependencies (procedures section 21): when they are executed, what they do, what a restart leaves."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.acting import action, made, measured, outcome, primitive, result
from tests.rig import ADMIN, Rig, message, only, settle


@pytest.fixture(autouse=True)
async def containers(rig: Rig) -> None:
    for name in ("in", "out"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")


async def refused(rig: Rig, status: Status = Status.BAD_REQUEST, **attributes: Any) -> str:
    """Why an action cannot be created."""
    response = await rig.create("cse/cae1", 65, action(**attributes), "Cae1")
    assert response.status == status, response.content
    return message(response)


async def test_act_3_an_action_is_executed_when_its_subject_changes(rig: Rig) -> None:
    await made(rig)
    await measured(rig, 19, 21)
    assert await outcome(rig) == 1
    done = await result(rig)
    assert done is not None
    assert (done["rsc"], done["fr"]) == (2001, "/banyan")
    newest = only(await rig.retrieve("cse/cae1/out/la"))
    assert newest["con"] == "on"
    assert done["pc"]["m2m:cin"]["ri"] == newest["ri"]


@pytest.mark.parametrize(("optr", "thld", "values", "times"), [
    pytest.param(1, 20, [20, 20.0, 21, "20", True], 2, id="ACT-1 equal"),
    pytest.param(2, 20, [20, 21, "20"], 2, id="ACT-1 not equal"),
    pytest.param(3, 20, [20, 20.5, "21", None, True], 1, id="ACT-1 greater"),
    pytest.param(4, 20, [19, 20, "1"], 1, id="ACT-1 less"),
    pytest.param(5, 20, [19, 20, 21], 2, id="ACT-1 greater or equal"),
    pytest.param(6, "b", ["a", "b", "c", 1], 2, id="ACT-1 less or equal, of texts"),
    pytest.param(1, True, [True, 1, "true"], 1, id="ACT-1 equal, of booleans"),
    pytest.param(1, {"t": 1}, [{"t": 1}, {"t": 2}], 1, id="ACT-1 equal, of objects"),
])
async def test_act_1_operators(rig: Rig, optr: int, thld: Any, values: list[Any], times: int) -> None:
    await made(rig, evc={"sbjt": "con", "optr": optr, "thld": thld})
    await measured(rig, *(value for value in values if value is not None))
    assert await outcome(rig) == times


async def test_act_1_without_a_subject_it_is_the_parent(rig: Rig) -> None:
    content = action(evc={"sbjt": "cni", "optr": 5, "thld": 2})
    del content["sri"]
    await rig.made("cse/cae1/in", 65, content, "Cae1")
    await measured(rig, "x", "y", "z")
    assert await outcome(rig) == 2


@pytest.mark.parametrize(("attributes", "words"), [
    pytest.param({"sri": "cse/cae1/none"}, ["sri", "none"], id="ACT-1 no subject"),
    pytest.param({"sri": "cse/cae1/in/ol"}, ["la"], id="ACT-1 the oldest"),
    pytest.param({"sri": "cse/%%"}, ["sri"], id="ACT-1 no identifier"),
    pytest.param({"evc": {"sbjt": "cni", "optr": 1, "thld": 1}}, ["cni", "contentInstance"], id="ACT-1 attribute"),
    pytest.param({"sri": "cse/cae1/in", "evc": {"sbjt": "cni", "optr": 1, "thld": "1"}}, ["thld", "cni"],
                 id="ACT-1 threshold"),
    pytest.param({"sri": "cse/cae1/in", "evc": {"sbjt": "rn", "optr": 3, "thld": "a"}}, ["optr", "rn"],
                 id="ACT-1 no order"),
    pytest.param({"evc": {"sbjt": "con", "optr": 3, "thld": [1]}}, ["thld"], id="ACT-1 no order of lists"),
    pytest.param({"evc": {"sbjt": "con", "optr": 7, "thld": 1}}, ["optr"], id="ACT-1 operator"),
    pytest.param({"orc": "cse/cae1/none"}, ["orc", "none"], id="ACT-1 no object"),
    pytest.param({"orc": "cse"}, ["orc", "CREATE"], id="ACT-1 object not accessible"),
    pytest.param({"apv": primitive(fr="Cae2")}, ["apv.fr", "Cae2"], id="ACT-1 somebody else"),
    pytest.param({"apv": primitive(op=9)}, ["apv", "op"], id="ACT-1 operation"),
    pytest.param({"apv": {"op": 1}}, ["apv"], id="ACT-1 primitive not whole"),
    pytest.param({"evm": 0, "ecp": 1}, ["ecp"], id="ACT-2 off"),
    pytest.param({"evm": 1, "ecp": 1}, ["ecp"], id="ACT-2 once"),
    pytest.param({"evm": 3, "ecp": 0}, ["ecp"], id="ACT-2 zero"),
    pytest.param({"evm": 4}, ["evm"], id="ACT-2 mode"),
    pytest.param({"ipu": {"cstr": "con"}}, ["raid"], id="ACT-5 nothing to read"),
    pytest.param({"ipu": {"cstr": "con", "raid": "cni"}, "apv": primitive(2)}, ["ipu", "pc"],
                 id="ACT-5 nothing to write"),
    pytest.param({"dep": ["cse/cae1/in"]}, ["dep"], id="ACT-4 dependencies at creation"),
    pytest.param({"air": {"rsc": 2000}}, ["air"], id="ACT-1 result at creation"),
])
async def test_act_1_what_is_refused(rig: Rig, attributes: dict[str, Any], words: list[str]) -> None:
    await rig.register("Cae2")
    text = await refused(rig, **attributes)
    for word in words:
        assert word in text


async def test_act_1_a_subject_on_another_cse_is_not_followed(rig: Rig) -> None:
    assert "/other" in await refused(rig, Status.NOT_IMPLEMENTED, sri="/other/box")


async def test_act_1_the_subject_must_be_readable(rig: Rig) -> None:
    await rig.register("Cae2")
    await rig.made("cse/cae2", 3, {"rn": "secret"}, "Cae2")
    assert "may not be read" in await refused(rig, sri="cse/cae2/secret/la")
    assert "may not be read" in await refused(rig, sri="cse/cae2/secret", evc={"sbjt": "cni", "optr": 1, "thld": 1})


async def test_act_1_what_is_done_belongs_to_the_creator(rig: Rig) -> None:
    await made(rig)
    for given in ({"apv": primitive(fr=ADMIN)}, {"apv": primitive()}, {"orc": "cse/cae1/in"}, {"ipu": None}):
        assert (await rig.update("cse/cae1/act", {"m2m:actr": given})).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.update("cse/cae1/act", {"m2m:actr": {"evm": 0}})).status == Status.UPDATED


async def test_act_1_rights_are_those_of_the_creator_at_the_time(rig: Rig) -> None:
    policy = {"rn": "p", "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]},
              "pv": {"acr": [{"acor": ["Cae1"], "acop": 63}]}}
    await rig.made("cse", 1, policy)
    await rig.made("cse", 3, {"rn": "shared", "acpi": ["cse/p"]})
    await made(rig, orc="cse/shared")
    await measured(rig, 21)
    assert await outcome(rig, "cse/shared") == 1
    await rig.update("cse/p", {"m2m:acp": {"pv": {"acr": [{"acor": [ADMIN], "acop": 63}]}}})
    await measured(rig, 22)
    assert await outcome(rig, "cse/shared") == 1
    done = await result(rig)
    assert done is not None
    assert done["rsc"] == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("mode", "parameter", "times"), [
    pytest.param(0, None, 0, id="ACT-3 off"),
    pytest.param(1, None, 1, id="ACT-3 once"),
    pytest.param(3, None, 4, id="ACT-3 always"),
    pytest.param(3, 2, 2, id="ACT-3 counted"),
])
async def test_act_3_modes(rig: Rig, mode: int, parameter: int | None, times: int) -> None:
    given: dict[str, Any] = {} if parameter is None else {"ecp": parameter}
    await made(rig, evm=mode, **given)
    await measured(rig, 21, 22, 23, 24)
    assert await outcome(rig) == times


async def test_act_3_a_periodic_action_keeps_its_distance(rig: Rig) -> None:
    await made(rig, evm=2, ecp=5000)
    await measured(rig, 21, 22)
    await rig.clock.advance(4.9)
    await measured(rig, 23)
    assert await outcome(rig) == 1
    await rig.clock.advance(0.2)
    assert await outcome(rig) == 1
    await measured(rig, 24)
    assert await outcome(rig) == 2


@pytest.mark.parametrize("given", [{"evm": 1}, {"evm": 3, "ecp": 1}], ids=["ACT-3 mode", "ACT-3 parameter"])
async def test_act_3_a_new_mode_starts_anew(rig: Rig, given: dict[str, Any]) -> None:
    await made(rig, evm=1)
    await measured(rig, 21, 22)
    assert only(await rig.update("cse/cae1/act", {"m2m:actr": given}, "Cae1"))["evm"] == given["evm"]
    await measured(rig, 23, 24)
    assert await outcome(rig) == 2


async def test_act_2_a_parameter_must_go_with_its_mode(rig: Rig) -> None:
    await made(rig, evm=3, ecp=2)
    response = await rig.update("cse/cae1/act", {"m2m:actr": {"evm": 1}}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert (await rig.update("cse/cae1/act", {"m2m:actr": {"evm": 1, "ecp": None}}, "Cae1")).status == Status.UPDATED


async def test_act_3_the_priority_gives_the_order(rig: Rig) -> None:
    for name, priority in (("none", None), ("second", 2), ("first", 1)):
        given: dict[str, Any] = {} if priority is None else {"apy": priority}
        await made(rig, rn=name, apv=primitive(pc={"m2m:cin": {"con": name}}), **given)
    await measured(rig, 21)
    made_here = [only(await rig.retrieve(f"cse/cae1/out/{end}"))["con"] for end in ("ol", "la")]
    assert made_here == ["first", "none"]
    await rig.update("cse/cae1/first", {"m2m:actr": {"apy": 3}}, "Cae1")
    await rig.delete("cse/cae1/none", "Cae1")
    await measured(rig, 22)
    assert only(await rig.retrieve("cse/cae1/out/la"))["con"] == "first"


async def test_act_3_a_peak_that_is_over_again_has_been_seen(rig: Rig) -> None:
    store_is_slow = [rig.create("cse/cae1/in", 4, {"con": value}, "Cae1") for value in (21, 5)]
    await made(rig)
    for request in store_is_slow:
        await request
    await settle()
    assert await outcome(rig) == 1


async def test_act_3_what_did_not_change_is_not_evaluated(rig: Rig) -> None:
    await made(rig)
    await measured(rig, 21)
    await rig.update("cse/cae1/in", {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    await measured(rig, 1)
    await rig.delete("cse/cae1/in/la", "Cae1")
    assert only(await rig.retrieve("cse/cae1/in/la"))["con"] == 21
    assert await outcome(rig) == 1


async def test_act_3_subscribers_are_told_the_result(rig: Rig) -> None:
    await made(rig)
    await rig.made("cse/cae1/act", 23, {"nu": ["http://sink/a"], "enc": {"net": [1], "atr": ["air"]}}, "Cae1")
    await measured(rig, 21)
    (content,) = rig.sink.contents("http://sink/a")
    assert content["m2m:sgn"]["nev"]["rep"]["m2m:actr"]["air"]["rsc"] == 2001


@pytest.mark.parametrize(("dependencies", "times"), [
    pytest.param([], 1, id="ACT-4 none"),
    pytest.param([(True, 1)], 1, id="ACT-4 sufficient, met"),
    pytest.param([(True, 2)], 0, id="ACT-4 sufficient, not met"),
    pytest.param([(False, 1)], 1, id="ACT-4 necessary, met"),
    pytest.param([(False, 2)], 0, id="ACT-4 necessary, not met"),
    pytest.param([(True, 2), (False, 1)], 1, id="ACT-4 the next one"),
    pytest.param([(True, 1), (False, 2)], 1, id="ACT-4 enough at once"),
    pytest.param([(False, 2), (True, 1)], 0, id="ACT-4 the order counts"),
    pytest.param([(False, 1), (False, 2)], 0, id="ACT-4 both are needed"),
])
async def test_act_4_dependencies(rig: Rig, dependencies: list[tuple[bool, int]], times: int) -> None:
    listed = []
    await made(rig)
    for sufficient, wanted in dependencies:
        content = {"sfc": sufficient, "rri": "cse/cae1/in", "evc": {"sbjt": "cni", "optr": 1, "thld": wanted}}
        listed.append((await rig.made("cse/cae1/act", 66, content, "Cae1"))["ri"])
    assert only(await rig.retrieve("cse/cae1/act")).get("dep", []) == listed
    await measured(rig, 21)
    assert await outcome(rig) == times


async def test_act_4_the_list_is_kept(rig: Rig) -> None:
    await made(rig)
    content = {"sfc": True, "rri": "cse/cae1/out/la", "evc": {"sbjt": "con", "optr": 1, "thld": "go"}}
    first, second = [(await rig.made("cse/cae1/act", 66, content, "Cae1"))["ri"] for _ in range(2)]
    given = {"m2m:actr": {"dep": [second, first]}}
    assert only(await rig.update("cse/cae1/act", given, "Cae1"))["dep"] == [second, first]
    await rig.delete(second, "Cae1")
    assert only(await rig.retrieve("cse/cae1/act"))["dep"] == [first]
    for wrong in ("cse/cae1/in", "cse/nothing", second):
        response = await rig.update("cse/cae1/act", {"m2m:actr": {"dep": [wrong]}}, "Cae1")
        assert response.status == Status.BAD_REQUEST
    await rig.delete(first, "Cae1")
    assert "dep" not in only(await rig.retrieve("cse/cae1/act"))


@pytest.mark.parametrize("given", [
    pytest.param({"rri": "cse/none"}, id="ACT-4 no resource"),
    pytest.param({"evc": {"sbjt": "con", "optr": 1, "thld": 1}}, id="ACT-4 attribute of another type"),
    pytest.param({"evc": {"sbjt": "cni", "optr": 1, "thld": "x"}}, id="ACT-4 threshold"),
])
async def test_act_4_what_a_dependency_cannot_be_about(rig: Rig, given: dict[str, Any]) -> None:
    await made(rig)
    whole = {"rn": "d", "sfc": True, "rri": "cse/cae1/in", "evc": {"sbjt": "cni", "optr": 1, "thld": 1}}
    assert (await rig.create("cse/cae1/act", 66, {**whole, **given}, "Cae1")).status == Status.BAD_REQUEST
    await rig.made("cse/cae1/act", 66, whole, "Cae1")
    assert (await rig.update("cse/cae1/act/d", {"m2m:depr": given}, "Cae1")).status == Status.BAD_REQUEST


async def test_act_5_a_value_from_elsewhere(rig: Rig) -> None:
    await made(rig, ipu={"cstr": "con", "raid": "con"})
    await made(rig, rn="counted", apy=1, ipu={"cstr": "con", "rsid": "cse/cae1/in", "raid": "cni"})
    await measured(rig, 21)
    assert [only(await rig.retrieve(f"cse/cae1/out/{end}"))["con"] for end in ("ol", "la")] == [1, 21]


async def test_act_5_an_input_that_cannot_be_read(rig: Rig) -> None:
    await rig.register("Cae2")
    await rig.made("cse/cae2", 3, {"rn": "secret"}, "Cae2")
    for number, (source, attribute, status) in enumerate([
        ("cse/cae2/secret", "cni", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("cse/none", "cni", Status.NOT_FOUND),
        ("cse/cae1/in", "mni", Status.NOT_FOUND), ("cse/cae1/in", "nonsense", Status.BAD_REQUEST),
    ]):
        await made(rig, rn=f"a{number}", ipu={"cstr": "con", "rsid": source, "raid": attribute})
        await measured(rig, 21)
        done = await result(rig, f"cse/cae1/a{number}")
        assert done is not None
        assert done["rsc"] == status
    assert await outcome(rig) == 0


async def test_act_3_an_action_that_triggers_itself_ends(rig: Rig) -> None:
    await made(rig, orc="cse/cae1/in", apv=primitive(pc={"m2m:cin": {"con": 99}}))
    await measured(rig, 21)
    await settle(400)
    assert await outcome(rig, "cse/cae1/in") == 2
    await measured(rig, 22)
    assert await outcome(rig, "cse/cae1/in") == 4


async def test_act_3_two_actions_that_trigger_each_other_end(rig: Rig) -> None:
    loud = primitive(pc={"m2m:cin": {"con": 99}})
    await made(rig, apv=loud)
    await made(rig, rn="back", sri="cse/cae1/out/la", orc="cse/cae1/in", apv=loud)
    await measured(rig, 21)
    await settle(400)
    assert (await outcome(rig, "cse/cae1/in"), await outcome(rig)) == (2, 1)
    await rig.clock.advance(61)
    await measured(rig, 22)
    await settle(400)
    assert (await outcome(rig, "cse/cae1/in"), await outcome(rig)) == (4, 2)


async def test_act_3_an_action_may_delete_its_subject_or_itself(rig: Rig) -> None:
    await made(rig, apv=primitive(4))
    await rig.update("cse/cae1/act", {"m2m:actr": {"orc": "cse/cae1/act"}}, "Cae1")
    await measured(rig, 21)
    assert (await rig.retrieve("cse/cae1/act")).status == Status.NOT_FOUND
    await made(rig, orc="cse/cae1/in", apv=primitive(4))
    await measured(rig, 21)
    assert (await rig.retrieve("cse/cae1/in")).status == Status.NOT_FOUND
    done = await result(rig)
    assert done is not None
    assert done["rsc"] == Status.DELETED


async def test_act_3_nothing_is_followed_without_need(rig: Rig) -> None:
    await made(rig)
    assert rig.cse.core.watchers
    await rig.delete("cse/cae1/act", "Cae1")
    assert not rig.cse.core.watchers


async def test_act_3_members_of_a_group_are_acted_on(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "more"}, "Cae1")
    await rig.made("cse/cae1", 9, {"rn": "g", "mt": 3, "mnm": 3, "mid": ["cse/cae1/out", "cse/cae1/more"]}, "Cae1")
    await made(rig, orc="cse/cae1/g/fopt")
    await measured(rig, 21)
    done = await result(rig)
    assert done is not None
    assert [one["rsc"] for one in done["pc"]["m2m:agr"]["m2m:rsp"]] == [2001, 2001]
    assert await outcome(rig, "cse/cae1/more") == await outcome(rig) == 1


async def test_act_3_counters_and_periods_are_kept_over_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for name in ("in", "out"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    await made(rig, rn="once", evm=1)
    await made(rig, rn="twice", ecp=2)
    await made(rig, rn="slow", evm=2, ecp=60_000)
    await measured(rig, 21)
    assert await outcome(rig) == 3
    for left, more in ((3, 22), (1, 23), (0, 24)):
        if left == 1:
            await rig.clock.advance(61)
        await rig.close()
        rig = await Rig.open(store=store, clock=rig.clock)
        before = await outcome(rig)
        await measured(rig, more)
        assert await outcome(rig) - before == {3: 1, 1: 1, 0: 0}[left]
    done = await result(rig, "cse/cae1/once")
    assert done is not None
    assert done["rsc"] == 2001
    await rig.close()


async def test_act_3_what_was_decided_is_done_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register(poa=["http://sink/ae"])
    for name in ("in", "out"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    await made(rig, evm=1)
    executions = rig.cse.core.behaviours[65].executions  # type: ignore[attr-defined]
    executions._stopped = True  # the power goes between the decision and the deed
    await measured(rig, 21)
    assert (await outcome(rig), await result(rig)) == (0, None)
    await rig.close()
    for _ in range(2):
        rig = await Rig.open(store=store, clock=rig.clock)
        await settle()
        assert await outcome(rig) == 1
        assert (await result(rig) or {})["rsc"] == 2001
        await rig.close()


async def test_act_3_a_request_that_is_only_acknowledged(rig: Rig) -> None:
    await made(rig, apv=primitive(rt={"rtv": 1}))
    await measured(rig, 21)
    assert (await result(rig) or {})["rsc"] == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    await settle(200)
    assert await outcome(rig) == 1


async def test_act_3_notifications_are_actions_too(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://sink/ae"]}}, "Cae1")
    content = {"m2m:sgn": {"nev": {"rep": {"m2m:uri": "x"}, "net": 1}, "sur": "x"}}
    await made(rig, orc="cse/cae1", apv=primitive(5, pc=content))
    await measured(rig, 21)
    (sent,) = [request for _, request, _ in rig.sink.received if request.operation is Operation.NOTIFY]
    assert sent.originator == "/banyan/Cae1"
