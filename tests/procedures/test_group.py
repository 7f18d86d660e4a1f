"""Groups (procedures section 16): members, types, rights, whom to ask (GRP-1 … GRP-5, GRP-10 … GRP-12)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria
from resources.status import Status
from tests.procedures.fans import AE, CONTAINER, GROUP, INSTANCE, MIXED, answers, box, codes, count, fan, group, policy
from tests.rig import Rig, only

pytestmark = pytest.mark.usefixtures("boxes")


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
    ({"macp": ["base-access"]}, Status.UPDATED), ({"nar": {"num": 3}}, Status.UPDATED),
    ({"mid": []}, Status.UPDATED),
])
async def test_grp_5_what_may_change(rig: Rig, change: dict[str, Any], status: Status) -> None:
    await group(rig, box(1), mt=CONTAINER, csy=2)
    assert (await rig.update("cse/cae1/g", {"m2m:grp": change}, "Cae1")).status == status


# GRP-10: rights


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
