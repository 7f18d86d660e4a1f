"""Rules of a policy on their own: originators, operations, object details, attributes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cse.access.originators import absolute_form, compile_originators
from cse.access.rules import REMEMBERED, Ask, compile_rules
from resources.model import Permission
from tests.access.conftest import IDENTITY, NOON


def nobody(group: str, originator: str) -> bool:
    return False


def ask(originator: str = "Cae1", permission: int = Permission.RETRIEVE, **circumstances: Any) -> Ask:
    known: dict[str, Any] = {
        "target_type": 3,
        "child_type": None,
        "now": NOON,
        "address": None,
        "location": None,
        "authenticated": False,
        "is_member": nobody,
        **circumstances,
    }
    return Ask(IDENTITY.entity(originator), permission, **known)


def permits(rule: dict[str, Any], question: Ask) -> bool:
    return compile_rules({"acr": [rule]}, IDENTITY).permits(question)


@pytest.mark.parametrize(
    ("rule", "circumstances", "expected"),
    [
        pytest.param({}, {}, True, id="ACP-3 originator and operation"),
        pytest.param({"acor": ["Cae2"]}, {}, False, id="ACP-3 other originator"),
        pytest.param({"acop": 61}, {}, False, id="ACP-3 other operations"),
        pytest.param({"acaf": True}, {}, False, id="ACP-3 authentication asked for and missing"),
        pytest.param({"acaf": True}, {"authenticated": True}, True, id="ACP-3 authenticated"),
        pytest.param({"acaf": False}, {}, True, id="ACP-3 authentication not asked for"),
        pytest.param({"acaf": 1}, {"authenticated": True}, False, id="ACP-3 malformed flag"),
        pytest.param({"acco": []}, {}, True, id="ACP-3 no contexts"),
        pytest.param({"acod": []}, {}, True, id="ACP-3 no object details"),
        pytest.param({"acor": None}, {}, False, id="ACP-3 originators missing"),
        pytest.param({"acor": "Cae1"}, {}, False, id="ACP-3 originators no list"),
        pytest.param({"acor": []}, {}, False, id="ACP-3 nobody"),
        pytest.param({"acor": [7, None, "Cae1"]}, {}, True, id="ACP-3 entries that are no text are passed over"),
        pytest.param({"acco": {}}, {}, False, id="ACP-3 contexts no list"),
        pytest.param({"acod": {}}, {}, False, id="ACP-3 object details no list"),
        pytest.param({"later": 1}, {}, False, id="ACP-3 unknown member"),
    ],
)
def test_acp_3_all_parts_of_a_rule_must_hold(
    rule: dict[str, Any], circumstances: dict[str, Any], expected: bool
) -> None:
    assert permits({"acor": ["Cae1"], "acop": 2, **rule}, ask(**circumstances)) is expected


@pytest.mark.parametrize(
    "privileges",
    [{}, {"acr": []}, {"acr": None}, {"acr": {"acor": ["all"], "acop": 63}}, {"acr": ["all", None, 63, []]}],
    ids=lambda value: f"ACP-3 {value}",
)
def test_acp_3_privileges_without_a_readable_rule_allow_nothing(privileges: dict[str, Any]) -> None:
    assert not compile_rules(privileges, IDENTITY).permits(ask())


@pytest.mark.parametrize(
    ("entry", "originator", "expected"),
    [
        pytest.param("all", "Cae1", True, id="ACP-4 all"),
        pytest.param("all", "//other.example/c/Cae1", True, id="ACP-4 all is of any SP"),
        pytest.param("All", "Cae1", False, id="ACP-4 all is lower case"),
        pytest.param("Cae1", "Cae1", True, id="ACP-4 stem"),
        pytest.param("Cae1", "Cae12", False, id="ACP-4 stem is no prefix"),
        pytest.param("Cae1", "cae1", False, id="ACP-4 case matters"),
        pytest.param("/banyan/Cae1", "Cae1", True, id="ACP-4 SP-relative AE-ID"),
        pytest.param("//sp.example/banyan/Cae1", "Cae1", True, id="ACP-4 absolute AE-ID"),
        pytest.param("Cae1", "//sp.example/banyan/Cae1", True, id="ACP-4 stem and absolute originator"),
        pytest.param("/Sae1", "Sae1", True, id="ACP-4 S-stem, SP-relative"),
        pytest.param("//sp.example/Sae1", "Sae1", True, id="ACP-4 S-stem, absolute"),
        pytest.param("/cse1/Cae1", "/cse1/Cae1", True, id="ACP-4 AE of another CSE"),
        pytest.param("/cse1/Cae1", "//sp.example/cse1/Cae1", True, id="ACP-4 AE of another CSE, absolute"),
        pytest.param("/cse1/Cae1", "Cae1", False, id="ACP-4 same stem at another CSE"),
        pytest.param("Cae1", "/cse1/Cae1", False, id="ACP-4 same stem from another CSE"),
        pytest.param("/cse1/C1", "/cse10/C1", False, id="ACP-4 CSE-ID is no prefix"),
        pytest.param("//sp.example/cse1/C1", "//sp.example2/cse1/C1", False, id="ACP-4 SP is no prefix"),
        pytest.param("/cse1", "/cse1", True, id="ACP-4 CSE-ID"),
        pytest.param("/cse1", "//sp.example/cse1", True, id="ACP-4 CSE-ID, absolute originator"),
        pytest.param("/cse1", "/cse1/C1", False, id="ACP-4 CSE-ID does not include its AEs"),
        pytest.param("/banyan", "Cae1", False, id="ACP-4 own CSE-ID does not include own AEs"),
        pytest.param("//sp.example/banyan", "/banyan", True, id="ACP-4 own CSE-ID"),
        pytest.param("*", "/cse1/C1", True, id="ACP-4 star alone is everybody"),
        pytest.param("C*", "Cae1", True, id="ACP-4 wildcard"),
        pytest.param("C*", "Sae1", False, id="ACP-4 wildcard, other stem"),
        pytest.param("C*", "/cse1/Cae1", False, id="ACP-4 wildcard is local"),
        pytest.param("c*", "Cae1", False, id="ACP-4 wildcard, case matters"),
        pytest.param("C*1", "Cae1", True, id="ACP-4 wildcard inside"),
        pytest.param("C*1", "Cae12", False, id="ACP-4 wildcard inside, whole text"),
        pytest.param("C*e*1", "Cae-e-1", True, id="ACP-4 several wildcards"),
        pytest.param("C**1", "C1", True, id="ACP-4 star may be empty"),
        pytest.param("Cae?", "Cae1", True, id="ACP-4 question mark"),
        pytest.param("Cae?", "Cae", False, id="ACP-4 question mark is one character"),
        pytest.param("Cae?", "Cae12", False, id="ACP-4 question mark is not two"),
        pytest.param("/cse*", "/cse1", True, id="ACP-4 wildcard CSE-ID"),
        pytest.param("/cse*", "/cse1/C1", False, id="ACP-4 wildcard stays in its segment"),
        pytest.param("/cse?/C1", "/cse1/C1", True, id="ACP-4 wildcard in the CSE-ID"),
        pytest.param("/cse?/C1", "/cse10/C1", False, id="ACP-4 question mark in the CSE-ID is one character"),
        pytest.param("/cse1/*", "/cse1/C1", True, id="ACP-4 all AEs of a CSE"),
        pytest.param("/cse1/*", "/cse10/C1", False, id="ACP-4 all AEs of a CSE, prefix"),
        pytest.param("/cse1/*", "/cse1", False, id="ACP-4 all AEs of a CSE, not the CSE"),
        pytest.param("/banyan/*", "Cae1", True, id="ACP-4 all AEs of this CSE"),
        pytest.param("/banyan/*", "/cse1/C1", False, id="ACP-4 all AEs of this CSE, not others"),
        pytest.param("/banyan/*", "Sae1", False, id="ACP-4 an S-stem belongs to no CSE"),
        pytest.param("/S*", "Sae1", True, id="ACP-4 S-stems"),
        pytest.param("//sp.example/*/C*", "Cae1", True, id="ACP-4 absolute wildcard covers local ones"),
        pytest.param("//*.example/c/C*", "//other.example/c/C1", True, id="ACP-4 wildcard in the SP"),
        pytest.param("//sp.example", "Cae1", True, id="ACP-4 own SP"),
        pytest.param("//sp.example", "/cse1/C1", True, id="ACP-4 own SP, other CSE"),
        pytest.param("//sp.example", "//other.example/c/C1", False, id="ACP-4 own SP, not others"),
        pytest.param("//other.example", "//other.example/c/C1", True, id="ACP-4 other SP"),
        pytest.param("//other.example", "//other.example.evil/c/C1", False, id="ACP-4 SP domain is no prefix"),
        pytest.param("//other.example", "//otherXexample/c/C1", False, id="ACP-4 dot of an SP is a dot"),
        pytest.param("//other.example", "Cae1", False, id="ACP-4 other SP, not ours"),
        pytest.param("C.e1", "Cae1", False, id="ACP-4 dot is a dot"),
        pytest.param("C.*", "Cae1", False, id="ACP-4 dot and star are no regular expression"),
        pytest.param("C.*", "C.ae1", True, id="ACP-4 dot and star"),
        pytest.param("C[a-z]*", "Cae1", False, id="ACP-4 bracket"),
        pytest.param("(Cae1|Cae2)", "Cae1", False, id="ACP-4 alternative"),
        pytest.param("^Cae1$", "Cae1", False, id="ACP-4 anchors"),
        pytest.param("Cae1\n", "Cae1", False, id="ACP-4 line end"),
        pytest.param("C*|.*", "Sae1", False, id="ACP-4 wildcard with alternative"),
        pytest.param("C\\w*", "Cae1", False, id="ACP-4 backslash"),
        pytest.param("", "Cae1", False, id="ACP-4 empty"),
        pytest.param("/banyan/", "Cae1", False, id="ACP-4 trailing slash"),
        pytest.param("1234abcd@role-issuer.com", "1234abcd@role-issuer.com", False, id="ACP-4 role-ID never"),
        pytest.param("*@role-issuer.com", "Cae1@role-issuer.com", False, id="ACP-4 role-ID with wildcard never"),
    ],
)
def test_acp_4_originators(entry: str, originator: str, expected: bool) -> None:
    assert permits({"acor": [entry], "acop": 2}, ask(originator)) is expected
    conditional = {"acor": [entry], "acop": 2, "acaf": True}
    assert permits(conditional, ask(originator, authenticated=True)) is expected


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        pytest.param("cse/friends", ["cse/friends"], id="ACP-4 group by path"),
        pytest.param("/banyan/cse/friends", ["cse/friends"], id="ACP-4 group, SP-relative"),
        pytest.param("g17", ["g17"], id="ACP-4 group by resource ID"),
        pytest.param("/cse1/g17", [], id="ACP-4 group elsewhere cannot be looked up"),
        pytest.param("Cother", [], id="ACP-4 an AE-ID is no group"),
    ],
)
def test_acp_4_membership_of_a_group_counts(entry: str, asked: list[str]) -> None:
    groups: list[str] = []

    def is_member(group: str, originator: str) -> bool:
        groups.append(group)
        return originator == "Cae1"

    rule = {"acor": [entry], "acop": 2}
    assert permits(rule, ask(is_member=is_member)) is bool(asked)
    assert groups == asked
    assert not permits(rule, ask("Cae2", is_member=is_member))


def test_acp_4_membership_is_not_looked_up_for_other_operations() -> None:
    def is_member(group: str, originator: str) -> bool:
        raise AssertionError("looked up")

    assert not permits({"acor": ["cse/friends"], "acop": 2}, ask(permission=8, is_member=is_member))


def test_acp_4_many_wildcards_cost_no_exponential_time() -> None:
    rule = {"acor": ["C" + "a*" * 2000 + "b"], "acop": 2}
    started = time.process_time()
    assert not permits(rule, ask("C" + "a" * 4000))
    assert time.process_time() - started < 5


def test_acp_4_remembered_originators_are_bounded() -> None:
    rules = compile_rules({"acr": [{"acor": ["C*1", "Cnamed"], "acop": 2}]}, IDENTITY)
    for number in range(3 * REMEMBERED):
        assert rules.mask(f"Cae{number}") == (2 if str(number).endswith("1") else 0)
    assert len(rules._masks) <= REMEMBERED + 1
    assert rules.mask("Cnamed") == 2


@pytest.mark.parametrize(
    ("entity", "absolute"),
    [
        ("Cae1", "//sp.example/banyan/Cae1"),
        ("Sae1", "//sp.example/Sae1"),
        ("/cse1", "//sp.example/cse1"),
        ("//o/c/C1", "//o/c/C1"),
    ],
)
def test_acp_4_absolute_form(entity: str, absolute: str) -> None:
    assert absolute_form(entity, IDENTITY) == absolute


def test_acp_4_exact_entries_need_no_pattern() -> None:
    assert not compile_originators(["Cae1", "/cse1", "all"], IDENTITY).has_patterns
    assert compile_originators(["//sp.example"], IDENTITY).has_patterns


BITS = {"CREATE": 1, "RETRIEVE": 2, "UPDATE": 4, "DELETE": 8, "NOTIFY": 16, "DISCOVERY": 32}


@pytest.mark.parametrize(("name", "bit"), BITS.items(), ids=[f"ACP-5 {name}" for name in BITS])
def test_acp_5_every_operation_has_its_own_bit(name: str, bit: int) -> None:
    assert getattr(Permission, name) == bit
    only = {"acor": ["all"], "acop": bit}
    assert [other for other in BITS.values() if permits(only, ask(permission=other))] == [bit]


@pytest.mark.parametrize("acop", [0, 64, 127, -1, True, "2", 2.0, None], ids=lambda value: f"ACP-5 acop {value!r}")
def test_acp_5_operations_out_of_range_allow_nothing(acop: Any) -> None:
    assert not any(permits({"acor": ["all"], "acop": acop}, ask(permission=bit)) for bit in BITS.values())


def test_acp_5_operations_of_several_rules_add_up() -> None:
    rules = compile_rules({"acr": [{"acor": ["Cae1"], "acop": 1}, {"acor": ["C*"], "acop": 2},
                                   {"acor": ["all"], "acop": 32}]}, IDENTITY)
    assert (rules.mask("Cae1"), rules.mask("Cae2"), rules.mask("Sae1")) == (35, 34, 32)


CREATE, RETRIEVE = Permission.CREATE, Permission.RETRIEVE


@pytest.mark.parametrize(
    ("details", "permission", "circumstances", "expected"),
    [
        pytest.param({"chty": [4]}, CREATE, {"child_type": 4}, True, id="ACP-7 child type"),
        pytest.param({"chty": [4, 3]}, CREATE, {"child_type": 3}, True, id="ACP-7 one of the child types"),
        pytest.param({"chty": [4]}, CREATE, {"child_type": 23}, False, id="ACP-7 other child type"),
        pytest.param({"chty": [4]}, CREATE, {}, False, id="ACP-7 child type not known"),
        pytest.param({"ty": 3, "chty": [4]}, CREATE, {"child_type": 4}, True, id="ACP-7 parent type"),
        pytest.param({"ty": 2, "chty": [4]}, CREATE, {"child_type": 4}, False, id="ACP-7 other parent type"),
        pytest.param({"ty": 3}, CREATE, {"child_type": 4}, False, id="ACP-7 no child types"),
        pytest.param({"ty": 3, "chty": []}, RETRIEVE, {}, True, id="ACP-7 target type"),
        pytest.param({"ty": 3}, RETRIEVE, {"child_type": 4}, True, id="ACP-7 child type plays no role"),
        pytest.param({"ty": 2, "chty": [3]}, RETRIEVE, {}, False, id="ACP-7 other target type"),
        pytest.param({"chty": [3]}, RETRIEVE, {}, False, id="ACP-7 no target type"),
        pytest.param({"ty": 28, "spty": {"cnd": "x.y"}}, RETRIEVE, {"target_type": 28, "specialization": "x.y"},
                     True, id="ACP-7 specialization"),
        pytest.param({"ty": 28, "spty": {"cnd": "x.y"}}, RETRIEVE, {"target_type": 28, "specialization": "x.z"},
                     False, id="ACP-7 other specialization"),
        pytest.param({"ty": 13, "spty": {"mgd": 1006}}, RETRIEVE, {"target_type": 13, "specialization": 1006},
                     True, id="ACP-7 management specialization"),
        pytest.param({"ty": 3, "spty": {"cnd": 5}}, RETRIEVE, {}, False, id="ACP-7 malformed definition"),
        pytest.param({"ty": 3, "spty": {"cnd": "a", "mgd": 1}}, RETRIEVE, {"specialization": "a"}, False,
                     id="ACP-7 two specializations"),
        pytest.param({"ty": 3, "spty": {"other": 1}}, RETRIEVE, {}, False, id="ACP-7 unknown specialization"),
        pytest.param({"ty": 3, "spty": None}, RETRIEVE, {}, False, id="ACP-7 null specialization"),
        pytest.param({"ty": "3"}, RETRIEVE, {}, False, id="ACP-7 malformed type"),
        pytest.param({"ty": True, "chty": [4]}, RETRIEVE, {"target_type": 1}, False, id="ACP-7 true is no type"),
        pytest.param({"ty": 3, "chty": 4}, RETRIEVE, {}, False, id="ACP-7 malformed child types"),
        pytest.param({"ty": 3, "later": 1}, RETRIEVE, {}, False, id="ACP-7 unknown member"),
        pytest.param([3], RETRIEVE, {}, False, id="ACP-7 no object"),
    ],
)
def test_acp_7_object_details(
    details: Any, permission: int, circumstances: dict[str, Any], expected: bool
) -> None:
    rule = {"acor": ["all"], "acop": 63, "acod": [details]}
    assert permits(rule, ask(permission=permission, **circumstances)) is expected
    also_other = {"acor": ["all"], "acop": 63, "acod": [{"ty": 99, "chty": [99]}, details]}
    assert permits(also_other, ask(permission=permission, **circumstances)) is expected


@pytest.mark.parametrize(
    ("allowed", "attributes", "expected"),
    [
        pytest.param([["lbl", "mni"]], {"lbl"}, True, id="ACP-8 listed"),
        pytest.param([["lbl", "mni"]], {"lbl", "mni"}, True, id="ACP-8 all listed"),
        pytest.param([["lbl"]], {"lbl", "acpi"}, False, id="ACP-8 one not listed"),
        pytest.param([["lbl"], ["mni"]], {"lbl", "mni"}, True, id="ACP-8 rules add up"),
        pytest.param([["lbl"], None], {"mni"}, True, id="ACP-8 a rule without attributes covers all"),
        pytest.param([["lbl"]], None, False, id="ACP-8 whole resource"),
        pytest.param([["lbl"], None], None, True, id="ACP-8 whole resource by another rule"),
        pytest.param([[]], set(), False, id="ACP-8 empty list covers nothing"),
        pytest.param([["lbl"]], set(), False, id="ACP-8 nothing touched is not covered"),
        pytest.param([["LBL"]], {"lbl"}, False, id="ACP-8 case matters"),
        pytest.param(["lbl"], {"lbl"}, False, id="ACP-8 no list"),
        pytest.param([[1, "lbl"]], {"lbl"}, False, id="ACP-8 entry is no text"),
    ],
)
def test_acp_8_attributes(allowed: list[Any], attributes: set[str] | None, expected: bool) -> None:
    rules = [{"acor": ["Cae1"], "acop": 4} | ({} if aca is None else {"aca": aca}) for aca in allowed]
    touched = None if attributes is None else frozenset(attributes)
    compiled = compile_rules({"acr": rules}, IDENTITY)
    assert compiled.permits(ask(permission=4, attributes=touched)) is expected
    assert not compiled.permits(ask("Cae2", permission=4, attributes=touched))


@pytest.mark.parametrize(("name", "bit"), BITS.items(), ids=[f"ACP-8 {name}" for name in BITS])
def test_acp_8_some_operations_touch_the_whole_resource(name: str, bit: int) -> None:
    rule = {"acor": ["all"], "acop": 63, "aca": ["lbl"]}
    touching = name in ("CREATE", "RETRIEVE", "UPDATE")
    assert permits(rule, ask(permission=bit, attributes=frozenset({"lbl"}))) is touching
