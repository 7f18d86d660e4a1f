"""Groups and their fan-out (procedures section 16, GRP-1 … GRP-5, GRP-10 … GRP-17)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import ADMIN, Rig, only, settle

AE, CONTAINER, INSTANCE, GROUP, MIXED = 2, 3, 4, 9, 0


@pytest.fixture(autouse=True)
async def boxes(rig: Rig) -> None:
    """Three containers of Cae1: ``cse/cae1/b1`` … ``b3``."""
    for number in (1, 2, 3):
        await rig.made("cse/cae1", 3, {"rn": f"b{number}"}, "Cae1")


def box(*numbers: int) -> list[str]:
    """Their addresses."""
    return [f"cse/cae1/b{number}" for number in numbers]


async def group(rig: Rig, members: list[str], fr: str = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Make a group ``cse/cae1/g`` unless named otherwise."""
    return await rig.made("cse/cae1", 9, {"rn": "g", "mnm": 20, "mid": members, **attributes}, fr)


def answers(response: ResponsePrimitive) -> list[dict[str, Any]]:
    """The single answers of a fan-out."""
    assert response.status == Status.OK, response.content
    assert response.content is not None
    found: list[dict[str, Any]] = response.content["m2m:agr"]["m2m:rsp"]
    return found


def codes(response: ResponsePrimitive) -> list[int]:
    """Their status codes."""
    return [answer["rsc"] for answer in answers(response)]


async def fan(rig: Rig, tail: str = "", fr: str = "Cae1", **parameters: Any) -> ResponsePrimitive:
    """RETRIEVE through the group."""
    return await rig.retrieve(f"cse/cae1/g/fopt{tail}", fr, **parameters)


async def count(rig: Rig, address: str) -> int:
    """``cni`` of a container."""
    number: int = only(await rig.retrieve(address))["cni"]
    return number


# GRP-1 … GRP-5: the group itself


async def test_grp_1_members_each_once_and_counted(rig: Rig) -> None:
    first = only(await rig.retrieve(box(1)[0]))["ri"]
    made = await group(rig, [*box(1, 2, 1), first, "/banyan/cse/cae1/b2", "//banyan.example/banyan/cse/cae1/b2"])
    assert (len(made["mid"]), made["cnm"]) == (2, 2)
    changed = only(await rig.update("cse/cae1/g", {"m2m:grp": {"mid": box(3, 3, 1, 2)}}, "Cae1"))
    assert (changed["mid"], changed["cnm"]) == (box(3, 1, 2), 3)


async def test_grp_1_too_many_members(rig: Rig) -> None:
    answer = await rig.create("cse/cae1", 9, {"rn": "g", "mnm": 2, "mid": box(1, 2, 3)}, "Cae1")
    assert answer.status == Status.MAX_NUMBER_OF_MEMBER_EXCEEDED
    assert (await rig.retrieve("cse/cae1/g")).status == Status.NOT_FOUND
    await group(rig, box(1, 2), mnm=2)
    for change in ({"mid": box(1, 2, 3)}, {"mnm": 1}, {"mnm": 2, "mid": box(1, 2, 3)}):
        answer = await rig.update("cse/cae1/g", {"m2m:grp": change}, "Cae1")
        assert answer.status == Status.MAX_NUMBER_OF_MEMBER_EXCEEDED
    shown = only(await rig.retrieve("cse/cae1/g"))
    assert (shown["mid"], shown["mnm"], shown["cnm"]) == (box(1, 2), 2, 2)
    assert only(await rig.update("cse/cae1/g", {"m2m:grp": {"mnm": 3, "mid": box(1, 2, 3)}}, "Cae1"))["cnm"] == 3


@pytest.mark.parametrize("name", ["cnm", "mtv", "ssi"])
async def test_grp_1_what_the_host_sets(rig: Rig, name: str) -> None:
    value = 0 if name == "cnm" else True
    answer = await rig.create("cse/cae1", 9, {"mnm": 2, "mid": box(1), name: value}, "Cae1")
    assert answer.status == Status.BAD_REQUEST
    await group(rig, box(1))
    assert (await rig.update("cse/cae1/g", {"m2m:grp": {name: value}}, "Cae1")).status == Status.BAD_REQUEST


