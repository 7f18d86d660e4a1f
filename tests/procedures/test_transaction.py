"""Transactions (procedures section 22, SSP-4): one at its target, several together, locks, crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from cse.storage.port import WriteSet
from resources.status import Status
from tests.rig import ADMIN, Rig, message, only, settle

TRANSACTION, MANAGED = 51, 50
INITIAL, LOCKED, EXECUTED, COMMITTED, ERROR, ABORTED = range(1, 7)
LOCK, EXECUTE, COMMIT, ABORT = 2, 3, 4, 5
BOX, OTHER = "cse/cae1/b1", "cse/cae1/b2"
LOCKED_OUT = Status.TRANSACTION_PROCESSING_IS_INCOMPLETE

pytestmark = pytest.mark.usefixtures("boxes")


def asking(op: int = 1, to: str = BOX, fr: str = "Cae1", **members: Any) -> dict[str, Any]:
    """A request; the default creates an instance ``x``."""
    whole = {"op": op, "to": to, "fr": fr, "rqi": "t1", "rvi": "3"}
    if op == 1:
        whole |= {"ty": 4, "pc": {"m2m:cin": {"con": "x", "rn": "i"}}}
    return {**whole, **members}


async def begun(rig: Rig, request: dict[str, Any] | None = None, **attributes: Any) -> str:
    """Create a transaction; returns its address."""
    request = asking() if request is None else request
    made = await rig.made(request["to"], TRANSACTION, {"rn": "t", "tid": "1", "rqp": request, **attributes}, "Cae1")
    assert made["trst"] == (LOCKED if "tltm" not in attributes else INITIAL)
    return f"{request['to']}/t"


async def controlled(rig: Rig, to: str, control: int, fr: str = "Cae1", root: str = "m2m:trac") -> dict[str, Any]:
    """Control a transaction; returns its attributes."""
    return only(await rig.update(to, {root: {"tctl": control}}, fr))


async def count(rig: Rig, to: str = BOX) -> int:
    """The instances that a container holds, whether or not it is locked."""
    found = rig.cse.core.tree.find(to)
    assert found is not None
    return int(found.attributes["cni"])


@pytest.mark.parametrize(("request_", "status"), [
    pytest.param(asking(), 2001, id="SSP-4 create an instance"),
    pytest.param(asking(ty=3, pc={"m2m:cnt": {"rn": "inner"}}), 2001, id="SSP-4 create"),
    pytest.param(asking(2), 2000, id="SSP-4 retrieve"),
    pytest.param(asking(3, pc={"m2m:cnt": {"lbl": ["x"]}}), 2004, id="SSP-4 update"),
])
async def test_ssp_4_a_transaction_is_tried_and_then_done(rig: Rig, request_: dict[str, Any], status: int) -> None:
    box = rig.cse.core.tree.find(BOX)
    assert box is not None
    to = await begun(rig, request_)
    before = dict(box.attributes)
    shown = await controlled(rig, to, EXECUTE)
    assert (shown["trst"], shown["rsp"]["rsc"]) == (EXECUTED, status)
    assert (box.attributes, [*box.children]) == (before, ["t"])  # nothing is to be seen of it
    assert rig.cse.core.tree.find(f"{BOX}/inner") is None
    done = await controlled(rig, to, COMMIT)
    assert (done["trst"], done["rsp"]["rsc"]) == (COMMITTED, status)
    assert rig.cse.core.locks == {}
    assert (await count(rig), "inner" in box.children, box.attributes.get("lbl")) == (
        int(status == 2001 and request_["ty"] == 4), request_.get("ty") == 3, ["x"] if status == 2004 else None)


async def test_ssp_4_nothing_is_done_after_an_abort(rig: Rig) -> None:
    for controls in ([ABORT], [EXECUTE, ABORT]):
        to = await begun(rig)
        for control in controls:
            shown = await controlled(rig, to, control)
        assert shown["trst"] == ABORTED
        assert await count(rig) == 0
        assert (await rig.delete(to, "Cae1")).status == Status.DELETED
    assert (await rig.create(BOX, 4, {"con": "free"}, "Cae1")).status == Status.CREATED


async def test_ssp_4_notifications_go_with_the_commit(rig: Rig) -> None:
    await rig.made(BOX, 23, {"nu": ["http://sink/a"], "enc": {"net": [3]}}, "Cae1")
    to = await begun(rig)
    assert len(rig.sink.contents("http://sink/a")) == 1  # of the transaction itself
    await controlled(rig, to, EXECUTE)
    assert len(rig.sink.contents("http://sink/a")) == 1
    await controlled(rig, to, COMMIT)
    assert len(rig.sink.contents("http://sink/a")) == 2


async def test_ssp_4_a_deletion_takes_the_transaction_along(rig: Rig) -> None:
    to = await begun(rig, asking(4))
    assert (await controlled(rig, to, EXECUTE))["rsp"]["rsc"] == 2002
    assert rig.cse.core.tree.find(BOX) is not None
    assert (await rig.update(to, {"m2m:trac": {"tctl": COMMIT}}, "Cae1")).status == Status.NOT_FOUND
    assert rig.cse.core.tree.find(BOX) is None
    assert rig.cse.core.locks == {}


async def test_ssp_4_what_fails_is_an_error_until_it_is_aborted(rig: Rig) -> None:
    await rig.made(BOX, 4, {"con": "x", "rn": "i"}, "Cae1")
    to = await begun(rig)
    shown = await controlled(rig, to, EXECUTE)
    assert (shown["trst"], shown["rsp"]["rsc"]) == (ERROR, Status.CONFLICT)
    response = await rig.update(to, {"m2m:trac": {"tctl": COMMIT}}, "Cae1")
    assert response.status == Status.ILLEGAL_TRANSACTION_STATE_TRANSITION_ATTEMPTED
    assert (await controlled(rig, to, ABORT))["trst"] == ABORTED


@pytest.mark.parametrize("path", [[], [EXECUTE], [ABORT], [EXECUTE, COMMIT]], ids=["SSP-4 locked", "SSP-4 executed",
                                                                                 "SSP-4 aborted", "SSP-4 committed"])
async def test_ssp_4_every_control_in_every_state(rig: Rig, path: list[int]) -> None:
    allowed = {(): {EXECUTE, ABORT}, (EXECUTE,): {COMMIT, ABORT}}.get(tuple(path), set())
    for control in range(1, 6):
        to = await begun(rig)
        for one in path:
            await controlled(rig, to, one)
        response = await rig.update(to, {"m2m:trac": {"tctl": control}}, "Cae1")
        assert response.status == (Status.UPDATED if control in allowed
                                   else Status.ILLEGAL_TRANSACTION_STATE_TRANSITION_ATTEMPTED)
        await rig.delete(to, "Cae1")
        await rig.delete(f"{BOX}/i", "Cae1")


async def test_ssp_4_only_the_creator_controls(rig: Rig) -> None:
    to = await begun(rig)
    response = await rig.update(to, {"m2m:trac": {"tctl": ABORT}})
    assert response.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("request_", "status"), [
    pytest.param(asking(fr="Cae2"), Status.BAD_REQUEST, id="SSP-4 somebody else"),
    pytest.param(asking(to=OTHER), Status.BAD_REQUEST, id="SSP-4 another target"),
    pytest.param(asking(rt={"rtv": 1}), Status.BAD_REQUEST, id="SSP-4 response later"),
    pytest.param(asking(5, pc={"m2m:sgn": {"sur": "x"}}), Status.NOT_IMPLEMENTED, id="SSP-4 notification"),
    pytest.param(asking(ty=48, pc={"m2m:crs": {}}), Status.NOT_IMPLEMENTED, id="SSP-4 what asks others"),
    pytest.param({"op": 2}, Status.BAD_REQUEST, id="SSP-4 no request"),
])
async def test_ssp_4_what_is_refused(rig: Rig, request_: dict[str, Any], status: Status) -> None:
    response = await rig.create(BOX, TRANSACTION, {"tid": "1", "rqp": request_}, "Cae1")
    assert response.status == status, response.content
    assert rig.cse.core.locks == {}


async def test_ssp_4_others_are_locked_out(rig: Rig) -> None:
    to = await begun(rig)
    for response in (await rig.create(BOX, 4, {"con": "y"}, "Cae1"), await rig.retrieve(BOX),
                     await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1"), await rig.delete(BOX, "Cae1"),
                     await rig.create(BOX, TRANSACTION, {"tid": "2", "rqp": asking()}, "Cae1")):
        assert response.status == LOCKED_OUT
    assert (await rig.create(OTHER, 4, {"con": "y"}, "Cae1")).status == Status.CREATED
    assert (await rig.retrieve(to, "Cae1")).status == Status.OK
    await controlled(rig, to, ABORT)
    await begun(rig, rn="u", tltp=2)
    assert (await rig.retrieve(BOX, "Cae1")).status == Status.OK
    assert (await rig.create(BOX, 4, {"con": "y"}, "Cae1")).status == LOCKED_OUT
    await rig.delete(f"{BOX}/u", "Cae1")
    assert (await rig.create(BOX, 4, {"con": "y"}, "Cae1")).status == Status.CREATED


async def test_ssp_4_a_target_that_is_deleted_with_its_parent_frees_the_lock(rig: Rig) -> None:
    await begun(rig)
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    assert rig.cse.core.locks == {}


async def test_ssp_4_the_cse_goes_on_at_its_times(rig: Rig) -> None:
    to = await begun(rig, tltm=rig.at(10), text=rig.at(20), tct=rig.at(30))
    assert (await rig.create(BOX, 4, {"con": "y"}, "Cae1")).status == Status.CREATED
    for expected, held in ((LOCKED, 1), (EXECUTED, 1), (COMMITTED, 2)):
        await rig.clock.advance(10.5)
        await settle()
        assert only(await rig.retrieve(to, "Cae1"))["trst"] == expected
        assert await count(rig) == held


async def test_ssp_4_a_restart_keeps_locks_and_results() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "b1"}, "Cae1")
    to = await begun(rig, tct=rig.at(60))
    await controlled(rig, to, EXECUTE)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert (await rig.create(BOX, 4, {"con": "y"}, "Cae1")).status == LOCKED_OUT
    await rig.clock.advance(61)
    await settle()
    assert only(await rig.retrieve(to, "Cae1"))["trst"] == COMMITTED
    assert await count(rig) == 1
    await rig.close()


# several together


def together(*requests: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """A managed transaction that stays afterwards."""
    members = [{name: value for name, value in one.items() if name not in ("rvi", "ty")}
               | {"mi": {"rvi": "3", **({"ty": one["ty"]} if "ty" in one else {})}} for one in requests]
    return {"rn": "m", "tmh": 2, "rqps": {"req": members}, **attributes}


async def test_ssp_4_all_are_done(rig: Rig) -> None:
    await rig.made(OTHER, 4, {"con": "old"}, "Cae1")
    shown = await rig.made("cse/cae1", MANAGED, together(
        asking(), asking(to=OTHER), asking(3, "cse/cae1/b3", pc={"m2m:cnt": {"lbl": ["x"]}})), "Cae1")
    assert shown["trst"] == COMMITTED
    assert [one["rsc"] for one in shown["rsps"]["m2m:rsp"]] == [2001, 2001, 2004]
    assert (await count(rig), await count(rig, OTHER)) == (1, 2)
    assert rig.cse.core.locks == {}
    assert (await rig.delete("cse/cae1/m", "Cae1")).status == Status.DELETED
    assert not [one for one in rig.cse.core.tree.by_id.values() if one.type.number == TRANSACTION]


@pytest.mark.parametrize("bad", [
    pytest.param(asking(to=OTHER, pc={"m2m:cin": {"con": "x", "rn": "taken"}}), id="SSP-4 one fails when tried"),
    pytest.param(asking(to="cse/cae1/none"), id="SSP-4 one has no target"),
    pytest.param(asking(3, pc={"m2m:cnt": {"lbl": ["x"]}}), id="SSP-4 two for one target"),
    pytest.param(asking(to=OTHER, pc={"m2m:cin": {}}), id="SSP-4 one is malformed"),
])
async def test_ssp_4_none_is_done_if_one_fails(rig: Rig, bad: dict[str, Any]) -> None:
    await rig.made(OTHER, 4, {"con": "old", "rn": "taken"}, "Cae1")
    shown = await rig.made("cse/cae1", MANAGED, together(asking(), bad), "Cae1")
    assert shown["trst"] == ABORTED
    assert (await count(rig), await count(rig, OTHER)) == (0, 1)
    assert rig.cse.core.locks == {}


async def test_ssp_4_a_transaction_that_is_over_goes(rig: Rig) -> None:
    shown = await rig.made("cse/cae1", MANAGED, together(asking(), tmh=1), "Cae1")
    assert (shown["trst"], await count(rig)) == (COMMITTED, 1)
    await settle()
    assert (await rig.retrieve("cse/cae1/m", "Cae1")).status == Status.NOT_FOUND
    assert not [one for one in rig.cse.core.tree.by_id.values() if one.type.number == TRANSACTION]


async def test_ssp_4_a_deletion_among_others(rig: Rig) -> None:
    shown = await rig.made("cse/cae1", MANAGED, together(asking(4), asking(to=OTHER)), "Cae1")
    assert (shown["trst"], [one["rsc"] for one in shown["rsps"]["m2m:rsp"]]) == (COMMITTED, [2002, 2001])
    assert rig.cse.core.tree.find(BOX) is None


async def test_ssp_4_the_creator_controls_the_steps(rig: Rig) -> None:
    shown = await rig.made("cse/cae1", MANAGED, together(asking(), asking(to=OTHER), tmd=2), "Cae1")
    assert (shown["trst"], shown["tctl"]) == (INITIAL, 1)
    to = "cse/cae1/m"
    for wrong in (EXECUTE, COMMIT):
        response = await rig.update(to, {"m2m:tram": {"tctl": wrong}}, "Cae1")
        assert response.status == Status.ILLEGAL_TRANSACTION_STATE_TRANSITION_ATTEMPTED
    for control, expected in ((LOCK, LOCKED), (EXECUTE, EXECUTED), (COMMIT, COMMITTED)):
        assert (await rig.update(to, {"m2m:tram": {"tctl": control}})).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
        assert await count(rig) == 0
        assert (await controlled(rig, to, control, root="m2m:tram"))["trst"] == expected
        assert len(rig.cse.core.locks) == (0 if expected == COMMITTED else 2)
    assert (await count(rig), await count(rig, OTHER)) == (1, 1)


async def test_ssp_4_the_creator_gives_up(rig: Rig) -> None:
    for steps in ([], [LOCK], [LOCK, EXECUTE]):
        await rig.made("cse/cae1", MANAGED, together(asking(), tmd=2), "Cae1")
        for control in steps:
            await controlled(rig, "cse/cae1/m", control, root="m2m:tram")
        assert (await controlled(rig, "cse/cae1/m", ABORT, root="m2m:tram"))["trst"] == ABORTED
        assert (await count(rig), rig.cse.core.locks) == (0, {})
        await rig.delete("cse/cae1/m", "Cae1")


@pytest.mark.parametrize(("attributes", "word"), [
    pytest.param(together(asking(fr="Cae2")), "fr", id="SSP-4 in the name of another"),
    pytest.param(together(*[asking()] * 101), "rqps", id="SSP-4 too many"),
    pytest.param(together(), "rqps", id="SSP-4 nothing"),
    pytest.param(together(asking(), tept="20200101T000000"), "tept", id="SSP-4 over already"),
])
async def test_ssp_4_managed_transactions_that_cannot_be(rig: Rig, attributes: dict[str, Any], word: str) -> None:
    response = await rig.create("cse/cae1", MANAGED, attributes, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert word in message(response)


async def test_ssp_4_nobody_controls_what_the_cse_controls(rig: Rig) -> None:
    await rig.made("cse/cae1", MANAGED, together(asking(), tltm=rig.at(100)), "Cae1")
    response = await rig.update("cse/cae1/m", {"m2m:tram": {"tctl": ABORT}}, "Cae1")
    assert response.status == Status.BAD_REQUEST


async def test_ssp_4_it_is_aborted_when_its_time_is_over(rig: Rig) -> None:
    content = together(asking(), tmd=2, tept=rig.at(60))
    await rig.made("cse/cae1", MANAGED, content, "Cae1")
    await controlled(rig, "cse/cae1/m", LOCK, root="m2m:tram")
    await rig.clock.advance(61)
    await settle(200)
    assert only(await rig.retrieve("cse/cae1/m", "Cae1"))["trst"] == ABORTED
    assert rig.cse.core.locks == {}


async def test_ssp_4_a_lock_is_tried_again(rig: Rig) -> None:
    to = await begun(rig)
    assert (await rig.made("cse/cae1", MANAGED, together(asking(), tmh=1), "Cae1"))["trst"] == ABORTED
    await settle(200)
    await rig.made("cse/cae1", MANAGED, together(asking(), tmr=5, tltm=rig.at(1)), "Cae1")
    await rig.clock.advance(1.3)
    await controlled(rig, to, ABORT)
    await rig.clock.advance(1)
    await settle(200)
    assert only(await rig.retrieve("cse/cae1/m", "Cae1"))["trst"] == COMMITTED


async def test_ssp_4_parts_go_with_the_whole(rig: Rig) -> None:
    await rig.made("cse/cae1/", MANAGED, together(asking(to="cse/cae1/b1"), tmd=2), "Cae1")
    await controlled(rig, "cse/cae1/m", LOCK, root="m2m:tram")
    assert (await rig.delete("cse/cae1/m", "Cae1")).status == Status.DELETED
    await settle(200)
    assert rig.cse.core.locks == {}
    assert not [one for one in rig.cse.core.tree.by_id.values() if one.type.number == TRANSACTION]
    assert ADMIN


@pytest.mark.parametrize("state", [INITIAL, LOCKED, EXECUTED], ids=["SSP-4 initial", "SSP-4 locked", "SSP-4 executed"])
async def test_ssp_4_the_cse_goes_on_after_a_restart(state: int) -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for name in ("b1", "b2"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    times = {"tltm": rig.at(10), "text": rig.at(20), "tct": rig.at(30)}
    await rig.made("cse/cae1", MANAGED, together(asking(), asking(to=OTHER), **times), "Cae1")
    await rig.clock.advance(1 + 10 * (state - 1))
    await settle(200)
    assert only(await rig.retrieve("cse/cae1/m", "Cae1"))["trst"] == state
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await rig.clock.advance(40)
    await settle(300)
    assert only(await rig.retrieve("cse/cae1/m", "Cae1"))["trst"] == COMMITTED
    assert (await count(rig), await count(rig, OTHER), rig.cse.core.locks) == (1, 1, {})
    await rig.close()


async def test_ssp_4_a_commit_that_is_interrupted_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for name in ("b1", "b2"):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    managed: Any = rig.cse.core.behaviours[MANAGED]
    ask, commits = managed._ask, list[str]()

    async def power_fails(resource: Any, operation: Any, to: str, given: Any, what: str) -> Any:
        if given == {"tctl": COMMIT}:
            commits.append(to)
            if len(commits) == 2:
                await asyncio.Event().wait()
        return await ask(resource, operation, to, given, what)

    monkeypatch.setattr(managed, "_ask", power_fails)
    await rig.made("cse/cae1", MANAGED, together(asking(), asking(to=OTHER), tltm=rig.at(1)), "Cae1")
    await rig.clock.advance(2)
    await settle(200)
    assert (await count(rig), await count(rig, OTHER)) == (1, 0)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await settle(300)
    assert only(await rig.retrieve("cse/cae1/m", "Cae1"))["trst"] == COMMITTED
    assert (await count(rig), await count(rig, OTHER), rig.cse.core.locks) == (1, 1, {})
    await rig.close()


async def test_ssp_4_transactions_go_in_one_step_with_what_manages_them(rig: Rig) -> None:
    await rig.register("Cae4")
    everything = {"acr": [{"acor": ["all"], "acop": 63}]}
    policy = await rig.made("cse/cae1", 1, {"rn": "all", "pv": everything, "pvs": everything}, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"acpi": [policy["ri"]]}}, "Cae1")
    await rig.made("cse/cae4", MANAGED, together(asking(fr="Cae4"), tmd=2), "Cae4")
    await controlled(rig, "cse/cae4/m", LOCK, "Cae4", "m2m:tram")
    core = rig.cse.core
    box = core.tree.find(BOX)
    assert box is not None
    assert set(core.locks) == {box.ri}
    (part,) = box.children.values()
    removed: list[str] = []
    submit = core.committer.submit

    def noted(changes: WriteSet, undo: Callable[[], None] | None = None) -> asyncio.Future[None]:
        removed.append(" ".join(ri for ri, record in changes.resources.items() if record is None))
        return submit(changes, undo)

    core.committer.submit = noted  # type: ignore[method-assign]
    assert (await rig.delete("cse/cae4")).status == Status.DELETED
    assert part.ri in removed[0]
    assert core.locks == {}
