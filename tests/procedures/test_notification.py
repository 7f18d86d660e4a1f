"""Notifications: what is sent, to whom and in which order (SUB-20, SUB-21, NOT-1, AE-8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.primitive import Operation, ResponsePrimitive
from cse.work import Work
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, Gate, outbox, put, silent, subscribe, told, values, with_box
from tests.rig import ADMIN, Rig, only, settle


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await with_box()
    yield rig
    await rig.close()


# SUB-20: content


@pytest.mark.parametrize(("nct", "expected"), [(1, {"mni", "lbl", "ri", "ct"}), (2, {"mni", "lbl"}), (3, None)])
async def test_sub_20_content_of_an_update(rig: Rig, nct: int, expected: set[str] | None) -> None:
    await rig.update(BOX, {"m2m:cnt": {"mbs": 9, "lbl": ["old"]}}, "Cae1")
    await subscribe(rig, enc={"net": [1]}, nct=nct)
    whole = only(await rig.update(BOX, {"m2m:cnt": {"mni": 3, "lbl": None}}, "Cae1"))
    _, request, content = rig.sink.received[-1]
    notification = content["m2m:sgn"]
    assert notification["sur"] == f"/banyan/{BOX}/s"
    assert notification["cr"] == "/banyan/Cae1"
    assert notification["nev"]["net"] == 1
    assert (request.operation, request.originator) == (Operation.NOTIFY, "/banyan")
    rep = notification["nev"]["rep"]
    if nct == 3:
        assert rep == {"m2m:uri": f"/banyan/{whole['ri']}"}
    elif nct == 1:
        assert rep == {"m2m:cnt": whole}
    else:
        changed = rep["m2m:cnt"]
        assert (changed["mni"], changed["lbl"]) == (3, None)
        assert changed.keys() <= {"mni", "lbl", "lt", "st"}


@pytest.mark.parametrize("net", [3, 4])
@pytest.mark.parametrize("ty", [3, 4])
async def test_sub_20_content_is_the_child(rig: Rig, net: int, ty: int) -> None:
    await subscribe(rig, enc={"net": [net]})
    await rig.made(BOX, 23, {"nu": [f"{SINK}/id"], "enc": {"net": [net]}, "nct": 3}, "Cae1")
    given = {"rn": "child", "con": "x"} if ty == 4 else {"rn": "child"}
    child = await rig.made(BOX, ty, given, "Cae1")
    await rig.delete(f"{BOX}/child", "Cae1")
    events = [one["m2m:sgn"]["nev"] for one in rig.sink.contents(SINK)]
    assert events[-1] == {"net": net, "rep": {"m2m:cin" if ty == 4 else "m2m:cnt": child}}
    assert [one["m2m:sgn"]["nev"] for one in rig.sink.contents(f"{SINK}/id")][-1] == {
        "net": net, "rep": {"m2m:uri": f"/banyan/{child['ri']}"}}


async def test_sub_20_content_is_the_deleted_resource(rig: Rig) -> None:
    subscription = await subscribe(rig, enc={"net": [2]}, su="http://sink/su")
    whole = only(await rig.retrieve(BOX, "Cae1"))
    await rig.delete("cse/cae1", "Cae1")
    ((content,), (notice,)) = rig.sink.contents(SINK), told(rig, "http://sink/su")
    assert content["m2m:sgn"]["nev"] == {"net": 2, "rep": {"m2m:cnt": whole}}
    assert notice == {"sud": True, "sur": f"/banyan/{BOX}/s"}
    assert (await rig.retrieve(subscription["ri"])).status == Status.NOT_FOUND
    assert await outbox(rig) == []


async def test_sub_20_no_creator_in_own_notifications(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/1"]}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    await put(rig, 1)
    (content,) = rig.sink.contents("http://ae/1")
    assert "cr" not in content["m2m:sgn"]


async def test_sub_20_content_of_a_trigger(rig: Rig) -> None:
    await rig.made("cse/cae1", 23, {"rn": "t", "nu": [SINK], "enc": {"net": [6]}}, "Cae1")
    core, work = rig.cse.core, Work()
    entity = core.tree.find("cse/cae1")
    assert entity is not None
    core.notifier.triggered(work, entity, {"tpe": 1, "tia": "cse/cae1"})
    await core.commit(work)
    await settle()
    (content,) = rig.sink.contents(SINK)
    assert content["m2m:sgn"]["nev"] == {"net": 6, "rep": {"m2m:tgp": {"tpe": 1, "tia": "cse/cae1"}}}


# SUB-21: targets


async def test_sub_21_one_for_each_target(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2", "http://sink/1?ct=json"])
    await put(rig, "a", "b")
    assert values(rig, "http://sink/2") == ["a", "b"]
    assert sorted(values(rig, "http://sink/1")) in (["a", "b"], ["a", "a", "b", "b"])


@pytest.mark.parametrize(("dead", "reached"), [
    pytest.param([], "http://ae/1", id="SUB-21 the first"),
    pytest.param(["http://ae/1"], "http://ae/2", id="SUB-21 the second"),
    pytest.param(["http://ae/1", "http://ae/2"], "http://ae/3", id="SUB-21 the third, after another scheme"),
])
async def test_sub_21_points_of_access_in_order(rig: Rig, dead: list[str], reached: str) -> None:
    points = ["http://ae/1", "http://ae/2", "coap://ae/x", "http://ae/3"]
    await rig.update("cse/cae1", {"m2m:ae": {"poa": points}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    rig.sink.answer = silent(*dead)
    await put(rig, "a")
    ((url, request, _),) = rig.sink.received
    assert (url, request.to) == (reached, "/banyan/Cae1")
    assert await outbox(rig) == []


async def test_sub_21_points_of_access_as_they_are_now(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/old"]}}, "Cae1")
    await subscribe(rig, nu=["Cae1"])
    rig.sink.answer = silent("http://ae/old")
    await put(rig, "a")
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://ae/new"]}}, "Cae1")
    await rig.clock.advance(2)
    assert values(rig, "http://ae/new") == ["a"]


async def test_sub_21_order_of_events_while_many_write(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/1", "http://sink/2"])
    gate = Gate(rig.sink)
    await asyncio.gather(*(rig.create(BOX, 4, {"con": number}, "Cae1") for number in range(100)))
    assert gate.waiting == 2  # one at a time to each target
    gate.open.set()
    await settle(1000)
    stored = [one["con"] for one in only(await rig.retrieve(BOX, rcn=4))["m2m:cin"]]
    assert values(rig, "http://sink/1") == values(rig, "http://sink/2") == stored
    assert await outbox(rig) == []


async def test_sub_21_a_slow_target_holds_up_nobody_else(rig: Rig) -> None:
    await subscribe(rig, nu=["http://sink/dead", SINK])
    rig.sink.answer = silent("http://sink/dead")
    await put(rig, 1, 2, 3)
    assert values(rig) == [1, 2, 3]


# NOT-1


async def notify(rig: Rig, to: str, fr: str = ADMIN) -> ResponsePrimitive:
    """A NOTIFY of an originator."""
    return await rig.request(Operation.NOTIFY, to, fr, content={"m2m:sgn": {"nev": {"rep": {}, "net": 1}, "sur": "x"}})


async def test_not_1_to_the_cse(rig: Rig) -> None:
    for to in ("cse", "/banyan", "-"):
        assert (await notify(rig, to)).status == Status.OK
    assert (await notify(rig, "cse", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_not_1_to_an_ae_is_passed_on(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/dead", "http://ae/2"])
    rig.sink.answer = silent("http://ae/dead")
    assert (await notify(rig, "cse/cae2")).status == Status.OK
    ((url, request, content),) = rig.sink.received
    assert (url, request.to, request.originator) == ("http://ae/2", "/banyan/Cae2", f"/banyan/{ADMIN}")
    assert content["m2m:sgn"]["sur"] == "x"
    assert (await notify(rig, "Cae2", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert len(rig.sink.received) == 1


@pytest.mark.parametrize("status", [Status.BAD_REQUEST, Status.NOT_FOUND])
async def test_ae_8_the_answer_of_the_ae_is_passed_back(rig: Rig, status: Status) -> None:
    await rig.register("Cae2", poa=["http://ae/2", "http://ae/3"])
    rig.sink.answer = lambda url, content: status
    assert (await notify(rig, "Cae2")).status == status
    assert len(rig.sink.received) == 1


@pytest.mark.parametrize("attributes", [{"rr": False}, {"rr": True, "poa": ["http://ae/2"]}], ids=str)
async def test_ae_8_a_polling_channel_comes_first(rig: Rig, attributes: dict[str, Any]) -> None:
    await rig.register("Cae2", **attributes)
    await rig.made("cse/cae2", 15, {"rn": "pch"}, "Cae2")
    passing = asyncio.create_task(notify(rig, "cse/cae2"))
    await settle()
    polled = (await rig.retrieve("cse/cae2/pch/pcu", "Cae2")).content
    assert polled is not None
    request = polled["m2m:rqp"]
    assert (request["to"], request["fr"]) == ("/banyan/Cae2", f"/banyan/{ADMIN}")
    answer = {"m2m:rsp": {"rsc": 4000, "rqi": request["rqi"]}}
    assert (await rig.request(Operation.NOTIFY, "cse/cae2/pch/pcu", "Cae2", content=answer)).status == Status.OK
    assert (await passing).status == Status.BAD_REQUEST
    assert rig.sink.received == []


@pytest.mark.parametrize("attributes", [{"rr": False, "poa": ["http://ae/2"]}, {}, {"poa": ["http://ae/dead"]}])
async def test_ae_8_no_way_to_the_ae(rig: Rig, attributes: dict[str, Any]) -> None:
    await rig.register("Cae2", **attributes)
    rig.sink.answer = silent("http://ae/dead")
    assert (await notify(rig, "Cae2")).status == Status.TARGET_NOT_REACHABLE
    assert rig.sink.received == []


@pytest.mark.parametrize("to", ["cse", "cse/cae2"])
async def test_not_1_a_resource_is_no_notification(rig: Rig, to: str) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    answer = await rig.request(Operation.NOTIFY, to, ADMIN, content={"m2m:cnt": {"rn": "forgotten-type"}})
    assert answer.status == Status.BAD_REQUEST
    assert "ty=3" in str(answer.content)
    assert rig.sink.received == []


async def test_not_1_to_a_remote_cse_nothing_is_passed_on(rig: Rig) -> None:
    far = {"rn": "far", "cb": "/far/base", "rr": True, "poa": ["http://far"], "srv": ["3"], "csi": "/far"}
    rule = {"acr": [{"acor": ["/far"], "acop": 63}]}
    await rig.update("cse/base-access", {"m2m:acp": {"pv": rule}})
    await rig.made("cse", 16, far, "/far")
    assert (await notify(rig, "cse/far")).status == Status.OPERATION_NOT_ALLOWED
    assert rig.sink.received == []


@pytest.mark.parametrize("to", [BOX, f"{BOX}/la", f"{BOX}/s", "cse/base-access"])
async def test_not_1_other_targets(rig: Rig, to: str) -> None:
    await subscribe(rig)
    await put(rig, 1)
    assert (await notify(rig, to)).status == Status.OPERATION_NOT_ALLOWED