@pytest.mark.parametrize(("wanted", "members"), [
    pytest.param(CONTAINER, ["cse/cae1/b1", "cse/cae1/b2"], id="GRP-2 containers"),
    pytest.param(AE, ["cse/cae1", "Cae1"], id="GRP-2 AE"),
    pytest.param(20002, ["cse/cae1/b1/la"], id="GRP-2 latest by its own number"),
    pytest.param(20001, ["cse/cae1/b1/ol"], id="GRP-2 oldest by its own number"),
    pytest.param(CONTAINER, ["cse/cae1/b1/la", "cse/cae1/b1/ol"], id="GRP-2 virtual by the parent's"),
    pytest.param(CONTAINER, ["cse/cae1/inner/fopt"], id="GRP-2 fopt by the type of that group"),
    pytest.param(GROUP, ["cse/cae1/inner"], id="GRP-2 group"),
    pytest.param(INSTANCE, ["cse/cae1/b1/i"], id="GRP-2 instance"),
    pytest.param(MIXED, ["cse/cae1/b1", "cse/cae1", "cse/cae1/inner/fopt"], id="GRP-2 mixed"),
])
async def test_grp_2_types_that_fit(rig: Rig, wanted: int, members: list[str]) -> None:
    await group(rig, box(1, 2), rn="inner", mt=CONTAINER)
    await rig.made("cse/cae1/b1", 4, {"rn": "i", "con": "x"}, "Cae1")
    made = await group(rig, members, mt=wanted, csy=2)
    assert (made["mt"], made["mtv"]) == (wanted, True)


async def test_grp_3_a_member_elsewhere_cannot_be_checked(rig: Rig) -> None:
    made = await group(rig, ["/other/cse/b", *box(1)], mt=CONTAINER, csy=2)
    assert (made["mtv"], made["cnm"]) == (False, 2)
    made = only(await rig.update("cse/cae1/g", {"m2m:grp": {"mid": box(1)}}, "Cae1"))
    assert made["mtv"] is True


@pytest.mark.parametrize("wanted", [CONTAINER, MIXED])
async def test_grp_3_a_missing_local_member(rig: Rig, wanted: int) -> None:
    answer = await rig.create("cse/cae1", 9, {"mnm": 3, "mid": [*box(1), "cse/none"], "mt": wanted, "csy": 1}, "Cae1")
    assert answer.status == Status.NOT_FOUND


@pytest.mark.parametrize(("csy", "members", "mt"), [
    pytest.param(None, box(1), CONTAINER, id="GRP-4 default drops"),
    pytest.param(1, box(1), CONTAINER, id="GRP-4 drops"),
    pytest.param(3, ["cse/cae1/b1", "cse/cae1"], MIXED, id="GRP-4 becomes mixed"),
])
async def test_grp_4_another_type(rig: Rig, csy: int | None, members: list[str], mt: int) -> None:
    given: dict[str, Any] = {} if csy is None else {"csy": csy}
    made = await group(rig, ["cse/cae1/b1", "cse/cae1"], mt=CONTAINER, **given)
    assert (made["mid"], made["cnm"], made["mt"], made["mtv"]) == (members, len(members), mt, True)
    changed = only(await rig.update("cse/cae1/g", {"m2m:grp": {"mid": ["cse/cae1", "cse/cae1/b2"]}}, "Cae1"))
    assert changed["mid"] == (box(2) if mt else ["cse/cae1", "cse/cae1/b2"])


async def test_grp_4_another_type_refuses_the_group(rig: Rig) -> None:
    given = {"rn": "g", "mnm": 3, "mid": ["cse/cae1/b1", "cse/cae1"], "mt": CONTAINER, "csy": 2}
    assert (await rig.create("cse/cae1", 9, given, "Cae1")).status == Status.GROUP_MEMBER_TYPE_INCONSISTENT
    assert (await rig.retrieve("cse/cae1/g")).status == Status.NOT_FOUND
    await group(rig, box(1), mt=CONTAINER, csy=2)
    answer = await rig.update("cse/cae1/g", {"m2m:grp": {"mid": ["cse/cae1"]}}, "Cae1")
    assert answer.status == Status.GROUP_MEMBER_TYPE_INCONSISTENT
    assert only(await rig.retrieve("cse/cae1/g"))["mid"] == box(1)


@pytest.mark.parametrize(("change", "status"), [
    ({"mt": MIXED}, Status.BAD_REQUEST), ({"csy": 1}, Status.BAD_REQUEST), ({"gn": "name"}, Status.UPDATED),
    ({"macp": ["base-access"]}, Status.UPDATED), ({"nar": {"num": 3}}, Status.NOT_IMPLEMENTED),
    ({"mid": []}, Status.UPDATED),
])
async def test_grp_5_what_may_change(rig: Rig, change: dict[str, Any], status: Status) -> None:
    await group(rig, box(1), mt=CONTAINER, csy=2)
    assert (await rig.update("cse/cae1/g", {"m2m:grp": change}, "Cae1")).status == status


