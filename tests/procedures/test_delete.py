"""Section 3, delete: what goes, what is told, what stays."""

from __future__ import annotations

from typing import Any

import pytest

from cse import expiration
from cse.primitive import FilterCriteria
from resources.status import Status
from tests.rig import Rig, only


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """``cse/cae1/box/in`` with instances at both levels."""
    await rig.made("cse/cae1", 3, {"rn": "box", "lbl": ["a"]}, "Cae1")
    await rig.made("cse/cae1/box", 3, {"rn": "in"}, "Cae1")
    for number in range(3):
        await rig.made("cse/cae1/box", 4, {"rn": f"i{number}", "con": "x" * number}, "Cae1")
        await rig.made("cse/cae1/box/in", 4, {"con": "x"}, "Cae1")
    return rig


async def test_del_1_all_below_goes(tree: Rig) -> None:
    everything = {to: only(await tree.retrieve(to))["ri"] for to in await tree.discover("cse/cae1")}
    assert len(everything) == 8
    assert (await tree.delete("cse/cae1", "Cae1")).status == Status.DELETED
    for to, ri in everything.items():
        assert (await tree.retrieve(to)).status == Status.NOT_FOUND
        assert (await tree.retrieve(ri)).status == Status.NOT_FOUND
    assert await tree.discover("cse", ty=[2, 3, 4]) == []
    assert await tree.cse.core.committer.store.expired("99", 10) == []


async def test_del_1_siblings_stay(tree: Rig) -> None:
    before = only(await tree.retrieve("cse/cae1/box"))
    assert (await tree.delete("cse/cae1/box/in", "Cae1")).status == Status.DELETED
    after = only(await tree.retrieve("cse/cae1/box"))
    assert (after["cni"], after["cbs"], after["st"]) == (before["cni"], before["cbs"], before["st"])
    assert await tree.discover("cse/cae1/box") == [f"cse/cae1/box/i{number}" for number in range(3)]


async def test_del_1_counters_of_the_parent(tree: Rig) -> None:
    before = only(await tree.retrieve("cse/cae1/box"))
    assert (before["cni"], before["cbs"]) == (3, 3)
    assert (await tree.delete("cse/cae1/box/i2", "Cae1")).status == Status.DELETED
    after = only(await tree.retrieve("cse/cae1/box"))
    assert (after["cni"], after["cbs"]) == (2, 1)
    assert (await tree.delete("cse/cae1/box/i2", "Cae1")).status == Status.NOT_FOUND
    assert only(await tree.retrieve("cse/cae1/box")) == after


async def test_del_1_subscribers_are_told(tree: Rig) -> None:
    await tree.made("cse/cae1", 23, {"rn": "s1", "nu": ["http://sink/4"], "enc": {"net": [4]}}, "Cae1")
    await tree.made("cse/cae1/box", 23, {"rn": "s2", "nu": ["http://sink/2"], "enc": {"net": [2]}}, "Cae1")
    await tree.made("cse/cae1/box/in", 23, {"rn": "s3", "nu": ["http://sink/in"], "enc": {"net": [2]}}, "Cae1")
    shown = only(await tree.delete("cse/cae1/box", "Cae1", result_content=1))
    for url, net in (("http://sink/4", 4), ("http://sink/2", 2)):
        (content,) = tree.sink.contents(url)
        assert content["m2m:sgn"]["nev"] == {"rep": {"m2m:cnt": shown}, "net": net}
    assert len(tree.sink.contents("http://sink/in")) == 1


async def test_del_1_names_and_stems_are_free_again(tree: Rig) -> None:
    old = only(await tree.retrieve("cse/cae1/box"))
    await tree.delete("Cae1", "Cae1")
    await tree.register()
    new = await tree.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    assert new["ri"] != old["ri"]
    assert (new["cni"], new["cbs"]) == (0, 0)
    assert (await tree.retrieve("cse/cae1/box/la")).status == Status.NOT_FOUND


