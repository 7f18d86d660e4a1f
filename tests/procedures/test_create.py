"""Section 3, create: what a CREATE must and must not carry, and what the CSE adds."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation
from resources.enumerations import STANDARD_TYPES, UNSPECIFIED_TYPES
from resources.status import Status
from tests.rig import Rig, message, only

RULE = {"acr": [{"acor": ["Cae1"], "acop": 63}]}
#: A minimal correct CREATE by type: where, root, content.
MINIMAL: dict[int, tuple[str, str, dict[str, Any]]] = {
    1: ("cse", "m2m:acp", {"pv": RULE, "pvs": RULE}),
    3: ("cse/cae1", "m2m:cnt", {}),
    4: ("cse/cae1/box", "m2m:cin", {"con": "1"}),
    9: ("cse", "m2m:grp", {"mid": [], "mnm": 1}),
    23: ("cse/cae1", "m2m:sub", {"nu": ["http://sink/a"]}),
}
MANDATORY = {1: ["pv", "pvs"], 4: ["con"], 9: ["mid", "mnm"], 23: ["nu"]}
#: Attributes that only the CSE sets, by type.
SET_BY_CSE: dict[int, dict[str, Any]] = {
    1: {}, 3: {"st": 0, "cni": 0, "cbs": 0, "li": "x"}, 4: {"st": 0, "cs": 1}, 9: {"cnm": 0, "mtv": True, "ssi": True},
    23: {},
}
EVERYWHERE = {"ty": 3, "ri": "x", "pi": "x", "ct": "20260101T000000", "lt": "20260101T000000"}
WRONG: list[tuple[int, str, Any]] = [
    (3, "mni", -1), (3, "mni", "3"), (3, "mni", 1.5), (3, "mni", True), (3, "mni", None), (3, "lbl", "a"),
    (3, "lbl", []), (3, "lbl", [""]), (3, "lbl", [1]), (3, "et", "tomorrow"), (3, "et", 5),
    (3, "et", "20271301T000000"),
    (3, "et", "20270230T000000"), (3, "disr", "true"), (3, "disr", 1), (4, "cnf", "text"), (4, "cnf", "text/plain:9"),
    (9, "mt", 77), (9, "csy", 4), (9, "mnm", 0), (23, "nct", 9), (23, "nu", []), (23, "nu", "http://a"), (1, "pv", []),
    (1, "pv", {"acr": [{"acor": ["a"], "acop": 64}]}), (1, "pvs", {}),
]


async def refused(rig: Rig, ty: int, content: dict[str, Any], status: Status = Status.BAD_REQUEST, **more: Any) -> str:
    """Send a CREATE that must be refused and leave nothing; returns the message."""
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    before = await rig.discover("cse"), only(await rig.retrieve("cse/cae1/box"))
    to = more.pop("to", MINIMAL[ty][0] if ty in MINIMAL else "cse")
    answer = await rig.create(to, ty, content, **more)
    assert answer.status == status, answer.content
    assert (await rig.discover("cse"), only(await rig.retrieve("cse/cae1/box"))) == before
    return message(answer)


@pytest.mark.parametrize("ty", sorted(UNSPECIFIED_TYPES))
async def test_cre_1_types_that_no_text_describes(rig: Rig, ty: int) -> None:
    await refused(rig, ty, {"m2m:x": {}}, Status.NOT_IMPLEMENTED)


@pytest.mark.parametrize("ty", sorted(STANDARD_TYPES))
async def test_cre_1_every_type_of_the_standard_has_a_table(rig: Rig, ty: int) -> None:
    assert rig.cse.core.registry.by_number[ty].name == STANDARD_TYPES[ty]
    answer = await rig.create("cse", ty, {"m2m:x": {}})
    assert answer.status in {Status.BAD_REQUEST, Status.OPERATION_NOT_ALLOWED, Status.INVALID_CHILD_RESOURCE_TYPE,
                             Status.TARGET_NOT_SUBSCRIBABLE}


IN_ONLY = (7, 11, 19, 20, 21, 22, 43, 44, 47, 49)


@pytest.mark.parametrize("ty", IN_ONLY)
@pytest.mark.parametrize("kind", ["MN", "ASN"])
async def test_cre_1_types_of_an_in_cse(ty: int, kind: str) -> None:
    rig = await Rig.open(cse_type=kind)
    answer = await rig.create("cse", ty, {"m2m:x": {}})
    assert answer.status == Status.OPERATION_NOT_ALLOWED
    assert set(only(await rig.retrieve("cse"))["srt"]).isdisjoint(IN_ONLY)
    await rig.close()


@pytest.mark.parametrize(("root", "content"), [
    ("m2m:mgo", {"mgd": 1006}), ("m2m:bat", {"mgd": 0, "mgs": "my/schema"}), ("m2m:bat", {"mgd": 1003}),
    ("m2m:mgo", {"mgd": False}), ("m2m:bat", {"btl": 5, "bts": 1}),
    ("m2m:meter", {"mgd": 1006}), ("m2m:nod", {"ni": "a"}),
])
async def test_mgo_1_a_root_that_is_no_known_object(rig: Rig, root: str, content: dict[str, Any]) -> None:
    await rig.made("cse", 14, {"rn": "node", "ni": "a"})
    answer = await rig.create("cse/node", 13, {root: content})
    assert answer.status == Status.BAD_REQUEST
    assert [*await rig.discover("cse/node")] == []


async def test_mgo_1_an_object_of_a_schema_of_one_s_own_is_a_named_gap(rig: Rig) -> None:
    await rig.made("cse", 14, {"rn": "node", "ni": "a"})
    answer = await rig.create("cse/node", 13, {"m2m:mgo": {"mgd": 0, "mgs": "my/schema"}})
    assert answer.status == Status.NOT_IMPLEMENTED
    assert await rig.discover("cse/node") == []


async def test_mgo_1_a_management_object(rig: Rig) -> None:
    await rig.made("cse", 14, {"rn": "node", "ni": "a"})
    answer = await rig.create("cse/node", 13, {"m2m:bat": {"mgd": 1006, "btl": 50, "bts": 1, "rn": "cell"}})
    assert answer.status == Status.CREATED
    assert only(answer)["mgd"] == 1006
    assert only(await rig.retrieve("cse/node/cell"))["btl"] == 50


@pytest.mark.parametrize("ty", [0, 33, 67, 107, 9999, 10000, 20001, 2**40])
async def test_cre_1_unknown_types(rig: Rig, ty: int) -> None:
    await refused(rig, ty, {"m2m:x": {}})


@pytest.mark.parametrize("ty", sorted(MINIMAL))
@pytest.mark.parametrize("content", [
    {"m2m:ae": {"api": "N1"}}, {"m2m:nonsense": {}}, {"cnt": {}}, {}, {"m2m:a": {}, "m2m:b": {}},
])
async def test_cre_2_the_root_matches_the_type(rig: Rig, ty: int, content: dict[str, Any]) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    answer = await rig.request(Operation.CREATE, MINIMAL[ty][0], resource_type=ty, content=content)
    assert answer.status == Status.BAD_REQUEST


@pytest.mark.parametrize("ty", sorted(MINIMAL))
@pytest.mark.parametrize("inside", [None, [], "x", 5, [{}]])
async def test_cre_2_the_root_holds_an_object(rig: Rig, ty: int, inside: Any) -> None:
    await refused(rig, ty, {MINIMAL[ty][1]: inside})


@pytest.mark.parametrize("ty", sorted(MINIMAL))
async def test_cre_3_the_minimum_is_enough(rig: Rig, ty: int) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    made = await rig.made(MINIMAL[ty][0], ty, MINIMAL[ty][2])
    assert made["ty"] == ty
    assert only(await rig.retrieve(made["ri"])) == made


@pytest.mark.parametrize(("ty", "name"), [(ty, name) for ty, names in MANDATORY.items() for name in names])
async def test_cre_3_mandatory_attributes(rig: Rig, ty: int, name: str) -> None:
    content = {key: value for key, value in MINIMAL[ty][2].items() if key != name}
    assert name in await refused(rig, ty, content)


@pytest.mark.parametrize("name", ["api", "rr", "srv"])
async def test_cre_3_mandatory_attributes_of_an_ae(rig: Rig, name: str) -> None:
    content = {"api": "N1", "rr": True, "srv": ["3"]}
    del content[name]
    assert name in await refused(rig, 2, content, fr="Cnew")


@pytest.mark.parametrize("ty", sorted(MINIMAL))
@pytest.mark.parametrize("name", ["nonsense", "maxNrOfInstances", "", "ä", "api"])
async def test_cre_3_unknown_attributes(rig: Rig, ty: int, name: str) -> None:
    await refused(rig, ty, {**MINIMAL[ty][2], name: 1})


@pytest.mark.parametrize(("ty", "name", "value"), [
    (ty, name, value) for ty in MINIMAL for name, value in {**EVERYWHERE, **SET_BY_CSE[ty]}.items()])
async def test_cre_3_attributes_that_the_cse_sets(rig: Rig, ty: int, name: str, value: Any) -> None:
    assert name in await refused(rig, ty, {**MINIMAL[ty][2], name: value})


@pytest.mark.parametrize(("ty", "name", "value"), WRONG)
async def test_cre_3_wrong_values(rig: Rig, ty: int, name: str, value: Any) -> None:
    assert name in await refused(rig, ty, {**MINIMAL[ty][2], name: value})


@pytest.mark.parametrize(("ty", "name", "value"), [
    (3, "at", ["/other"]), (3, "aa", ["mni"]), (4, "at", ["/other"]), (23, "ma", "PT1S"),
])
async def test_cre_3_attributes_of_features_that_are_missing(rig: Rig, ty: int, name: str, value: Any) -> None:
    await refused(rig, ty, {**MINIMAL[ty][2], name: value}, Status.NOT_IMPLEMENTED)


@pytest.mark.parametrize("ty", sorted(MINIMAL))
@pytest.mark.parametrize("offset", [-1e9, -1.0, 0.0])
async def test_cre_4_expiration_in_the_past(rig: Rig, ty: int, offset: float) -> None:
    assert "et" in await refused(rig, ty, {**MINIMAL[ty][2], "et": rig.at(offset)})


@pytest.mark.parametrize("ty", sorted(MINIMAL))
@pytest.mark.parametrize("wanted", [None, 10.0, 1000.0, 1e9])
async def test_cre_4_expiration_that_is_given(rig: Rig, ty: int, wanted: float | None) -> None:
    await rig.delete("Cae1")
    ae = await rig.register(et=rig.at(500))
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    to, _, content = MINIMAL[ty]
    et = None if wanted is None else rig.at(wanted)
    made = await rig.made(to, ty, content if et is None else {**content, "et": et})
    parent = only(await rig.retrieve(to))
    limit = ae["et"] if to != "cse" else rig.at(rig.cse.core.settings.max_expiration_s)
    assert made["et"] <= limit
    assert made["et"] <= parent.get("et", limit)
    if et is not None and et <= limit:
        assert made["et"] == et
    assert only(await rig.retrieve(made["ri"]))["et"] == made["et"]


@pytest.mark.parametrize("et", ["99991231T235959", "99991231T235959,999999"])
async def test_cre_4_the_local_maximum(rig: Rig, et: str) -> None:
    made = await rig.made("cse", 3, {"et": et})
    assert made["et"] <= rig.at(rig.cse.core.settings.max_expiration_s)


@pytest.mark.parametrize("ty", [3, 4, 9, 23])
async def test_cre_5_creator_on_request(rig: Rig, ty: int) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    to, _, content = MINIMAL[ty]
    assert (await rig.made(to, ty, {**content, "cr": None}, "Cae1"))["cr"] == "Cae1"
    if ty != 23:
        assert "cr" not in await rig.made(to, ty, content, "Cae1")


@pytest.mark.parametrize("ty", [3, 4, 9, 23])
@pytest.mark.parametrize("value", ["Cae1", "", 1, False, []])
async def test_cre_5_creator_with_a_value(rig: Rig, ty: int, value: Any) -> None:
    assert "cr" in await refused(rig, ty, {**MINIMAL[ty][2], "cr": value})


async def test_cre_5_types_without_creator(rig: Rig) -> None:
    assert "cr" in await refused(rig, 1, {**MINIMAL[1][2], "cr": None})
    assert (await rig.create("cse", 2, {"api": "N1", "rr": True, "srv": ["3"], "cr": None}, "Cnew")).status \
        == Status.BAD_REQUEST


@pytest.mark.parametrize("ty", sorted(MINIMAL))
async def test_cre_6_what_the_cse_adds(rig: Rig, ty: int) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    before = rig.now
    made = await rig.made(MINIMAL[ty][0], ty, MINIMAL[ty][2])
    assert before < made["ct"] == made["lt"] <= rig.now
    assert made["rn"]
    assert only(await rig.retrieve(f"{MINIMAL[ty][0]}/{made['rn']}")) == made
    if ty == 3:
        assert made["st"] == made["cni"] == made["cbs"] == 0
    other = await rig.made(MINIMAL[ty][0], ty, MINIMAL[ty][2])
    assert other["rn"] != made["rn"]
    assert other["ri"] != made["ri"]


async def test_cre_7_counters_of_the_parent(rig: Rig) -> None:
    box = await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": "äb"}, "Cae1")
    after = only(await rig.retrieve("cse/cae1/box"))
    assert (after["cni"], after["cbs"], after["st"]) == (1, 3, 1)
    assert after["lt"] > box["lt"], "the counters are attributes of the parent"
    assert after["ct"] == box["ct"]
    await rig.made("cse/cae1/box", 3, {"rn": "in"}, "Cae1")
    again = only(await rig.retrieve("cse/cae1/box"))
    assert again == after, "a child that is no instance changes no attribute of its parent"


@pytest.mark.parametrize(("ty", "name", "value"), [(3, "disr", False), (9, "mt", 0), (9, "csy", 1), (9, "cnm", 0)])
async def test_cre_8_defaults(rig: Rig, ty: int, name: str, value: Any) -> None:
    made = await rig.made(MINIMAL[ty][0], ty, MINIMAL[ty][2])
    assert made.get(name, value) == value
    if name != "disr":
        assert name in made


@pytest.mark.parametrize("ty", [3, 9, 23])
async def test_cre_9_policies_of_a_new_resource(rig: Rig, ty: int) -> None:
    await refused(rig, ty, {**MINIMAL[ty][2], "acpi": []})
    await rig.made("cse", 1, {"rn": "p", **MINIMAL[1][2]})
    made = await rig.made(MINIMAL[ty][0], ty, {**MINIMAL[ty][2], "acpi": ["cse/p"]})
    assert made["acpi"] == ["cse/p"]
    assert (await rig.retrieve(made["ri"], "Cae1")).status == Status.OK


@pytest.mark.parametrize("ty", [1, 4])
async def test_cre_9_types_without_policies(rig: Rig, ty: int) -> None:
    await refused(rig, ty, {**MINIMAL[ty][2], "acpi": ["cse/p"]})


async def test_cre_9_a_policy_that_is_not_there_grants_nothing(rig: Rig) -> None:
    made = await rig.made("cse/cae1", 3, {"rn": "c", "acpi": ["cse/nothing"]}, "Cae1")
    assert made["acpi"] == ["cse/nothing"]
    assert (await rig.retrieve("cse/cae1/c", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize("ty", sorted(MINIMAL))
async def test_cre_3_nothing_is_created_without_the_right(rig: Rig, ty: int) -> None:
    await rig.register("Cae2")
    await rig.made("cse/cae1", 3, {"rn": "p"}, "Cae1")
    if MINIMAL[ty][0] != "cse":
        await refused(rig, ty, MINIMAL[ty][2], Status.ORIGINATOR_HAS_NO_PRIVILEGE, fr="Cae2")
