"""Access control through the whole CSE (procedures section 6): policies, originators, operations (ACP-1 … ACP-5)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation
from resources.status import Status
from tests.procedures.governed import (
    ALL,
    BOX,
    CREATE,
    DELETE,
    DENIED,
    DISCOVERY,
    NOTIFY,
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

# ACP-1, ACP-2


@pytest.mark.parametrize("pvs", [{}, {"acr": []}, None])
async def test_acp_1_self_privileges_hold_a_rule_at_all_times(rig: Rig, pvs: Any) -> None:
    given = {"rn": "p", "pv": {}, "pvs": pvs}
    assert (await rig.create("cse", 1, given)).status == Status.BAD_REQUEST
    del given["pvs"]
    assert (await rig.create("cse", 1, given)).status == Status.BAD_REQUEST
    await policy(rig, rule())
    assert (await rig.update("cse/p", {"m2m:acp": {"pvs": pvs}})).status == Status.BAD_REQUEST
    assert only(await rig.retrieve("cse/p"))["pvs"] == OWN


async def test_acp_1_privileges_may_be_empty(rig: Rig) -> None:
    await govern(rig)
    assert only(await rig.retrieve("cse/p"))["pv"] == {"acr": []}
    assert not await reads(rig)
    assert not await reads(rig, "Cae1")  # not even the creator: a policy is linked
    assert await reads(rig, ADMIN)


async def test_acp_2_one_rule_of_one_policy_is_enough(rig: Rig) -> None:
    first = await policy(rig, rule(UPDATE), rule(DELETE), name="p1")
    second = await policy(rig, rule(CREATE), rule(RETRIEVE), name="p2")
    await rig.update(BOX, {"m2m:cnt": {"acpi": [first]}})
    assert not await reads(rig)
    await rig.update(BOX, {"m2m:cnt": {"acpi": [first, second]}})
    assert await reads(rig)


async def test_acp_2_the_policy_itself_goes_by_self_privileges(rig: Rig) -> None:
    await policy(rig, rule(ALL, "Cae2"), pvs={"acr": [rule(RETRIEVE, "Cae3")]})
    assert not await reads(rig, "Cae2", "cse/p")
    assert await reads(rig, "Cae3", "cse/p")
    assert (await rig.update("cse/p", {"m2m:acp": {"lbl": ["x"]}}, "Cae3")).status == DENIED
    assert (await rig.delete("cse/p", "Cae2")).status == DENIED
    assert (await rig.delete("cse/p", ADMIN)).status == Status.DELETED


async def test_acp_2_a_policy_that_is_gone_grants_nothing(rig: Rig) -> None:
    identifier = await govern(rig, rule())
    assert await reads(rig)
    await rig.delete(identifier)
    assert not await reads(rig)
    assert not await reads(rig, "Cae1")


async def test_acp_2_a_policy_elsewhere_grants_nothing(rig: Rig) -> None:
    answer = await rig.update(BOX, {"m2m:cnt": {"acpi": ["/other/acp-1"]}})
    assert answer.status == Status.UPDATED
    assert not await reads(rig)


async def test_acp_2_something_that_is_no_policy_grants_nothing(rig: Rig) -> None:
    assert (await rig.update(BOX, {"m2m:cnt": {"acpi": ["cse/cae2"]}})).status == Status.UPDATED
    assert not await reads(rig)


async def test_acp_2_a_changed_policy_counts_at_once(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE))
    assert await reads(rig)
    await rig.update("cse/p", {"m2m:acp": {"pv": {"acr": [rule(UPDATE)]}}})
    assert not await reads(rig)
    await rig.update("cse/p", {"m2m:acp": {"pv": {"acr": [rule(RETRIEVE)]}}})
    assert await reads(rig)


async def test_acp_2_an_expired_policy_grants_nothing(rig: Rig) -> None:
    await govern(rig, rule())
    await rig.update("cse/p", {"m2m:acp": {"et": rig.at(10)}})
    await rig.clock.advance(4)
    assert await reads(rig)
    await rig.clock.advance(20)
    assert not await reads(rig)


# ACP-4: originators


@pytest.mark.parametrize(("entry", "allowed"), [
    pytest.param("all", {"Cae2", "Cae3", "/other/Cx", "/other"}, id="ACP-4 all"),
    pytest.param("Cae2", {"Cae2"}, id="ACP-4 AE-ID"),
    pytest.param("/banyan/Cae2", {"Cae2"}, id="ACP-4 SP-relative"),
    pytest.param("//banyan.example/banyan/Cae2", {"Cae2"}, id="ACP-4 absolute"),
    pytest.param("Cae*", {"Cae2", "Cae3"}, id="ACP-4 wildcard"),
    pytest.param("C*3", {"Cae3"}, id="ACP-4 wildcard inside"),
    pytest.param("/other/C*", {"/other/Cx"}, id="ACP-4 wildcard for AEs elsewhere"),
    pytest.param("/other", {"/other"}, id="ACP-4 CSE-ID"),
    pytest.param("//banyan.example", {"Cae2", "Cae3", "/other/Cx", "/other"}, id="ACP-4 SP domain"),
    pytest.param("//elsewhere.example", set(), id="ACP-4 other SP domain"),
    pytest.param("cae2", set(), id="ACP-4 case matters"),
    pytest.param("Cae", set(), id="ACP-4 no prefix match"),
])
async def test_acp_4_originators(rig: Rig, entry: str, allowed: set[str]) -> None:
    await govern(rig, rule(RETRIEVE, entry))
    everybody = ("Cae2", "Cae3", "/other/Cx", "/other")
    assert {one for one in everybody if await reads(rig, one)} == allowed


@pytest.mark.parametrize("form", ["Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2"])
async def test_acp_4_the_request_may_use_any_form(rig: Rig, form: str) -> None:
    await govern(rig, rule(RETRIEVE, "Cae2"))
    assert await reads(rig, form)


@pytest.mark.parametrize("form", ["{ri}", "cse/g", "/banyan/{ri}", "//banyan.example/banyan/cse/g"])
async def test_acp_4_members_of_a_group(rig: Rig, form: str) -> None:
    made = await rig.made("cse", 9, {"rn": "g", "mnm": 5, "mid": ["cse/cae2", "/other/Cx"]})
    await govern(rig, rule(RETRIEVE, form.format(ri=made["ri"])))
    assert await reads(rig, "Cae2")
    assert await reads(rig, "/other/Cx")
    assert not await reads(rig, "Cae3")
    await rig.update("cse/g", {"m2m:grp": {"mid": ["cse/cae3"]}})
    assert [await reads(rig, one) for one in ("Cae2", "Cae3")] == [False, True]
    await rig.delete("cse/g")
    assert not await reads(rig, "Cae3")


async def test_acp_4_a_container_among_the_members_names_nobody(rig: Rig) -> None:
    await rig.made("cse", 9, {"rn": "g", "mnm": 5, "mid": [BOX]})
    await govern(rig, rule(RETRIEVE, "cse/g"))
    assert not await reads(rig, "Cae1")


# ACP-5: operations


@pytest.mark.parametrize("operation", [CREATE, RETRIEVE, UPDATE, DELETE, DISCOVERY])
@pytest.mark.parametrize("done", [True, False])
async def test_acp_5_each_operation_needs_its_own_bit(rig: Rig, operation: int, *, done: bool) -> None:
    await rig.made(BOX, 4, {"con": "old", "rn": "old"}, "Cae1")
    before = only(await rig.retrieve(BOX))
    await govern(rig, rule(operation if done else ALL - operation))
    answer = await attempt(rig, operation)
    assert answer.status.succeeded == done
    assert done or answer.status == DENIED
    if not done:
        after = only(await rig.retrieve(BOX))
        assert {**after, "acpi": None, "lt": None, "st": None} == {**before, "acpi": None, "lt": None, "st": None}


async def test_acp_5_discovery_is_not_retrieval(rig: Rig) -> None:
    await rig.made(BOX, 3, {"rn": "shown"}, "Cae1")
    identifier = await govern(rig, rule(DISCOVERY))
    await rig.update(f"{BOX}/shown", {"m2m:cnt": {"acpi": [identifier]}})
    assert await rig.discover("cse", "Cae2", ty=[3]) == [BOX, f"{BOX}/shown"]
    await rig.update("cse/p", {"m2m:acp": {"pv": {"acr": [rule(RETRIEVE)]}}})
    assert await rig.discover("cse", "Cae2", ty=[3]) == []
    assert await reads(rig)


async def test_acp_5_notify_is_asked_at_the_target(rig: Rig) -> None:
    await rig.update("cse/cae3", {"m2m:ae": {"poa": ["http://ae/3"]}}, "Cae3")
    await govern(rig, rule(ALL - NOTIFY), to="cse/cae3", root="m2m:ae")
    content = {"m2m:sgn": {"sur": "x"}}
    assert (await rig.request(Operation.NOTIFY, "cse/cae3", "Cae2", content=content)).status == DENIED
    assert rig.sink.received == []
    await rig.update("cse/p", {"m2m:acp": {"pv": {"acr": [rule(NOTIFY)]}}})
    assert (await rig.request(Operation.NOTIFY, "cse/cae3", "Cae2", content=content)).status == Status.OK
