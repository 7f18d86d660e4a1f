"""Members on other CSEs (GRP-2 … GRP-4): checked now or later, with whose rights, and what the group becomes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.primitive import Operation
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.fans import CONTAINER, answers, box, codes, fan, group
from tests.procedures.far import Far
from tests.rig import Rig, only, settle

pytestmark = pytest.mark.usefixtures("boxes")

FLEX, OBJECT = 28, 13


async def shown(rig: Rig) -> dict[str, Any]:
    """The group as it is now."""
    return only(await rig.retrieve("cse/cae1/g"))


# GRP-2


@pytest.mark.parametrize(("member", "mt", "fits"), [
    ("/far/c", CONTAINER, True), ("/far/c", 2, False), ("/far/c/la", 20002, True), ("/far/c/ol", CONTAINER, True),
    ("/far/c/la", 20001, False), ("/far/g/fopt", 2, True), ("/far/g/fopt", CONTAINER, False), ("/far/g", 9, True),
])
async def test_grp_2_the_type_of_a_remote_member(rig: Rig, member: str, mt: int, *, fits: bool) -> None:
    far = Far.beside(rig, c=CONTAINER, g={"ty": 9, "mt": 2})
    made = await group(rig, [member], mt=mt)
    assert (made["mid"], made["mtv"]) == ([member] if fits else [], True)
    for cse, request in far.asked:
        assert (cse, request.operation, request.originator) == ("/far", Operation.RETRIEVE, "/banyan/Cae1")
        assert not request.to.endswith(("/la", "/ol", "/fopt"))


@pytest.mark.parametrize(("mt", "spty", "kind", "fits"), [
    (FLEX, {"cnd": "org.a"}, {"ty": FLEX, "cnd": "org.a"}, True),
    (FLEX, {"cnd": "org.a"}, {"ty": FLEX, "cnd": "org.b"}, False),
    (OBJECT, {"mgd": 1006}, {"ty": OBJECT, "mgd": 1006}, True),
    (OBJECT, {"mgd": 1006}, {"ty": OBJECT}, False),
    (OBJECT, {"mgd": 1006}, {"ty": FLEX, "mgd": 1006}, False),
])
async def test_grp_2_the_specialization_of_a_remote_member(rig: Rig, mt: int, spty: dict[str, Any],
                                                           kind: dict[str, Any], *, fits: bool) -> None:
    Far.beside(rig, x=kind)
    made = await group(rig, ["/far/x"], mt=mt, spty=spty)
    assert (made["mid"], made["spty"]) == (["/far/x"] if fits else [], spty)


async def test_grp_2_the_specialization_of_local_members(rig: Rig) -> None:
    node = await rig.made("cse", 14, {"rn": "n", "ni": "n1"})
    objects: dict[str, dict[str, dict[str, Any]]] = {
        "bat": {"m2m:bat": {"rn": "bat", "mgd": 1006, "btl": 50, "bts": 1}},
        "mem": {"m2m:mem": {"rn": "mem", "mgd": 1003, "mma": 5, "mmt": 9}},
    }
    for name, given in objects.items():
        assert (await rig.create("cse/n", OBJECT, given)).status == Status.CREATED, name
    members = ["cse/n/bat", "cse/n/mem"]
    wanted: dict[str, Any] = {"mnm": 5, "mid": members, "mt": OBJECT, "spty": {"mgd": 1006}}
    made = only(await rig.create("cse", 9, {"rn": "bats", **wanted}))
    assert (made["mid"], made["cnm"], node["rn"]) == (["cse/n/bat"], 1, "n")
    assert (await rig.create("cse", 9, {**wanted, "csy": 2})).status == Status.GROUP_MEMBER_TYPE_INCONSISTENT
    mixed = only(await rig.create("cse", 9, {**wanted, "csy": 3}))
    assert (mixed["mid"], mixed["mt"]) == (members, 0)
    assert "spty" not in mixed
    nested = only(await rig.create("cse", 9, {**wanted, "mid": ["cse/bats/fopt"]}))
    assert nested["cnm"] == 1


async def test_grp_2_no_right_to_read_a_remote_member(rig: Rig) -> None:
    far = Far.beside(rig, c=CONTAINER)
    far.denied.add("/far/c")
    given = {"rn": "g", "mnm": 3, "mid": ["/far/c"], "mt": CONTAINER}
    assert (await rig.create("cse/cae1", 9, given, "Cae1")).status == Status.RECEIVER_HAS_NO_PRIVILEGE
    await group(rig, box(1), mt=CONTAINER)
    answer = await rig.update("cse/cae1/g", {"m2m:grp": {"mid": ["/far/c"]}}, "Cae1")
    assert answer.status == Status.RECEIVER_HAS_NO_PRIVILEGE
    assert (await shown(rig))["mid"] == box(1)


@pytest.mark.parametrize("content", [None, {}, {"m2m:x": None}, {"m2m:x": []}, {"m2m:x": {}}, {"m2m:x": {"ty": "3"}}])
async def test_grp_3_what_another_cse_says_may_be_nonsense(rig: Rig, content: Any) -> None:
    far = Far.beside(rig)
    far.resources["/far/c"] = content
    assert (await group(rig, ["/far/c"], mt=CONTAINER))["mtv"] is False


# GRP-3


async def test_grp_3_a_missing_remote_member(rig: Rig) -> None:
    Far.beside(rig)
    given = {"mnm": 3, "mid": ["/far/none"], "mt": CONTAINER}
    assert (await rig.create("cse/cae1", 9, given, "Cae1")).status == Status.NOT_FOUND


async def test_grp_3_a_cse_that_is_away_is_asked_once(rig: Rig) -> None:
    far = Far.beside(rig)
    far.away = True
    made = await group(rig, [f"/far/c{number}" for number in range(300)], mt=CONTAINER, mnm=300)
    assert (made["mtv"], made["cnm"]) == (False, 300)
    assert len(far.asked) <= 20, "those asked at the same time"


async def test_grp_3_members_are_checked_again_with_growing_pauses(rig: Rig) -> None:
    far = Far.beside(rig, c=CONTAINER)
    far.away = True
    assert (await group(rig, ["/far/c", *box(1)], mt=CONTAINER))["mtv"] is False
    tries = []
    for _ in range(300):
        before = len(far.asked)
        await rig.clock.advance(1)
        tries += [0] * (len(far.asked) - before)
    assert 4 <= len(tries) <= 5, "after 10, 30, 70, 150 and 310 seconds"
    far.away = False
    await rig.clock.advance(320)
    assert ((await shown(rig))["mtv"], (await shown(rig))["mid"]) == (True, ["/far/c", *box(1)])
    count = len(far.asked)
    await rig.clock.advance(10_000)
    assert len(far.asked) == count


async def test_grp_3_a_cse_that_comes_back_is_asked_at_once(rig: Rig) -> None:
    far = Far.beside(rig, c=CONTAINER)
    far.away = True
    await group(rig, ["/far/c"], mt=CONTAINER)
    far.away = False
    rig.cse.core.behaviours[9].reachable("/far")  # type: ignore[attr-defined]
    await rig.clock.advance(0)
    assert (await shown(rig))["mtv"] is True


# GRP-4


@pytest.mark.parametrize(("csy", "expected"), [
    (1, (["/far/c", "cse/cae1/b1"], 2, CONTAINER, True)),
    (3, (["/far/c", "/far/a", "cse/cae1/b1"], 3, 0, True)),
    (2, None),
])
@pytest.mark.parametrize("why", ["other type", "missing", "denied"])
async def test_grp_4_a_check_that_fails_later(rig: Rig, csy: int, expected: tuple[Any, ...] | None, why: str) -> None:
    far = Far.beside(rig, c=CONTAINER, a=2)
    far.away = True
    await group(rig, ["/far/c", "/far/a", *box(1)], mt=CONTAINER, csy=csy)
    far.away = False
    if why == "missing":
        del far.resources["/far/a"]
    if why == "denied":
        far.denied.add("/far/a")
    await rig.clock.advance(11)
    if expected is None:
        assert (await rig.retrieve("cse/cae1/g")).status == Status.NOT_FOUND
    else:
        made = await shown(rig)
        assert (made["mid"], made["cnm"], made["mt"], made["mtv"]) == expected


async def test_grp_4_some_fail_while_others_are_away(rig: Rig) -> None:
    far = Far.beside(rig, a=2)
    far.away = True
    await group(rig, ["/far/a", "/farther/c"], mt=CONTAINER)

    async def ask(cse: str, request: Any) -> Any:
        far.away = cse == "/farther"
        return await far.ask(cse, request)

    rig.cse.core.ask_remote = ask
    await rig.clock.advance(11)
    made = await shown(rig)
    assert (made["mid"], made["mtv"]) == (["/farther/c"], False)


async def test_grp_4_a_group_that_changes_while_it_is_checked(rig: Rig) -> None:
    far = Far.beside(rig, a=2, c=CONTAINER)
    far.away = True
    await group(rig, ["/far/a", "/far/c"], mt=CONTAINER, csy=2)
    go, asked = asyncio.Event(), asyncio.Event()
    far.away = False

    async def ask(cse: str, request: Any) -> Any:
        asked.set()
        await go.wait()
        return await far.ask(cse, request)

    rig.cse.core.ask_remote = ask
    await rig.clock.advance(11)
    assert asked.is_set()
    only(await rig.update("cse/cae1/g", {"m2m:grp": {"mid": box(1)}}, "Cae1"))
    go.set()
    await settle()
    made = await shown(rig)
    assert (made["mid"], made["mtv"]) == (box(1), True)


async def test_grp_4_a_group_that_goes_while_it_is_checked(rig: Rig) -> None:
    far = Far.beside(rig)
    far.away = True
    await group(rig, ["/far/c"], mt=CONTAINER)
    only_once = len(far.asked)
    await rig.delete("cse/cae1/g", "Cae1")
    await rig.clock.advance(10_000)
    assert len(far.asked) == only_once


async def test_grp_3_checks_go_on_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await group(rig, ["/far/c"], mt=CONTAINER)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    Far.beside(rig, c=CONTAINER)
    assert (await shown(rig))["mtv"] is False
    await rig.clock.advance(11)
    assert (await shown(rig))["mtv"] is True
    await rig.close()


# fan-out to other CSEs


async def test_grp_13_remote_members_are_asked_through_the_port(rig: Rig) -> None:
    far = Far.beside(rig, c={"ty": CONTAINER, "rn": "c"})
    await group(rig, ["/far/c", *box(1)])
    first, second = answers(await fan(rig))
    assert (first["fr"], first["rsc"], first["pc"]) == ("/far/c", Status.OK, {"m2m:x": {"ty": CONTAINER, "rn": "c"}})
    assert second["rsc"] == Status.OK
    _, request = far.asked[-1]
    assert (request.originator, request.to) == ("/banyan/Cae1", "/far/c")
    assert request.group_request_id
    far.away = True
    assert codes(await fan(rig, "/la")) == [Status.NOT_FOUND, Status.NOT_FOUND]
