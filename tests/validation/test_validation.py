"""Representation checks: rules CRE-2 to CRE-9 and UPD-1 to UPD-3."""

from __future__ import annotations

from typing import Any

import pytest

from cse.validation import Validator
from resources.errors import BadRequest
from resources.model import Optionality, ResourceType
from resources.registry import Registry
from resources.status import Status

REGISTRY = Registry.default()
VALIDATOR = Validator(REGISTRY)
RULES = {"acr": [{"acor": ["all"], "acop": 63}]}


def create(kind: str, given: dict[str, Any]) -> None:
    VALIDATOR.create(REGISTRY.by_short[kind], given)


def update(kind: str, given: dict[str, Any]) -> None:
    VALIDATOR.update(REGISTRY.by_short[kind], given)


def refusal(operation: Any, kind: str, given: dict[str, Any]) -> str:
    with pytest.raises(BadRequest) as problem:
        operation(kind, given)
    assert problem.value.status is Status.BAD_REQUEST
    return problem.value.message


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("cin", {"con": "12.3"}),
        ("cin", {"con": {"any": [1, None]}, "cnf": "application/json:0", "rn": "c1", "lbl": ["a:b"], "cr": None}),
        ("cnt", {}),
        ("cnt", {"rn": "c", "mni": 10, "mbs": 0, "mia": 60, "disr": True, "acpi": ["acp1"], "et": "20300101T000000"}),
        ("ae", {"api": "N.app", "rr": False, "srv": ["3"], "poa": ["http://10.0.0.1:80"]}),
        ("acp", {"pv": {}, "pvs": RULES}),
        ("sub", {"nu": ["Cae"], "enc": {"net": [3]}, "nct": 1, "bn": {"num": 2, "dur": "PT1S"}}),
        ("grp", {"mid": [], "mnm": 5, "mt": 0, "csy": 3}),
    ],
)
def test_correct_creates_pass(kind: str, given: dict[str, Any]) -> None:
    create(kind, given)