# GRP-10: rights


async def policy(rig: Rig, originator: str, operations: int) -> str:
    """A policy of the administrator."""
    rules = {"pv": {"acr": [{"acor": [originator], "acop": operations}]},
             "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}}
    identifier: str = (await rig.made("cse", 1, rules))["ri"]
    return identifier


@pytest.mark.parametrize(("macp", "acpi", "reached"), [
    pytest.param(2, None, True, id="ACP-13 GRP-10 macp"),
    pytest.param(61, 2, False, id="GRP-10 macp counts, not acpi"),
    pytest.param(None, 2, True, id="GRP-10 acpi without macp"),
    pytest.param(None, 61, False, id="GRP-10 acpi refuses"),
    pytest.param(None, None, False, id="ACP-13 GRP-10 neither: the creator alone"),
])
async def test_grp_10_and_acp_13_rights_on_the_fan_out(rig: Rig, macp: int | None, acpi: int | None, *,
                                                       reached: bool) -> None:
    await rig.register("Cae2")
    given: dict[str, Any] = {name: [await policy(rig, "Cae2", bits)]
                             for name, bits in (("macp", macp), ("acpi", acpi)) if bits}
    await rig.update(box(1)[0], {"m2m:cnt": {"acpi": [await policy(rig, "Cae2", 2)]}})
    await group(rig, box(1, 2), **given)
    response = await fan(rig, fr="Cae2")
    if reached:  # each member decides for itself: only the first one lets Cae2 in
        assert codes(response) == [Status.OK, Status.ORIGINATOR_HAS_NO_PRIVILEGE]
    else:
        assert response.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("bits", "status"), [(32, Status.OK), (2, Status.ORIGINATOR_HAS_NO_PRIVILEGE)])
async def test_grp_10_discovery_needs_its_own_right(rig: Rig, bits: int, status: Status) -> None:
    await rig.register("Cae2")
    await group(rig, box(1), macp=[await policy(rig, "Cae2", bits)])
    assert (await fan(rig, fr="Cae2", fc=FilterCriteria(usage=1))).status == status


# GRP-11, GRP-12: whom to ask


async def test_grp_11_no_members(rig: Rig) -> None:
    await group(rig, [])
    assert (await fan(rig)).status == Status.NO_MEMBERS


@pytest.mark.parametrize(("named", "asked"), [
    (box(2), box(2)), (box(3, 1), box(3, 1)), (box(2, 2), box(2)), ([], None), (["cse/cae1"], None),
    (["cse/cae1/b1", "cse/none"], None),
])
async def test_grp_11_only_some_members(rig: Rig, named: list[str], asked: list[str] | None) -> None:
    await group(rig, box(1, 2, 3))
    response = await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1", group_targets=named)
    if asked is None:
        assert response.status == Status.BAD_REQUEST
    else:
        assert [answer["fr"] for answer in answers(response)] == asked
    for address in box(1, 2, 3):
        assert await count(rig, address) == (address in (asked or []))


async def test_grp_12_a_child_that_no_member_can_have(rig: Rig) -> None:
    await group(rig, box(1, 2), mt=CONTAINER)
    assert (await rig.create("cse/cae1/g/fopt", 2, {"api": "N1", "rr": True, "srv": ["3"]}, "Cae1")).status == \
        Status.INVALID_CHILD_RESOURCE_TYPE
    assert codes(await rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1")) == [Status.CREATED] * 2


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
    assert codes(response)[2] in (Status.BAD_REQUEST, Status.OPERATION_NOT_ALLOWED)


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
    refused = await rig.create("cse/cae1/g/fopt", 23, {**given, "nfu": "http://sink/nfu"}, "Cae1")
    assert codes(refused) == [Status.NOT_IMPLEMENTED] * 2


@pytest.mark.parametrize("bad", ["cse/cae1/g/fopt/../x", "cse/cae1/g/fopt//la", "cse/cae1/g/fopt/fopt"])
async def test_paths_that_lead_nowhere(rig: Rig, bad: str) -> None:
    await group(rig, box(1))
    response = await rig.retrieve(bad, "Cae1")
    if response.status == Status.OK:
        assert codes(response) == [Status.NOT_FOUND]
    else:
        assert response.status in (Status.BAD_REQUEST, Status.NOT_FOUND)
