"""Decisions over resources: which policies count, who is allowed without one, what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from cse.access import decision
from cse.access.decision import AccessControl, Facts
from cse.clock import seconds_of
from resources.errors import NoPrivilege
from resources.model import Permission
from resources.registry import Registry
from resources.status import Status
from tests.access.conftest import IDENTITY, FixedClock, SmallTree

CREATE, RETRIEVE, UPDATE, DELETE = 1, 2, 4, 8
NOTIFY, DISCOVERY = 16, 32
EVERYTHING = 63


def allow(originator: str, operations: int = EVERYTHING, **more: Any) -> dict[str, Any]:
    return {"acor": [originator], "acop": operations, **more}


@pytest.mark.parametrize("originator", ["Cadmin", "/banyan", "Cowner"])
@pytest.mark.parametrize("permission", [1, 2, 4, 8, 16, 32])
def test_administrators_alone_are_allowed_everywhere(
    tree: SmallTree, access: AccessControl, originator: str, permission: int
) -> None:
    tree.policy("closed", allow("Cnobody"))
    container = tree.add("cnt", "c", tree.root, acpi=["id-closed"])
    expected = originator == "Cadmin"
    assert access.permitted(container, originator, permission) is expected
    assert access.permitted_to_link(container, originator) is expected
    group = tree.add("grp", "g", tree.root, macp=["id-closed"])
    assert access.permitted_members(group, originator, permission) is expected


def test_administrators_may_be_configured_in_any_form(tree: SmallTree, clock: FixedClock) -> None:
    access = AccessControl(tree, IDENTITY, ["//sp.example/banyan/Cone", "/banyan/Ctwo", "/cse1", ""], clock)
    assert [one for one in ("Cone", "Ctwo", "/cse1", "", "/cse1/C1") if access.permitted(tree.root, one, DELETE)] == [
        "Cone", "Ctwo", "/cse1",
    ]  # fmt: skip


def test_acp_2_some_linked_policy_must_allow(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("read", allow("Cae1", RETRIEVE))
    tree.policy("write", allow("Cae1", UPDATE))
    container = tree.add("cnt", "c", tree.root, acpi=["id-read", "cse/write"])
    assert [bit for bit in (1, 2, 4, 8, 16, 32) if access.permitted(container, "Cae1", bit)] == [RETRIEVE, UPDATE]
    assert not access.permitted(container, "Cae2", RETRIEVE)
    assert not access.permitted(container, "Cowner", RETRIEVE), "the creator counts only without policies"


@pytest.mark.parametrize("link", ["id-p", "cse/p", "/banyan/id-p", "//sp.example/banyan/cse/p"])
def test_acp_2_a_policy_is_linked_in_any_form(tree: SmallTree, access: AccessControl, link: str) -> None:
    tree.policy("p", allow("Cae1"))
    assert access.permitted(tree.add("cnt", "c", tree.root, acpi=[link]), "Cae1", RETRIEVE)


def test_acp_2_the_policy_itself_is_governed_by_its_own_privileges(tree: SmallTree, access: AccessControl) -> None:
    policy = tree.policy("p", allow("Cuser"), own=(allow("Cguard", UPDATE),))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    assert access.permitted(policy, "Cguard", UPDATE)
    assert not access.permitted(policy, "Cguard", DELETE)
    assert not access.permitted(policy, "Cuser", RETRIEVE)
    assert not access.permitted(policy, "Cowner", RETRIEVE), "not even its creator"
    assert not access.permitted(container, "Cguard", UPDATE)


def test_acp_2_what_cannot_be_reached_grants_nothing(tree: SmallTree, access: AccessControl) -> None:
    policy = tree.policy("p", allow("Cae1"))
    container = tree.add("cnt", "c", tree.root, acpi=["/cse1/acp7", "no-such", "id-p"])
    assert access.permitted(container, "Cae1", RETRIEVE)
    tree.remove(policy)
    assert not access.permitted(container, "Cae1", RETRIEVE)
    assert not access.permitted(container, "Cowner", RETRIEVE), "a broken link is still a link"


def test_acp_2_a_resource_that_is_no_policy_grants_nothing(tree: SmallTree, access: AccessControl) -> None:
    everything = {"acr": [allow("all")]}
    tree.add("fcnt", "fake", tree.root, pv=everything, pvs=everything)
    container = tree.add("cnt", "c", tree.root, acpi=["id-fake"])
    assert not access.permitted(container, "Cae1", RETRIEVE)
    assert not access.permitted_to_link(container, "Cae1")


def test_acp_2_a_changed_policy_counts_at_once(tree: SmallTree, access: AccessControl) -> None:
    policy = tree.policy("p", allow("Cae1"))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    before = policy.attributes["pv"]
    assert access.permitted(container, "Cae1", RETRIEVE)
    policy.attributes["pv"] = {"acr": [allow("Cae2")]}
    assert not access.permitted(container, "Cae1", RETRIEVE)
    assert access.permitted(container, "Cae2", RETRIEVE)
    policy.attributes["pv"] = before
    assert access.permitted(container, "Cae1", RETRIEVE)
    assert not access.permitted(container, "Cae2", RETRIEVE)


def test_acp_2_compiled_rules_are_bounded(
    tree: SmallTree, access: AccessControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "COMPILED", 3)
    containers = []
    for number in range(8):
        tree.policy(f"p{number}", allow(f"Cae{number}"))
        containers.append(tree.add("cnt", f"c{number}", tree.root, acpi=[f"id-p{number}"]))
    for _ in range(2):
        for number, container in enumerate(containers):
            assert [one for one in range(8) if access.permitted(container, f"Cae{one}", RETRIEVE)] == [number]
    assert len(access._compiled) <= 3


@pytest.mark.parametrize(
    ("allowed", "asked", "expected"),
    [
        pytest.param(RETRIEVE, DISCOVERY, False, id="ACP-5 RETRIEVE is no DISCOVERY"),
        pytest.param(DISCOVERY, DISCOVERY, True, id="ACP-5 DISCOVERY"),
        pytest.param(DISCOVERY, RETRIEVE, False, id="ACP-5 DISCOVERY is no RETRIEVE"),
        pytest.param(NOTIFY, NOTIFY, True, id="ACP-5 NOTIFY at the target"),
        pytest.param(UPDATE, CREATE, False, id="ACP-5 UPDATE is no CREATE"),
    ],
)
def test_acp_5_permission(
    tree: SmallTree, access: AccessControl, allowed: int, asked: int, expected: bool
) -> None:
    tree.policy("p", allow("Cae1", allowed))
    target = tree.add("ae", "target", tree.root, acpi=["id-p"], aei="Ctarget")
    assert access.permitted(target, "Cae1", asked) is expected


def test_acp_6_contexts_look_at_the_facts_and_the_clock(
    tree: SmallTree, access: AccessControl, clock: FixedClock
) -> None:
    office = {"actw": ["* * 8-17 * * 1-5 *"], "acip": {"ipv4": ["10.0.0.0/8"]}}
    tree.policy("p", allow("Cae1", RETRIEVE, acco=[office, {"aclr": {"accc": ["FR"]}}]))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    inside = Facts(address="10.1.1.1")
    clock.now = seconds_of("20260302T080000")  # a Monday
    assert access.permitted(container, "Cae1", RETRIEVE, inside)
    assert not access.permitted(container, "Cae1", RETRIEVE, Facts(address="11.1.1.1"))
    assert not access.permitted(container, "Cae1", RETRIEVE)
    assert not access.permitted(container, "Cae1", UPDATE, inside)
    clock.now = seconds_of("20260302T180000")
    assert not access.permitted(container, "Cae1", RETRIEVE, inside)
    assert access.permitted(container, "Cae1", RETRIEVE, Facts(location="FR"))


def test_acp_3_authentication_flag_looks_at_the_facts(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1", acaf=True))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    assert access.permitted(container, "Cae1", RETRIEVE, Facts(authenticated=True))
    assert not access.permitted(container, "Cae1", RETRIEVE)


def test_acp_7_details_look_at_the_target(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1", acod=[{"ty": 3, "chty": [4]}, {"ty": 28, "spty": {"cnd": "meter"}, "chty": []}]))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    assert access.permitted(container, "Cae1", CREATE, child_type=4)
    assert not access.permitted(container, "Cae1", CREATE, child_type=3)
    assert not access.permitted(container, "Cae1", CREATE)
    assert access.permitted(container, "Cae1", RETRIEVE)
    assert not access.permitted(container, "Cae1", RETRIEVE, target_type=4)
    meter = tree.add("fcnt", "m", tree.root, acpi=["id-p"], cnd="meter")
    assert access.permitted(meter, "Cae1", RETRIEVE)
    assert not access.permitted(meter, "Cae1", RETRIEVE, target_type=58)
    tree.policy("q", allow("Cae1", acod=[{"ty": 58, "spty": {"cnd": "meter"}, "chty": []}]))
    instances = tree.add("fcnt", "o", tree.root, acpi=["id-q"], cnd="meter")
    assert not access.permitted(instances, "Cae1", RETRIEVE, target_type=58), "an instance has no definition of its own"
    assert not access.permitted(tree.add("fcnt", "n", tree.root, acpi=["id-p"], cnd="other"), "Cae1", RETRIEVE)


def test_acp_8_attributes_add_up_over_policies(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1", UPDATE, aca=["lbl"]))
    tree.policy("q", allow("Cae1", UPDATE, aca=["mni"]))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p", "id-q"])
    touching = [Facts(attributes=frozenset(names)) for names in (["lbl"], ["lbl", "mni"], ["mbs"])]
    assert [access.permitted(container, "Cae1", UPDATE, facts) for facts in touching] == [True, True, False]
    assert not access.permitted(container, "Cae1", UPDATE)


@pytest.mark.parametrize(
    ("member", "originator", "expected"),
    [
        pytest.param("Cae1", "Cae1", True, id="ACP-4 member by AE-ID"),
        pytest.param("cse/first", "Cae1", True, id="ACP-4 member by path"),
        pytest.param("/banyan/cse/first", "Cae1", True, id="ACP-4 member SP-relative"),
        pytest.param("id-peer", "/cse1", True, id="ACP-4 member is a remoteCSE"),
        pytest.param("id-peer", "/cse1/C1", False, id="ACP-4 an AE of that CSE is no member"),
        pytest.param("/cse2/Cae1", "/cse2/Cae1", True, id="ACP-4 member registered elsewhere"),
        pytest.param("/cse2/Cae1", "Cae1", False, id="ACP-4 same stem elsewhere"),
        pytest.param("Cbox", "Cbox", False, id="ACP-4 a container is nobody"),
        pytest.param("cse/second", "Cae1", False, id="ACP-4 other member"),
    ],
)
def test_acp_4_group_membership(
    tree: SmallTree, access: AccessControl, member: str, originator: str, expected: bool
) -> None:
    tree.add("ae", "first", tree.root, ri="Cae1", aei="Cae1")
    tree.add("ae", "second", tree.root, ri="Cae2", aei="Cae2")
    tree.add("csr", "peer", tree.root, csi="/cse1")
    tree.add("cnt", "box", tree.root, ri="Cbox")
    tree.add("grp", "friends", tree.root, mid=[member])
    tree.policy("p", allow("cse/friends", RETRIEVE))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    assert access.permitted(container, originator, RETRIEVE) is expected
    assert not access.permitted(container, originator, DELETE)


def test_acp_4_only_a_group_that_exists_has_members(tree: SmallTree, access: AccessControl) -> None:
    tree.add("cnt", "box", tree.root, mid=["Cae1"])
    group = tree.add("grp", "friends", tree.root, mid=["Cae1"])
    assert access.is_member("cse/friends", "Cae1")
    assert not access.is_member("cse/box", "Cae1")
    tree.remove(group)
    assert not access.is_member("cse/friends", "Cae1")


def test_acp_9_links_are_changed_by_the_rights_on_the_policies(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cuser"), own=(allow("Cguard", UPDATE), allow("Creader", RETRIEVE)))
    container = tree.add("cnt", "c", tree.root, acpi=["no-such", "id-p"])
    everyone = ("Cguard", "Cuser", "Creader", "Cowner", "")
    assert [one for one in everyone if access.permitted_to_link(container, one)] == ["Cguard"]
    with pytest.raises(NoPrivilege, match=r"'Cuser' lacks UPDATE on 'id-c' \(attribute acpi\).*selfPrivileges"):
        access.require_to_link(container, "Cuser")
    access.require_to_link(container, "Cguard")


def test_acp_9_without_links_the_creator_links(tree: SmallTree, access: AccessControl) -> None:
    container = tree.add("cnt", "c", tree.root)
    assert access.permitted_to_link(container, "Cowner")
    assert not access.permitted_to_link(container, "Cae1")
    assert not access.permitted_to_link(tree.add("sch", "s", container), "Cowner"), "a type that cannot be linked"
    with pytest.raises(NoPrivilege, match="creator or custodian"):
        access.require_to_link(container, "Cae1")


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        pytest.param({}, "Cowner", id="ACP-10 creator"),
        pytest.param({"acpi": []}, "Cowner", id="ACP-10 no links left"),
        pytest.param({"cstn": "Ckeeper"}, "Ckeeper", id="ACP-10 custodian replaces the creator"),
        pytest.param({"cstn": "/banyan/Ckeeper"}, "Ckeeper", id="ACP-10 custodian in another form"),
    ],
)
def test_acp_10_without_policies(
    tree: SmallTree, access: AccessControl, attributes: dict[str, Any], allowed: str
) -> None:
    container = tree.add("cnt", "c", tree.root, **attributes)
    everyone = ("Cowner", "Ckeeper", "Cowner2", "Cown", "cowner", "/cse1/Cowner", "/banyan", "all", "")
    assert [one for one in everyone if access.permitted(container, one, RETRIEVE)] == [allowed]


@pytest.mark.parametrize("creator", ["/banyan/Cae1", "//sp.example/banyan/Cae1", "Cae1"])
def test_acp_10_creator_in_any_form(tree: SmallTree, access: AccessControl, creator: str) -> None:
    assert access.permitted(tree.add("cnt", "c", tree.root, creator), "Cae1", DELETE)


def test_acp_10_nobody_is_not_the_creator(tree: SmallTree, access: AccessControl) -> None:
    container = tree.add("cnt", "c", tree.root, creator="")
    tree.policy("p", allow("all"))
    linked = tree.add("grp", "g", tree.root, acpi=["id-p"], macp=["id-p"])
    assert not access.permitted(container, "", RETRIEVE)
    assert not access.permitted(linked, "", RETRIEVE)
    assert not access.permitted_members(linked, "", RETRIEVE)
    with pytest.raises(NoPrivilege, match="a request without originator lacks RETRIEVE on 'id-c'"):
        access.require(container, "", RETRIEVE)


def test_acp_10_a_type_without_links_follows_its_parent(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1", acod=[{"ty": 18, "chty": [99]}]), own=(allow("Cguard"),))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"])
    schedule = tree.add("sch", "s", container, creator="Cother")
    inner = tree.add("sch", "t", schedule)
    for one in (schedule, inner):
        assert access.permitted(one, "Cae1", RETRIEVE), "the details are about the type itself"
        assert not access.permitted(one, "Cother", RETRIEVE)
    assert not access.permitted(container, "Cae1", RETRIEVE)
    owned = tree.add("sch", "u", tree.add("cnt", "d", tree.root, "Cboss"), creator="Cother")
    assert [one for one in ("Cboss", "Cother") if access.permitted(owned, one, RETRIEVE)] == ["Cboss"]
    policy = tree.find("id-p")
    assert access.permitted(tree.add("sch", "v", policy), "Cguard", RETRIEVE)


def test_acp_10_a_lone_resource_without_links_denies(tree: SmallTree, access: AccessControl) -> None:
    assert not access.permitted(tree.add("sch", "lone", None), "Cowner", RETRIEVE)


@pytest.mark.parametrize(("parent", "owner"), [("ae", "Cae1"), ("csr", "/cse1"), ("cnt", None)])
def test_acp_10_a_polling_channel_is_its_owners_alone(
    tree: SmallTree, access: AccessControl, parent: str, owner: str | None
) -> None:
    tree.policy("p", allow("all"))
    registree = tree.add(parent, "r", tree.root, acpi=["id-p"], aei="Cae1", csi="/cse1")
    channel = tree.add("pch", "pch", registree)
    allowed = [one for one in ("Cae1", "/cse1", "Cowner", "Cother") if access.permitted(channel, one, RETRIEVE)]
    assert allowed == ([] if owner is None else [owner])


def test_acp_11_the_csebase_follows_its_links(tree: SmallTree, access: AccessControl) -> None:
    everyone = ("Cae1", "Cowner", "/cse1", "/banyan", "Cadmin")
    allowed = [one for one in everyone if access.permitted(tree.root, one, CREATE, child_type=3)]
    assert allowed == ["/banyan", "Cadmin"]
    tree.policy("p", allow("Cae1", CREATE, acod=[{"chty": [3]}]))
    tree.root.attributes["acpi"] = ["id-p"]
    assert access.permitted(tree.root, "Cae1", CREATE, child_type=3)
    assert not access.permitted(tree.root, "Cae1", CREATE, child_type=9)


def test_acp_12_dynamic_authorization_does_not_allow(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1"))
    container = tree.add("cnt", "c", tree.root, acpi=["id-p"], daci=["cse/consultation"])
    with pytest.raises(NoPrivilege) as refused:
        access.require(container, "Cae2", RETRIEVE)
    assert refused.value.status is Status.ORIGINATOR_HAS_NO_PRIVILEGE


def test_acp_13_members_are_governed_by_macp_else_acpi(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("m", allow("Cfan", RETRIEVE))
    tree.policy("p", allow("Cgroup", RETRIEVE))
    both = tree.add("grp", "g", tree.root, acpi=["id-p"], macp=["id-m"])
    linked = tree.add("grp", "h", tree.root, acpi=["id-p"], macp=[])
    bare = tree.add("grp", "i", tree.root)
    broken = tree.add("grp", "j", tree.root, macp=["no-such"])
    everyone = ("Cfan", "Cgroup", "Cowner")
    assert [[one for one in everyone if access.permitted_members(group, one, RETRIEVE)] for group in
            (both, linked, bare, broken)] == [["Cfan"], ["Cgroup"], ["Cowner"], []]
    assert not access.permitted_members(both, "Cfan", UPDATE)
    assert not access.permitted(both, "Cfan", RETRIEVE)
    access.require_members(both, "Cfan", RETRIEVE)
    with pytest.raises(NoPrivilege, match=r"'Cgroup' lacks RETRIEVE on 'id-g' \(its members\): the access control"):
        access.require_members(both, "Cgroup", RETRIEVE)
    with pytest.raises(NoPrivilege, match="creator or custodian"):
        access.require_members(bare, "Cfan", RETRIEVE)


def test_acp_14_the_announcing_cse_may_act_on_its_copy(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("p", allow("Cae1", RETRIEVE), allow("Cae2", RETRIEVE, acaf=True))
    copy = tree.add("cntA", "copy", tree.root, creator="/cse1", acpi=["id-p"])
    assert access.permitted(copy, "/cse1", UPDATE)
    assert access.permitted_to_link(copy, "/cse1")
    assert access.permitted(copy, "Cae1", RETRIEVE)
    assert not access.permitted(copy, "/cse2", UPDATE)
    assert not access.permitted(tree.add("cnt", "c", tree.root, creator="/cse1", acpi=["id-p"]), "/cse1", UPDATE)


def test_a_refusal_says_who_lacks_what_and_not_who_may(tree: SmallTree, access: AccessControl) -> None:
    tree.policy("secretpolicy", allow("Cprivileged", RETRIEVE))
    container = tree.add("cnt", "c", tree.root, creator="Ccreator", acpi=["id-secretpolicy", "/cse9/acp1"])
    with pytest.raises(NoPrivilege) as refused:
        access.require(container, "Cae1", Permission.DELETE)
    assert refused.value.message == (
        "'Cae1' lacks DELETE on 'id-c': the access control policies that apply do not allow it"
    )
    owned = tree.add("cnt", "d", tree.root, creator="Ccreator")
    with pytest.raises(NoPrivilege) as refused:
        access.require(owned, "Cae1", Permission.DISCOVERY)
    assert refused.value.message == (
        "'Cae1' lacks DISCOVERY on 'id-d': "
        "no access control policy applies, so only the creator or custodian is allowed"
    )
    access.require(owned, "Ccreator", Permission.DISCOVERY)


@pytest.mark.parametrize(
    ("number", "attributes"), [(1, ["pv", "pvs"]), (2, ["aei", "acpi"]), (9, ["mid", "macp", "acpi"]), (5, ["acpi"])]
)
def test_the_types_have_what_decisions_read(number: int, attributes: list[str]) -> None:
    by_short = Registry.default().by_number[number].by_short
    assert [one for one in attributes if one not in by_short] == []
    assert ("acpi" in by_short) is (number != 1)
