"""Access control: who links policies, and what holds without them (ACP-9 … ACP-12)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria
from cse.settings import RegistrationSettings
from resources.status import Status
from tests.procedures.governed import (
    ALL,
    BOX,
    CREATE,
    DELETE,
    DENIED,
    DISCOVERY,
    OWN,
    RETRIEVE,
    UPDATE,
    attempt,
    govern,
    policy,
    reads,
    rule,
)
from tests.rig import ADMIN, Rig, only

pytestmark = pytest.mark.usefixtures("others")

# ACP-9: linking policies


async def test_acp_9_who_may_change_the_link(rig: Rig) -> None:
    first = await policy(rig, rule(ALL, "Cae2"), pvs={"acr": [rule(UPDATE, "Cae3")]}, name="p1")
    second = await policy(rig, rule(ALL, "Cae3"), name="p2")
    await rig.update(BOX, {"m2m:cnt": {"acpi": [first]}})
    change = {"m2m:cnt": {"acpi": [second]}}
    assert (await rig.update(BOX, change, "Cae2")).status == DENIED
    assert (await rig.update(BOX, {"m2m:cnt": {"acpi": None}}, "Cae2")).status == DENIED
    assert only(await rig.retrieve(BOX))["acpi"] == [first]
    assert (await rig.update(BOX, change, "Cae3")).status == Status.UPDATED
    assert (await rig.update(BOX, change, "Cae3")).status == DENIED  # pvs of the second names the administrator


async def test_acp_9_without_a_link_the_creator_decides(rig: Rig) -> None:
    identifier = await policy(rig, rule(ALL, "Cae2"))
    change = {"m2m:cnt": {"acpi": [identifier]}}
    assert (await rig.update(BOX, change, "Cae2")).status == DENIED
    assert (await rig.update(BOX, change, "Cae1")).status == Status.UPDATED
    assert not await reads(rig, "Cae1")
    assert await reads(rig, "Cae2")


async def test_acp_9_unlinking_gives_it_back_to_the_creator(rig: Rig) -> None:
    await govern(rig, rule())
    assert (await rig.update(BOX, {"m2m:cnt": {"acpi": None}}, ADMIN)).status == Status.UPDATED
    assert [await reads(rig, one) for one in ("Cae1", "Cae2")] == [True, False]


# ACP-10, ACP-11


@pytest.mark.parametrize("operation", [CREATE, RETRIEVE, UPDATE, DELETE, DISCOVERY])
async def test_acp_10_without_policies_the_creator_alone(rig: Rig, operation: int) -> None:
    await rig.made(BOX, 4, {"con": "old", "rn": "old"}, "Cae1")
    assert (await attempt(rig, operation)).status == DENIED
    assert (await attempt(rig, operation, "Cae1")).status.succeeded


async def test_acp_10_the_creator_is_who_created_not_the_parent_s(rig: Rig) -> None:
    await govern(rig, rule(CREATE | RETRIEVE, ["Cae2"]))
    await rig.made(BOX, 3, {"rn": "inner"}, "Cae2")
    assert [await reads(rig, one, f"{BOX}/inner") for one in ("Cae1", "Cae2", "Cae3")] == [False, True, False]


async def test_acp_10_the_custodian_replaces_the_creator(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "kept", "cstn": "Cae3"}, "Cae1")
    assert [await reads(rig, one, "cse/cae1/kept") for one in ("Cae1", "Cae2", "Cae3")] == [False, False, True]


async def test_acp_10_instances_follow_their_container(rig: Rig) -> None:
    instance = await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    assert (await rig.create(BOX, 4, {"con": "x", "acpi": ["p"]}, "Cae1")).status == Status.BAD_REQUEST
    await govern(rig, rule(RETRIEVE))
    for to in (instance["ri"], f"{BOX}/{instance['rn']}", f"{BOX}/la"):
        assert await reads(rig, "Cae2", to)
        assert not await reads(rig, "Cae3", to)
        assert (await rig.delete(to, "Cae2")).status == DENIED


async def test_acp_10_a_policy_does_not_reach_below_its_resource(rig: Rig) -> None:
    await rig.made(BOX, 3, {"rn": "inner"}, "Cae1")
    await rig.made(BOX, 23, {"rn": "sub", "nu": ["http://sink/x"]}, "Cae1")
    await rig.made(f"{BOX}/inner", 4, {"con": "secret"}, "Cae1")
    await govern(rig, rule(ALL))
    for to in (f"{BOX}/inner", f"{BOX}/sub", f"{BOX}/inner/la"):
        assert not await reads(rig, "Cae2", to)


@pytest.mark.parametrize("rcn", [4, 5, 6, 8])
async def test_acp_10_denied_children_do_not_show(rig: Rig, rcn: int) -> None:
    await rig.made(BOX, 3, {"rn": "denied"}, "Cae1")
    await rig.made(f"{BOX}/denied", 4, {"con": "secret"}, "Cae1")
    await govern(rig, rule(RETRIEVE | DISCOVERY))
    shown = await rig.retrieve(BOX, "Cae2", rcn=rcn)
    assert shown.status == Status.OK
    assert "denied" not in str(shown.content)
    assert "secret" not in str(shown.content)
    assert "denied" in str((await rig.retrieve(BOX, rcn=rcn)).content)


async def test_acp_10_conditions_on_denied_children_tell_nothing(rig: Rig) -> None:
    await rig.made(BOX, 3, {"rn": "denied", "lbl": ["secret"]}, "Cae1")
    await govern(rig, rule(RETRIEVE | DISCOVERY))
    conditions: dict[str, Any] = {"clbl": "secret", "catr": ("rn", "denied"), "chty": 3}
    for tag, value in conditions.items():
        found = await rig.discover("cse", "Cae2", **{tag: [value]})
        conditional = await rig.retrieve(BOX, "Cae2", fc=FilterCriteria({tag: [value]}))
        assert BOX not in found, tag
        assert conditional.status == Status.NOT_FOUND, tag
        assert BOX in await rig.discover("cse", ADMIN, **{tag: [value]}), tag


async def test_acp_10_conditions_on_a_denied_parent_tell_nothing(rig: Rig) -> None:
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["secret"]}}, "Cae1")
    identifier = await policy(rig, rule(RETRIEVE | DISCOVERY))
    await rig.made(BOX, 3, {"rn": "shown", "acpi": [identifier]}, "Cae1")
    conditions: dict[str, Any] = {"palb": "secret", "patr": ("rn", "box")}
    for tag, value in conditions.items():
        assert await rig.discover("cse", "Cae2", **{tag: [value]}) == [], tag
        assert await rig.discover("cse", ADMIN, **{tag: [value]}) == [f"{BOX}/shown"], tag


@pytest.mark.parametrize(("ty", "given", "status"), [
    pytest.param(3, {}, Status.CREATED, id="ACP-11 container"),
    pytest.param(9, {"mnm": 3, "mid": []}, Status.CREATED, id="ACP-11 group"),
    pytest.param(1, {"pv": {}, "pvs": OWN}, Status.CREATED, id="ACP-11 policy"),
    pytest.param(23, {"nu": ["http://sink/x"]}, Status.CREATED, id="ACP-11 subscription"),
])
async def test_acp_11_what_aes_may_create_under_the_base(rig: Rig, ty: int, given: Any, status: Status) -> None:
    assert (await rig.create("cse", ty, given, "Cae2")).status == status
    assert (await rig.update("cse/base-access", {"m2m:acp": {"lbl": ["x"]}}, "Cae2")).status == DENIED
    assert (await rig.delete("cse/base-access", "Cae2")).status == DENIED


async def test_acp_11_the_settings_decide() -> None:
    rig = await Rig.open(registration=RegistrationSettings(child_types=["group"]))
    await rig.register()
    assert (await rig.create("cse", 3, {}, "Cae1")).status == DENIED
    assert (await rig.create("cse", 9, {"mnm": 1, "mid": []}, "Cae1")).status == Status.CREATED
    assert (await rig.create("cse", 3, {}, ADMIN)).status == Status.CREATED
    await rig.close()


async def test_acp_11_registration_skips_access_control(rig: Rig) -> None:
    await rig.update("cse/base-access", {"m2m:acp": {"pv": {}}})
    await rig.register("Cnew")
    assert (await rig.create("cse", 3, {}, "Cnew")).status == DENIED


async def test_acp_12_dynamic_authorization_is_a_named_gap(rig: Rig) -> None:
    assert (await rig.update(BOX, {"m2m:cnt": {"daci": ["x"]}}, "Cae1")).status == Status.NOT_IMPLEMENTED
    assert (await attempt(rig, RETRIEVE)).status == DENIED


async def test_a_refusal_changes_nothing_and_tells_nobody(rig: Rig) -> None:
    await rig.made(BOX, 23, {"nu": ["http://sink/x"], "enc": {"net": [1, 2, 3, 4]}}, "Cae1")
    before = only(await rig.retrieve(BOX))
    for operation in (CREATE, UPDATE, DELETE):
        answer = await attempt(rig, operation)
        assert answer.status == DENIED
        assert "acr" not in str(answer.content)
    assert only(await rig.retrieve(BOX)) == before
    assert rig.sink.contents() == []


async def test_deny_before_looking_at_the_content(rig: Rig) -> None:
    assert (await rig.create(BOX, 4, {"nonsense": 1}, "Cae2")).status == DENIED
    assert (await rig.update(BOX, {"m2m:cnt": {"nonsense": 1}}, "Cae2")).status == DENIED
