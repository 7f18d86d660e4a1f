"""The fan-out of a group (procedures section 16, GRP-13 … GRP-20)."""

from __future__ import annotations

import asyncio

import pytest

from cse.fanout import asking
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.procedures.fans import answers, box, codes, count, fan, group, policy
from tests.rig import ADMIN, Rig, only, settle

pytestmark = pytest.mark.usefixtures("boxes")


# GRP-13: what members get


async def test_grp_13_all_operations(rig: Rig) -> None:
    await group(rig, box(1, 2))
    created = await rig.create("cse/cae1/g/fopt", 3, {"rn": "sub"}, "Cae1")
    assert codes(created) == [Status.CREATED] * 2
    changed = await rig.update("cse/cae1/g/fopt", {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert codes(changed) == [Status.UPDATED] * 2
    shown = answers(await fan(rig))
    assert [one["pc"]["m2m:cnt"]["lbl"] for one in shown] == [["x"], ["x"]]
    found = answers(await fan(rig, fc=FilterCriteria(usage=1)))
    assert [one["pc"]["m2m:uril"] for one in found] == [["cse/cae1/b1/sub"], ["cse/cae1/b2/sub"]]
    assert codes(await rig.delete("cse/cae1/g/fopt/sub", "Cae1")) == [Status.DELETED] * 2
    assert (await rig.retrieve("cse/cae1/b1/sub", "Cae1")).status == Status.NOT_FOUND
    assert only(await rig.retrieve("cse/cae1/g"))["cnm"] == 2


async def test_grp_13_the_originator_is_passed_on(rig: Rig) -> None:
    await group(rig, box(1, 2))
    await rig.create("cse/cae1/g/fopt", 4, {"con": "x", "cr": None}, "Cae1")
    assert only(await rig.retrieve("cse/cae1/b2/la"))["cr"] == "Cae1"


async def test_grp_13_notify_reaches_each_ae(rig: Rig) -> None:
    for number in (2, 3):
        await rig.register(f"Cae{number}", poa=[f"http://ae/{number}"])
    await group(rig, ["cse/cae2", "Cae3", "cse/cae1/b1"])
    content = {"m2m:sgn": {"sur": "x"}}
    response = await rig.request(Operation.NOTIFY, "cse/cae1/g/fopt", ADMIN, content=content)
    assert [url for url, _, _ in rig.sink.received] == ["http://ae/2", "http://ae/3"]
    assert codes(response)[:2] == [Status.OK] * 2
    assert codes(response)[2] == Status.OPERATION_NOT_ALLOWED


async def test_grp_13_changes_of_one_member_stay_there(rig: Rig) -> None:
    await group(rig, box(1, 2))
    await rig.update("cse/cae1/g/fopt", {"m2m:cnt": {"lbl": ["both"]}}, "Cae1")
    await rig.update(box(1)[0], {"m2m:cnt": {"lbl": ["one"], "mni": 1}}, "Cae1")
    shown = only(await rig.retrieve(box(2)[0]))
    assert shown["lbl"] == ["both"]
    assert "mni" not in shown


@pytest.mark.parametrize("tail", ["", "/la"])
async def test_grp_13_the_same_group_request_twice(rig: Rig, tail: str) -> None:
    await rig.made("cse/cae1/b1", 4, {"con": "x"}, "Cae1")
    await group(rig, box(1))
    for to in ("cse/cae1/b1" + tail, "cse/cae1/g/fopt" + tail):
        assert (await rig.retrieve(to, "Cae1", group_request_id="g1" + to)).status == Status.OK
        again = await rig.retrieve(to, "Cae1", group_request_id="g1" + to)
        assert again.status == Status.GROUP_REQUEST_IDENTIFIER_EXISTS


async def test_grp_13_two_groups_that_contain_each_other(rig: Rig) -> None:
    await group(rig, box(1), rn="a")
    await group(rig, ["cse/cae1/a/fopt", *box(2)], rn="b")
    await rig.update("cse/cae1/a", {"m2m:grp": {"mid": [*box(1), "cse/cae1/b/fopt"]}}, "Cae1")
    response = await rig.create("cse/cae1/a/fopt", 4, {"con": "x"}, "Cae1")
    assert codes(response) == [Status.CREATED, Status.OK]
    inner = answers(response)[1]["pc"]["m2m:agr"]["m2m:rsp"]
    assert [one["rsc"] for one in inner] == [Status.GROUP_REQUEST_IDENTIFIER_EXISTS, Status.CREATED]
    assert [await count(rig, address) for address in box(1, 2)] == [1, 1]


async def test_grp_13_a_group_that_contains_itself(rig: Rig) -> None:
    await group(rig, box(1))
    await rig.update("cse/cae1/g", {"m2m:grp": {"mid": ["cse/cae1/g/fopt", *box(1)]}}, "Cae1")
    response = await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1")
    assert codes(response) == [Status.GROUP_REQUEST_IDENTIFIER_EXISTS, Status.CREATED]
    assert await count(rig, box(1)[0]) == 1


async def test_grp_13_a_member_of_two_groups_is_asked_once(rig: Rig) -> None:
    await group(rig, box(1, 2), rn="a")
    await group(rig, ["cse/cae1/a/fopt", *box(2, 3)])
    await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1")
    assert [await count(rig, address) for address in box(1, 2, 3)] == [1, 1, 1]


async def test_grp_13_request_identifiers_are_their_own(rig: Rig) -> None:
    await group(rig, box(1, 2, 3))
    found = answers(await fan(rig))
    assert len({one["rqi"] for one in found}) == 3


# GRP-14: the answer


async def test_grp_14_single_failures_do_not_fail_the_whole(rig: Rig) -> None:
    await group(rig, box(1, 2))
    await rig.delete(box(1)[0], "Cae1")
    found = answers(await fan(rig))
    assert [(one["fr"], one["rsc"]) for one in found] == [(box(1)[0], Status.NOT_FOUND), (box(2)[0], Status.OK)]
    assert found[1]["pc"]["m2m:cnt"]["rn"] == "b2"


async def test_grp_14_members_elsewhere_fail_one_by_one(rig: Rig) -> None:
    await group(rig, ["/other/cse/x", *box(1)])
    assert codes(await fan(rig)) == [Status.NOT_FOUND, Status.OK]


class Slow:
    """Makes NOTIFY to one URL last until ``go``."""

    def __init__(self, rig: Rig, url: str) -> None:
        self.go = asyncio.Event()
        self.url = url
        self.plain = rig.sink.send
        rig.sink.send = self.send  # type: ignore[method-assign]

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Wait for ``go``."""
        if url == self.url:
            await self.go.wait()
        return await self.plain(url, request, timeout_s=timeout_s)


@pytest.mark.parametrize(("members", "rset", "wait"), [
    pytest.param(["Cae2"], None, 10, id="GRP-14 nobody in time"),
    pytest.param(["Cae2"], "3000", 3, id="GRP-14 nobody before rset"),
    pytest.param(["Cae2", "Cae3"], "3000", 3, id="GRP-14 some"),
    pytest.param(["Cae2", "Cae3"], None, 10, id="GRP-14 some in time"),
    pytest.param(["Cae2", "Cae3"], "60000", 10, id="GRP-14 never longer than the time-out"),
])
async def test_grp_14_late_answers(rig: Rig, members: list[str], rset: str | None, wait: float) -> None:
    for number in (2, 3):
        await rig.register(f"Cae{number}", poa=[f"http://ae/{number}"])
    await group(rig, members)
    slow = Slow(rig, "http://ae/2")
    request = asyncio.create_task(rig.request(Operation.NOTIFY, "cse/cae1/g/fopt", ADMIN, content={"m2m:sgn": {}},
                                              result_expiration=rset))
    await rig.clock.advance(wait - 0.5)
    assert not request.done()
    await rig.clock.advance(1)
    response = await request
    if len(members) == 1:
        assert response.status == Status.GROUP_MEMBERS_NOT_RESPONDED
    else:
        assert [(one["fr"], one["rsc"]) for one in answers(response)] == [("Cae3", Status.OK)]
    slow.go.set()
    await settle()


async def test_grp_14_absolute_result_expiration(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    await group(rig, ["Cae2"])
    slow = Slow(rig, "http://ae/2")
    request = asyncio.create_task(rig.request(Operation.NOTIFY, "cse/cae1/g/fopt", ADMIN, content={"m2m:sgn": {}},
                                              result_expiration=rig.at(2)))
    await rig.clock.advance(3)
    assert (await request).status == Status.GROUP_MEMBERS_NOT_RESPONDED
    slow.go.set()


# GRP-16, GRP-17


async def test_grp_16_deleted_members_leave_the_group(rig: Rig) -> None:
    await rig.register("Cae2")
    await rig.update(box(2)[0], {"m2m:cnt": {"acpi": [await policy(rig, "nobody", 1)]}})
    await rig.made("cse/cae1/b3", 4, {"con": "x"}, "Cae1")
    await group(rig, [*box(1, 2), "cse/cae1/b3/la"])
    found = codes(await rig.delete("cse/cae1/g/fopt", "Cae1"))
    assert found == [Status.DELETED, Status.ORIGINATOR_HAS_NO_PRIVILEGE, Status.DELETED]
    shown = only(await rig.retrieve("cse/cae1/g"))
    assert (shown["mid"], shown["cnm"]) == (["cse/cae1/b2", "cse/cae1/b3/la"], 2)


async def test_grp_16_only_the_named_ones(rig: Rig) -> None:
    await group(rig, box(1, 2, 3))
    assert codes(await rig.delete("cse/cae1/g/fopt", "Cae1", group_targets=box(2))) == [Status.DELETED]
    assert only(await rig.retrieve("cse/cae1/g"))["mid"] == box(1, 3)
    assert (await rig.retrieve(box(1)[0])).status == Status.OK


async def test_grp_16_a_group_that_deletes_its_own_parent(rig: Rig) -> None:
    await group(rig, ["cse/cae1"])
    assert codes(await rig.delete("cse/cae1/g/fopt", "Cae1")) == [Status.DELETED]
    assert (await rig.retrieve("cse/cae1/g")).status == Status.NOT_FOUND


async def test_grp_17_groups_as_members(rig: Rig) -> None:
    await group(rig, box(1, 2), rn="inner")
    await group(rig, ["cse/cae1/inner", "cse/cae1/inner/fopt"])
    plain, passed_on = answers(await fan(rig))
    assert plain["pc"]["m2m:grp"]["rn"] == "inner"
    assert [one["pc"]["m2m:cnt"]["rn"] for one in passed_on["pc"]["m2m:agr"]["m2m:rsp"]] == ["b1", "b2"]


async def test_grp_17_a_deep_chain_of_groups(rig: Rig) -> None:
    await group(rig, box(1), rn="g0")
    for number in range(1, 40):
        await group(rig, [f"cse/cae1/g{number - 1}/fopt"], rn=f"g{number}")
    await rig.create("cse/cae1/g39/fopt", 4, {"con": "x"}, "Cae1")
    assert await count(rig, box(1)[0]) == 1


# paths behind the fan-out point, virtual members


async def test_grp_13_paths_behind_the_fan_out_point(rig: Rig) -> None:
    for number, address in enumerate(box(1, 2)):
        await rig.made(address, 4, {"con": number, "rn": "first"}, "Cae1")
        await rig.made(address, 4, {"con": 10 + number}, "Cae1")
    await group(rig, box(1, 2, 3))
    for tail, expected in (("/la", [10, 11]), ("/ol", [0, 1]), ("/first", [0, 1])):
        found = answers(await fan(rig, tail))
        assert [one["pc"]["m2m:cin"]["con"] for one in found[:2]] == expected
        assert found[2]["rsc"] == Status.NOT_FOUND
    assert codes(await rig.delete("cse/cae1/g/fopt/la", "Cae1")) == [Status.DELETED, Status.DELETED, Status.NOT_FOUND]
    assert only(await rig.retrieve("cse/cae1/g"))["cnm"] == 3


async def test_grp_17_virtual_members(rig: Rig) -> None:
    for number in range(3):
        await rig.made("cse/cae1/b1", 4, {"con": number}, "Cae1")
    await group(rig, ["cse/cae1/b1/la", "cse/cae1/b1/ol", "cse/cae1/b2/la"])
    found = answers(await fan(rig))
    assert [one["rsc"] for one in found] == [Status.OK, Status.OK, Status.NOT_FOUND]
    assert [one["pc"]["m2m:cin"]["con"] for one in found[:2]] == [2, 0]
    created = await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1")
    assert set(codes(created)) == {Status.OPERATION_NOT_ALLOWED}
    assert codes(await rig.delete("cse/cae1/g/fopt", "Cae1"))[:2] == [Status.DELETED] * 2
    assert only(await rig.retrieve("cse/cae1/g"))["cnm"] == 3


async def test_grp_20_a_subscription_at_each_member(rig: Rig) -> None:
    await group(rig, box(1, 2))
    given = {"nu": ["http://sink/g"], "enc": {"net": [3]}}
    assert codes(await rig.create("cse/cae1/g/fopt", 23, given, "Cae1")) == [Status.CREATED] * 2
    await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1")
    assert len(rig.sink.contents("http://sink/g")) == 2


@pytest.mark.parametrize("bad", ["cse/cae1/g/fopt/../x", "cse/cae1/g/fopt//la", "cse/cae1/g/fopt/fopt"])
async def test_paths_that_lead_nowhere(rig: Rig, bad: str) -> None:
    await group(rig, box(1))
    response = await rig.retrieve(bad, "Cae1")
    if response.status == Status.OK:
        assert codes(response) == [Status.NOT_FOUND]
    else:
        assert response.status in (Status.BAD_REQUEST, Status.NOT_FOUND)


async def test_large_groups_leave_others_their_turn(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", 2)
    await group(rig, box(1, 2, 3))
    asked: list[str] = []
    begun = asyncio.Event()
    handle = rig.cse.core.handle

    async def noted(request: RequestPrimitive) -> ResponsePrimitive:
        asked.append(request.to)
        begun.set()
        return await handle(request)

    rig.cse.core.handle = noted
    fanning = asyncio.create_task(fan(rig))
    await begun.wait()
    assert asked == box(1, 2)
    assert codes(await fanning) == [Status.OK] * 3