@pytest.mark.parametrize(
    ("kind", "content"), [("cnt", {"m2m:cnt": {"mni": 1}}), ("cb", {"m2m:cb": {}}), ("cin", {"m2m:cin": {"con": 1}})]
)
def test_cre_2_the_root_element_of_the_type(kind: str, content: dict[str, Any]) -> None:
    (given,) = content.values()
    assert VALIDATOR.root_of(REGISTRY.by_short[kind], content) is given


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "pc: expected exactly one root element 'm2m:cnt', got 0"),
        ({"m2m:cnt": {}, "m2m:ae": {}}, "pc: expected exactly one root element 'm2m:cnt', got 2"),
        (
            {"m2m:ae": {}},
            "pc: root element 'm2m:ae' of AE does not match; expected 'm2m:cnt' of container (ty 3)",
        ),
        ({"cnt": {}}, "pc: root element 'cnt' does not match; expected 'm2m:cnt' of container (ty 3)"),
        ({"m2m:cnt": []}, "m2m:cnt: expected an object with the attributes, got an array of 0"),
        ({"m2m:cnt": None}, "m2m:cnt: expected an object with the attributes, got null"),
    ],
)
def test_cre_2_another_root_element_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as problem:
        VALIDATOR.root_of(REGISTRY.by_short["cnt"], content)
    assert problem.value.message == message


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("cnt", {"mnni": 3}, "'mnni' is no attribute of container; did you mean mni"),
        ("cnt", {"creationTime": 3}, "'creationTime' is no attribute of container; the short name of it is 'ct'"),
        ("cnt", {"con": "x"}, "'con' is no attribute of container; did you mean"),
        ("cnt", {"": 1}, "'' is no attribute of container; known are "),
        ("cin", {"con": "x", "acpi": ["a"]}, "'acpi' is no attribute of contentInstance"),
        ("cin", {"con": "x", "q" * 10_000: 1}, "'qqq"),
    ],
)
def test_cre_3_an_unknown_attribute_names_the_nearest(kind: str, given: dict[str, Any], message: str) -> None:
    text = refusal(create, kind, given)
    assert text.startswith(message)
    assert len(text) < 400


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("cnt", {"cni": 0}, "cni: currentNrOfInstances of container cannot be given in a CREATE; the CSE sets it"),
        ("cnt", {"ri": "x"}, "ri: resourceID of container cannot be given in a CREATE; the CSE sets it"),
        ("cnt", {"st": 1}, "st: stateTag of container"),
        ("cin", {"con": "x", "cs": 1}, "cs: contentSize of contentInstance"),
        ("grp", {"mid": [], "mnm": 1, "mtv": True}, "mtv: memberTypeValidated of group"),
        ("cb", {"lbl": ["x"]}, "lbl: labels of CSEBase"),
    ],
)
def test_cre_3_what_the_cse_sets_cannot_be_given(kind: str, given: dict[str, Any], message: str) -> None:
    assert refusal(create, kind, given).startswith(message)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("cin", {}, "con: content is missing; a CREATE of contentInstance must have it"),
        ("ae", {"rr": True, "srv": ["3"]}, "api: App-ID is missing"),
        ("ae", {"api": "Na", "srv": ["3"]}, "rr: requestReachability is missing"),
        ("ae", {"api": "Na", "rr": True}, "srv: supportedReleaseVersions is missing"),
        ("acp", {"pv": {}}, "pvs: selfPrivileges is missing"),
        ("sub", {}, "nu: notificationURI is missing"),
        ("grp", {"mid": []}, "mnm: maxNrOfMembers is missing"),
    ],
)
def test_cre_3_mandatory_attributes(kind: str, given: dict[str, Any], message: str) -> None:
    assert refusal(create, kind, given).startswith(message)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("cnt", {"mni": "10"}, "mni: expected a whole number >= 0, got '10'"),
        ("cnt", {"mni": -1}, "mni: expected a whole number >= 0, got -1"),
        ("cnt", {"mni": True}, "mni: expected a whole number >= 0, got true"),
        ("cnt", {"disr": 1}, "disr: expected true or false, got 1"),
        ("cnt", {"rn": "a/b"}, "rn: expected a name of letters, digits and - . _, got 'a/b'"),
        ("cnt", {"lbl": "a"}, "lbl: expected an array of xs:token with 1..n entries, got 'a'"),
        ("cnt", {"et": "2030-01-01"}, "et: expected a UTC time"),
        ("cnt", {"loc": {"typ": 1}}, "loc: crd is missing"),
        ("cin", {"con": "x", "cnf": "plain"}, "cnf: expected media type"),
        ("ae", {"api": "x.app"}, "api: expected an App-ID: N, R or r, then letters, digits and - . _, got 'x.app'"),
        ("acp", {"pv": {"acr": [{"acor": ["a"], "acop": 99}]}}, "pv.acr[0].acop: expected a whole number 1..63 ("),
        ("sub", {"nu": ["a"], "enc": {"net": [0]}}, "enc.net[0]: expected one of 1 Update_of_Resource"),
        ("sub", {"nu": ["a"], "exc": 0}, "exc: expected a whole number >= 1, got 0"),
        ("grp", {"mt": 99999}, "mt: expected a number of m2m:memberType, got 99999"),
    ],
)
def test_cre_3_wrong_values_are_named_with_their_place(kind: str, given: dict[str, Any], message: str) -> None:
    assert refusal(create, kind, given).startswith(message)


@pytest.mark.parametrize(("kind", "given"), [("cnt", {"mni": None}), ("cnt", {"lbl": None}), ("cin", {"con": None})])
def test_cre_3_null_is_for_updates(kind: str, given: dict[str, Any]) -> None:
    assert refusal(create, kind, given).endswith("got null; null has a meaning in an UPDATE only")


@pytest.mark.parametrize("value", ["Cae1", "", [], False])
def test_cre_5_the_creator_can_only_be_asked_for(value: object) -> None:
    assert refusal(create, "cnt", {"cr": value}).startswith("cr: expected null (the CSE fills in the originator), got ")
    create("cnt", {"cr": None})


@pytest.mark.parametrize("kind", ["ae", "acp"])
def test_cre_5_a_type_without_creator_refuses_it(kind: str) -> None:
    assert refusal(create, kind, {"cr": None}).startswith("'cr' is no attribute of ")


def test_cre_8_defaults_of_what_every_resource_has() -> None:
    defaults = {type_.short: dict(VALIDATOR.defaults(type_)) for type_ in REGISTRY.types}
    assert defaults["cnt"] == {"st": 0, "cni": 0, "cbs": 0}
    assert defaults["grp"] == {"mt": 0, "csy": 1}
    assert defaults["sub"] == {"nct": 1}
    assert defaults["ae"] == {}
    assert defaults["cb"] == {"pi": ""}