@pytest.mark.parametrize("to", ["cse/cae1/box", "cse/cae1/box/i1", "cse/cae1/box/la", "cse/cae1"])
async def test_del_1_nothing_goes_without_the_right(tree: Rig, to: str) -> None:
    await tree.register("Cae2")
    before = await tree.discover("cse")
    assert (await tree.delete(to, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await tree.discover("cse") == before


async def test_del_1_a_content_is_refused(tree: Rig) -> None:
    assert (await tree.delete("cse/cae1/box", "Cae1", content={"m2m:cnt": {}})).status == Status.BAD_REQUEST
    assert only(await tree.retrieve("cse/cae1/box"))["rn"] == "box"


async def test_del_2_expiry_is_a_deletion(tree: Rig) -> None:
    await tree.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/4"], "enc": {"net": [4]}}, "Cae1")
    made = await tree.made("cse/cae1", 3, {"rn": "short", "et": tree.at(100)}, "Cae1")
    await tree.made("cse/cae1/short", 4, {"rn": "i", "con": "1"}, "Cae1")
    await tree.clock.advance(99)
    assert (await tree.retrieve("cse/cae1/short")).status == Status.OK
    await tree.clock.advance(2)
    assert (await tree.retrieve("cse/cae1/short")).status == Status.NOT_FOUND
    await tree.clock.advance(10)
    assert made["ri"] not in tree.cse.core.tree.by_id
    (content,) = tree.sink.contents("http://sink/4")
    assert content["m2m:sgn"]["nev"]["rep"]["m2m:cnt"]["ri"] == made["ri"]
    await tree.made("cse/cae1", 3, {"rn": "short"}, "Cae1")


async def test_del_2_an_instance_that_expires_is_counted_out(tree: Rig) -> None:
    await tree.made("cse/cae1/box", 4, {"rn": "short", "con": "xxxx", "et": tree.at(10)}, "Cae1")
    tree.clock.now += 11
    assert only(await tree.retrieve("cse/cae1/box/la"))["rn"] == "i2"
    assert await expiration.sweep(tree.cse.core) == 1
    box = only(await tree.retrieve("cse/cae1/box"))
    assert (box["cni"], box["cbs"]) == (3, 3)


@pytest.mark.parametrize(("to", "conditions", "status"), [
    ("cse/cae1/box", {"lbl": ["no"]}, Status.NOT_FOUND), ("cse/cae1/box", {"lbl": ["a"]}, Status.DELETED),
    ("cse/cae1/box/i1", {"sza": [2]}, Status.NOT_FOUND), ("cse/cae1/box/i1", {"sza": [1]}, Status.DELETED),
    ("cse/cae1/box/la", {"sza": [3]}, Status.NOT_FOUND), ("cse/cae1/box/la", {"sza": [2]}, Status.DELETED),
])
async def test_del_3_a_deletion_under_a_condition(tree: Rig, to: str, conditions: dict[str, Any],
                                                  status: Status) -> None:
    before = await tree.discover("cse")
    assert (await tree.delete(to, "Cae1", filter_criteria=FilterCriteria(conditions))).status == status
    assert (await tree.discover("cse") == before) is (status == Status.NOT_FOUND)


@pytest.mark.parametrize("conditions", [{"ty": [4]}, {"atr": [("rn", "i1")]}, {"lbl": ["nothing"]}, {"ty": [3]}])
async def test_del_3_all_that_match_go_and_the_target_stays(tree: Rig, conditions: dict[str, Any]) -> None:
    found = set(await tree.discover("cse/cae1", "Cae1", **conditions))
    before = set(await tree.discover("cse"))
    criteria = FilterCriteria(conditions, usage=4)
    answer = await tree.delete("cse/cae1", "Cae1", filter_criteria=criteria, result_content=6)
    assert answer.status == Status.DELETED, answer.content
    assert answer.content is not None
    assert {one["val"] for one in answer.content["m2m:rrl"]["rrf"]} <= found
    left = {one for one in before if not any(one == gone or one.startswith(f"{gone}/") for gone in found)}
    assert set(await tree.discover("cse")) == left
    if "cse/cae1/box" in left:
        instances = await tree.discover("cse/cae1/box", ty=[4])
        assert only(await tree.retrieve("cse/cae1/box"))["cni"] == sum(one.count("/") == 3 for one in instances)


async def test_del_3_what_may_not_be_deleted_stays(tree: Rig) -> None:
    await tree.register("Cae2")
    rules = {"acr": [{"acor": ["Cae2"], "acop": 32}]}
    await tree.made("cse", 1, {"rn": "seen", "pv": rules, "pvs": rules})
    for to, root in (("cse/cae1", "m2m:ae"), ("cse/cae1/box", "m2m:cnt")):
        await tree.update(to, {root: {"acpi": ["cse/seen"]}})
    before = await tree.discover("cse")
    answer = await tree.delete("cse/cae1", "Cae2", filter_criteria=FilterCriteria({}, usage=4), result_content=6)
    assert answer.content == {"m2m:rrl": {"rrf": []}}
    await tree.register("Cae3")
    answer = await tree.delete("cse/cae1", "Cae3", filter_criteria=FilterCriteria({}, usage=4))
    assert answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert [one for one in await tree.discover("cse") if one != "cse/cae3"] == before


async def test_del_3_as_many_as_the_limit_allows(tree: Rig) -> None:
    criteria = FilterCriteria({"ty": [4]}, usage=4, limit=1)
    answer = await tree.delete("cse/cae1", "Cae1", filter_criteria=criteria)
    assert (answer.status, answer.content, answer.content_status) == (Status.DELETED, None, 1)


@pytest.mark.parametrize(("usage", "rcn"), [(1, None), (3, None), (4, 1), (4, 4), (4, 5), (4, 8)])
async def test_del_3_usages_and_results_that_are_none(tree: Rig, usage: int, rcn: int | None) -> None:
    before = await tree.discover("cse")
    answer = await tree.delete("cse/cae1", "Cae1", filter_criteria=FilterCriteria(usage=usage), result_content=rcn)
    assert answer.status == Status.BAD_REQUEST
    assert await tree.discover("cse") == before
    update = {"m2m:cnt": {"lbl": ["x"]}}
    for instead in (tree.update("cse/cae1/box", update, filter_criteria=FilterCriteria(usage=usage)),
                    tree.retrieve("cse/cae1/box", fc=FilterCriteria(usage=4))):
        assert (await instead).status == Status.BAD_REQUEST
