"""Access control through the whole CSE (procedures section 6, ACP-1 … ACP-13)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from cse.settings import RegistrationSettings
from resources.status import Status
from tests.rig import ADMIN, Rig, only

BOX = "cse/cae1/box"
DENIED = Status.ORIGINATOR_HAS_NO_PRIVILEGE
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY, DISCOVERY, ALL = 1, 2, 4, 8, 16, 32, 63
OWN = {"acr": [{"acor": [ADMIN], "acop": ALL}]}


@pytest.fixture(autouse=True)
async def others(rig: Rig) -> None:
    """Two more AEs, and a container of Cae1 that has no policy yet."""
    await rig.register("Cae2")
    await rig.register("Cae3")
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")


def rule(operations: int = ALL, originator: str | list[str] = "Cae2", **more: Any) -> dict[str, Any]:
    """One access control rule."""
    return {"acor": [originator] if isinstance(originator, str) else originator, "acop": operations, **more}


async def policy(rig: Rig, *rules: dict[str, Any], pvs: Any = None, name: str = "p") -> str:
    """A policy of the administrator ``cse/p``."""
    made = await rig.made("cse", 1, {"rn": name, "pv": {"acr": list(rules)}, "pvs": pvs or OWN})
    identifier: str = made["ri"]
    return identifier


async def govern(rig: Rig, *rules: dict[str, Any], to: str = BOX, root: str = "m2m:cnt") -> str:
    """Put a resource under a new policy."""
    identifier = await policy(rig, *rules)
    assert (await rig.update(to, {root: {"acpi": [identifier]}})).status == Status.UPDATED
    return identifier


async def attempt(rig: Rig, operation: int, fr: str = "Cae2", to: str = BOX, **more: Any) -> ResponsePrimitive:
    """The operation of one bit on the box."""
    if operation == CREATE:
        return await rig.create(to, 4, {"con": "x"}, fr, **more)
    if operation == RETRIEVE:
        return await rig.retrieve(to, fr, **more)
    if operation == UPDATE:
        return await rig.update(to, {"m2m:cnt": {"lbl": ["x"]}}, fr, **more)
    if operation == DELETE:
        return await rig.delete(to, fr, **more)
    return await rig.retrieve(to, fr, fc=FilterCriteria(usage=1), **more)


async def reads(rig: Rig, fr: str = "Cae2", to: str = BOX, **more: Any) -> bool:
    """True when a RETRIEVE is answered, False when it is refused for want of privileges."""
    status = (await rig.retrieve(to, fr, **more)).status
    assert status in (Status.OK, DENIED)
    return status == Status.OK


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
    answer = await rig.update(BOX, {"m2m:cnt": {"acpi": ["cse/cae2"]}})
    if answer.status == Status.UPDATED:
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


# ACP-6: contexts

NOON = 1_800_014_400.0
assert time.gmtime(NOON)[3:6] == (12, 0, 0)


@pytest.mark.parametrize(("context", "address", "allowed"), [
    pytest.param({"actw": ["* * 12 * * * *"]}, None, True, id="ACP-6 actw"),
    pytest.param({"actw": ["* * 13-15 * * * *"]}, None, False, id="ACP-6 actw other hours"),
    pytest.param({"actw": ["* * 3 * * * *", "* 0-5 * * * * *"]}, None, True, id="ACP-6 actw any entry"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "10.1.2.3", True, id="ACP-6 acip network"),
    pytest.param({"acip": {"ipv4": ["10.1.2.3"]}}, "10.1.2.3", True, id="ACP-6 acip address"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "11.1.2.3", False, id="ACP-6 acip other network"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, "::ffff:10.1.2.3", True, id="ACP-6 acip mapped"),
    pytest.param({"acip": {"ipv4": ["10.0.0.0/8"]}}, None, False, id="ACP-6 acip unknown address"),
    pytest.param({"acip": {"ipv6": ["2001:db8::/32"]}}, "2001:db8::7", True, id="ACP-6 acip v6"),
    pytest.param({"acip": {"ipv6": ["2001:db8::/32"]}}, "2001:db9::7", False, id="ACP-6 acip other v6"),
    pytest.param({"aclr": {"accr": [48.1, 11.5, 5000.0]}}, None, True, id="ACP-6 aclr circle by loc of the AE"),
    pytest.param({"aclr": {"accr": [48.1, 11.9, 5000.0]}}, None, False, id="ACP-6 aclr other circle"),
    pytest.param({"aclr": {"accc": ["DE"]}}, None, False, id="ACP-6 aclr country is not known"),
    pytest.param({"actw": ["* * 12 * * * *"], "acip": {"ipv4": ["10.0.0.0/8"]}}, "10.9.9.9", True, id="ACP-6 both"),
    pytest.param({"actw": ["* * 13 * * * *"], "acip": {"ipv4": ["10.0.0.0/8"]}}, "10.9.9.9", False, id="ACP-6 all"),
    pytest.param({"acui": ["x"]}, None, False, id="ACP-6 R4 member that is not evaluated denies"),
    pytest.param({"acl": 1}, None, False, id="ACP-6 R4 level that is not evaluated denies"),
])
async def test_acp_6_contexts(rig: Rig, context: dict[str, Any], address: str | None, *, allowed: bool) -> None:
    await rig.update("cse/cae2", {"m2m:ae": {"loc": {"typ": 1, "crd": "[11.51, 48.11]"}}}, "Cae2")
    await govern(rig, rule(RETRIEVE, acco=[context]))
    rig.clock.now = NOON
    assert await reads(rig, source_address=address) == allowed
    assert not await reads(rig, "Cae3", source_address=address)


async def test_acp_6_alternatives(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"acip": {"ipv4": ["10.0.0.0/8"]}}, {"acip": {"ipv4": ["11.0.0.0/8"]}}]))
    found = [await reads(rig, source_address=f"{first}.0.0.1") for first in (9, 10, 11, 12)]
    assert found == [False, True, True, False]


async def test_acp_6_time_passes(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"actw": ["* 0-29 12 * * * *"]}]))
    rig.clock.now = NOON - 1
    assert not await reads(rig)
    rig.clock.now = NOON
    assert await reads(rig)
    rig.clock.now = NOON + 30 * 60
    assert not await reads(rig)


async def test_acp_6_the_place_is_where_the_ae_says_now(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acco=[{"aclr": {"accr": [48.1, 11.5, 5000.0]}}]))
    assert not await reads(rig)
    await rig.update("cse/cae2", {"m2m:ae": {"loc": {"typ": 1, "crd": "[11.5, 48.1]"}}}, "Cae2")
    assert await reads(rig)
    await rig.update("cse/cae2", {"m2m:ae": {"loc": None}}, "Cae2")
    assert not await reads(rig)


async def test_acp_3_authenticated_originators(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, acaf=True))
    assert not await reads(rig)
    assert await reads(rig, authenticated="Cae2")


# ACP-7: object details


@pytest.mark.parametrize(("details", "container", "instance"), [
    pytest.param([{"chty": [4]}], False, True, id="ACP-7 chty"),
    pytest.param([{"chty": [3, 4]}], True, True, id="ACP-7 several"),
    pytest.param([{"ty": 3, "chty": [3]}], True, False, id="ACP-7 type of the parent"),
    pytest.param([{"ty": 2, "chty": [3, 4]}], False, False, id="ACP-7 another parent"),
    pytest.param([{"ty": 2, "chty": [3]}, {"chty": [4]}], False, True, id="ACP-7 alternatives"),
])
async def test_acp_7_what_may_be_created(rig: Rig, details: list[Any], *, container: bool, instance: bool) -> None:
    await govern(rig, rule(CREATE, acod=details))
    found = [(await rig.create(BOX, ty, given, "Cae2")).status == Status.CREATED
             for ty, given in ((3, {}), (4, {"con": "x"}))]
    assert found == [container, instance]


@pytest.mark.parametrize(("details", "box", "instance"), [
    pytest.param([{"ty": 3, "chty": []}], True, False, id="ACP-7 container"),
    pytest.param([{"ty": 4, "chty": []}], False, True, id="ACP-7 instance"),
    pytest.param([{"ty": 3, "chty": []}, {"ty": 4, "chty": []}], True, True, id="ACP-7 either"),
])
async def test_acp_7_what_may_be_read(rig: Rig, details: list[Any], *, box: bool, instance: bool) -> None:
    await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    await govern(rig, rule(RETRIEVE, acod=details))
    assert [await reads(rig, to=to) for to in (BOX, f"{BOX}/la")] == [box, instance]


# ACP-8: attributes


async def test_acp_8_only_listed_attributes(rig: Rig) -> None:
    await govern(rig, rule(RETRIEVE, aca=["lbl", "cni"]), rule(UPDATE, aca=["lbl"]), rule(UPDATE, aca=["mni"]))
    assert not await reads(rig)
    shown = await rig.retrieve(BOX, "Cae2", attribute_list=["cni"])
    assert only(shown) == {"cni": 0}
    assert (await rig.retrieve(BOX, "Cae2", attribute_list=["cni", "ct"])).status == DENIED
    assert (await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"], "mni": 3}}, "Cae2")).status == Status.UPDATED
    assert (await rig.update(BOX, {"m2m:cnt": {"lbl": ["y"], "mbs": 3}}, "Cae2")).status == DENIED
    assert only(await rig.retrieve(BOX))["lbl"] == ["x"]


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