def test_cre_9_policies_cannot_be_an_empty_list() -> None:
    message = "acpi: expected an array of m2m:ID with 1..n entries, got an array of 0"
    assert refusal(create, "cnt", {"acpi": []}) == message
    assert refusal(update, "cnt", {"acpi": []}) == message


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("cnt", {"mni": 3, "lbl": None, "disr": None}),
        ("cnt", {"acpi": ["acp1"]}),
        ("cnt", {"acpi": None}),
        ("cnt", {"et": "20300101T000000"}),
        ("sub", {"enc": None, "nu": ["Cae"], "nct": 3}),
        ("grp", {"mid": ["a"], "gn": "n"}),
        ("cnt", {}),
    ],
)
def test_correct_updates_pass(kind: str, given: dict[str, Any]) -> None:
    update(kind, given)


@pytest.mark.parametrize(
    ("kind", "short"), [("ae", "rr"), ("acp", "pv"), ("acp", "pvs"), ("sub", "nu"), ("sub", "nct"), ("grp", "mnm")]
)
def test_upd_1_what_every_resource_has_cannot_be_removed(kind: str, short: str) -> None:
    assert refusal(update, kind, {short: None}).startswith(f"{short}: ")


def test_upd_1_null_lets_the_cse_choose_an_expiration_time() -> None:
    for kind in ("ae", "cnt", "acp", "sub", "grp"):
        update(kind, {"et": None})


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("cnt", {"ct": "20260101T000000"}, "ct: creationTime of container cannot be given in an UPDATE; the CSE sets"),
        ("cnt", {"rn": "new"}, "rn: resourceName of container cannot be given in an UPDATE; it is set at"),
        ("cnt", {"cr": None}, "cr: creator of container cannot be given in an UPDATE"),
        ("ae", {"api": "Nnew"}, "api: App-ID of AE cannot be given in an UPDATE"),
        ("grp", {"mt": 3}, "mt: memberType of group cannot be given in an UPDATE; it is set at creation only"),
        ("grp", {"csy": None}, "csy: consistencyStrategy of group"),
        ("cin", {"con": "y"}, "con: content of contentInstance"),
        ("cnt", {"mxi": None}, "'mxi' is no attribute of container; did you mean"),
        ("cnt", {"mni": -2}, "mni: expected a whole number >= 0, got -2"),
        ("acp", {"pvs": {"acr": [{}]}}, "pvs.acr[0]: acor is missing"),
    ],
)
def test_upd_2_what_an_update_cannot_carry(kind: str, given: dict[str, Any], message: str) -> None:
    assert refusal(update, kind, given).startswith(message)


def test_upd_3_policies_are_updated_alone() -> None:
    message = "acpi: must be the only attribute of an UPDATE; leave out 'lbl', 'mni'"
    assert refusal(update, "cnt", {"lbl": ["a"], "acpi": ["acp1"], "mni": 1}) == message
    assert refusal(update, "cnt", {"acpi": None, "et": None}).startswith("acpi: must be the only attribute")


#: Without the device models, which are alike.
TYPES = [type_ for type_ in REGISTRY.types if type_.discriminator is None or type_.discriminator[0] != "cnd"]
EVERY_TYPE = [pytest.param(type_, id=type_.name) for type_ in TYPES]


@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_cre_3_and_upd_2_no_type_takes_what_is_not_to_be_given(type_: ResourceType) -> None:
    for row in type_.attributes:
        for operation, optionality in ((VALIDATOR.create, row.create), (VALIDATOR.update, row.update)):
            if optionality is Optionality.FORBIDDEN:
                for value in (1, "x", None):
                    with pytest.raises(BadRequest, match=f"^{row.short}: .* cannot be given"):
                        operation(type_, {row.short: value})


@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_upd_1_of_no_type_null_removes_what_is_always_there(type_: ResourceType) -> None:
    for row in type_.attributes:
        if row.update is Optionality.FORBIDDEN:
            continue
        if row.single and row.short != "et":
            with pytest.raises(BadRequest, match="null cannot remove it"):
                VALIDATOR.update(type_, {row.short: None})
        else:
            VALIDATOR.update(type_, {row.short: None})


@pytest.mark.parametrize("type_", [pytest.param(type_, id=type_.name) for type_ in TYPES
                                   if "cr" in type_.by_short
                                   and type_.by_short["cr"].create is not Optionality.FORBIDDEN])
def test_cre_5_of_every_type_the_creator_comes_as_null(type_: ResourceType) -> None:
    for value in ("Cae1", "", 0, False):
        with pytest.raises(BadRequest, match="cr: expected null"):
            VALIDATOR.create(type_, {"cr": value})
