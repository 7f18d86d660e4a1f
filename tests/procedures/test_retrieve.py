"""Section 3, retrieve: whole, in part, under a condition."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation
from resources.status import Status
from tests.rig import Rig, only

RULE = {"acr": [{"acor": ["Cae1"], "acop": 63}]}


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """``cse/cae1/box`` with an instance, a group, a policy and a subscription."""
    await rig.made("cse/cae1", 3, {"rn": "box", "lbl": ["a", "b"]}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "i", "con": "1", "lbl": ["x"]}, "Cae1")
    await rig.made("cse/cae1", 9, {"rn": "g", "mid": [], "mnm": 1}, "Cae1")
    await rig.made("cse/cae1", 1, {"rn": "p", "pv": RULE, "pvs": RULE}, "Cae1")
    await rig.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/a"]}, "Cae1")
    return rig


ALL = ["cse", "cse/cae1", "cse/cae1/box", "cse/cae1/box/i", "cse/cae1/g", "cse/cae1/p", "cse/cae1/s"]


@pytest.mark.parametrize("to", ALL)
async def test_ret_1_the_whole_resource(tree: Rig, to: str) -> None:
    shown = only(await tree.retrieve(to))
    assert shown.keys() >= {"ty", "ri", "pi", "rn", "ct", "lt"}
    assert shown["rn"] == to.rpartition("/")[2]
    assert only(await tree.retrieve(to, rcn=1)).keys() == shown.keys()


@pytest.mark.parametrize("to", ALL)
@pytest.mark.parametrize("form", ["atrl", "content", "fragment"])
async def test_ret_1_one_attribute(tree: Rig, to: str, form: str) -> None:
    whole = await tree.retrieve(to)
    assert whole.content is not None
    (root,) = whole.content
    if form == "atrl":
        answer = await tree.retrieve(to, attribute_list=["rn"])
    elif form == "content":
        answer = await tree.retrieve(to, content={"m2m:atrl": ["rn"]})
    else:
        answer = await tree.retrieve(f"{to}#rn")
    assert answer.content == {root: {"rn": to.rpartition("/")[2]}}


async def test_ret_1_several_attributes_in_any_order(tree: Rig) -> None:
    whole = only(await tree.retrieve("cse/cae1/box"))
    for names in (["ri", "lbl"], ["lbl", "ri"], ["ri", "ri"]):
        assert only(await tree.retrieve("cse/cae1/box", attribute_list=names)) == {name: whole[name] for name in names}


@pytest.mark.parametrize("to", ["cse/cae1/box", "cse/cae1/box/la", "cse/cae1"])
async def test_ret_1_unknown_attributes(tree: Rig, to: str) -> None:
    assert (await tree.retrieve(to, attribute_list=["nonsense"])).status == Status.BAD_REQUEST
    assert (await tree.retrieve(to, attribute_list=["rn", "nonsense"])).status == Status.BAD_REQUEST
    assert (await tree.retrieve(f"{to}#nonsense")).status == Status.BAD_REQUEST
    assert (await tree.retrieve(f"{to}#")).status == Status.BAD_REQUEST


async def test_ret_1_a_known_attribute_that_is_not_there(tree: Rig) -> None:
    assert only(await tree.retrieve("cse/cae1/box", attribute_list=["mni", "rn"])) == {"rn": "box"}
    assert only(await tree.retrieve("cse/cae1/box", attribute_list=["mni"])) == {}


@pytest.mark.parametrize("content", [{"m2m:atrl": []}, {"m2m:atrl": "rn"}, {"m2m:atrl": [1]}, {"m2m:cnt": {}}, {},
                                     {"m2m:atrl": ["rn"], "m2m:x": 1}, {"m2m:atrl": None}])
async def test_ret_1_any_other_content(tree: Rig, content: dict[str, Any]) -> None:
    assert (await tree.retrieve("cse/cae1/box", content=content)).status == Status.BAD_REQUEST


@pytest.mark.parametrize("operation", [Operation.UPDATE, Operation.DELETE, Operation.CREATE])
async def test_ret_1_an_attribute_is_only_retrieved(tree: Rig, operation: Operation) -> None:
    content: dict[str, Any] | None = None if operation is Operation.DELETE else {"m2m:cnt": {}}
    ty = 3 if operation is Operation.CREATE else None
    answer = await tree.request(operation, "cse/cae1/box#lbl", content=content, resource_type=ty)
    assert answer.status == Status.BAD_REQUEST
    assert only(await tree.retrieve("cse/cae1/box"))["lbl"] == ["a", "b"]


async def test_ret_1_a_policy_for_attributes_covers_the_partial_retrieve_in_every_form(tree: Rig) -> None:
    await tree.register("Cae2")
    rule = {"acr": [{"acor": ["Cae2"], "acop": 2, "aca": ["lbl"]}, {"acor": ["Cae1"], "acop": 63}]}
    policy = await tree.create("cse/cae1", 1, {"rn": "q", "pv": rule, "pvs": RULE}, "Cae1")
    assert policy.status == Status.CREATED, policy.content
    await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": ["cse/cae1/q"]}})
    for asked, status in (({"content": {"m2m:atrl": ["lbl"]}}, Status.OK), ({"attribute_list": ["lbl"]}, Status.OK),
                          ({}, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
                          ({"content": {"m2m:atrl": ["lbl", "ri"]}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE)):
        assert (await tree.retrieve("cse/cae1/box", "Cae2", **asked)).status == status
    assert only(await tree.retrieve("cse/cae1/box#lbl", "Cae2")) == {"lbl": ["a", "b"]}


@pytest.mark.parametrize("usage", [None, 2])
@pytest.mark.parametrize("rcn", [None, 1, 4, 5, 6, 8])
async def test_ret_2_the_target_must_match(tree: Rig, usage: int | None, rcn: int | None) -> None:
    for label, status in (("a", Status.OK), ("no", Status.NOT_FOUND)):
        answer = await tree.retrieve("cse/cae1/box", rcn=rcn, fc=FilterCriteria({"lbl": [label]}, usage=usage))
        assert answer.status == status
        answer = await tree.retrieve("cse/cae1/box", fc=FilterCriteria({"lbl": [label]}, usage=usage),
                                     attribute_list=["ri"])
        assert answer.status == status


@pytest.mark.parametrize("to", ["cse/cae1/box/i", "cse/cae1/box/la", "cse/cae1/box/ol"])
async def test_ret_2_instances_under_a_condition(tree: Rig, to: str) -> None:
    for label, status in (("x", Status.OK), ("a", Status.NOT_FOUND)):
        assert (await tree.retrieve(to, fc=FilterCriteria({"lbl": [label]}))).status == status
        assert (await tree.retrieve(to, fc=FilterCriteria({"lbl": [label]}), attribute_list=["con"])).status == status


async def test_ret_2_descendants_must_match_too(tree: Rig) -> None:
    await tree.made("cse/cae1/box", 3, {"rn": "in", "lbl": ["a"]}, "Cae1")
    await tree.made("cse/cae1/box", 3, {"rn": "out", "lbl": ["c"]}, "Cae1")
    answer = await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria({"lbl": ["a"]}))
    assert answer.content is not None
    assert [one["nm"] for one in answer.content["m2m:rrl"]["rrf"]] == ["in"]


async def test_ret_2_an_expired_resource_is_not_there(tree: Rig) -> None:
    made = await tree.made("cse/cae1", 3, {"rn": "short", "et": tree.at(10)}, "Cae1")
    instance = await tree.made("cse/cae1/short", 4, {"rn": "i", "con": "1"}, "Cae1")
    tree.clock.now += 11
    for to in ("cse/cae1/short", made["ri"], "cse/cae1/short/i", instance["ri"], "cse/cae1/short/la"):
        assert (await tree.retrieve(to)).status == Status.NOT_FOUND
    assert "cse/cae1/short" not in await tree.discover("cse")
    assert "cse/cae1/short/i" not in await tree.discover("cse")
    answer = await tree.retrieve("cse/cae1", rcn=6)
    assert answer.content is not None
    assert "short" not in [one["nm"] for one in answer.content["m2m:rrl"]["rrf"]]
