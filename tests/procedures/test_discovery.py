"""Section 5, discovery: where it looks, what it leaves out, limits and relative paths."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse import instances
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import Rig, only


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """Containers ``c1`` … ``c3`` under ``cse/cae1``, each with two instances; in the first a container."""
    for number in (1, 2, 3):
        await rig.made("cse/cae1", 3, {"rn": f"c{number}", "lbl": [f"l{number}"]}, "Cae1")
        for con in ("a", "b"):
            await rig.made(f"cse/cae1/c{number}", 4, {"rn": con, "con": con}, "Cae1")
    await rig.made("cse/cae1/c1", 3, {"rn": "in"}, "Cae1")
    return rig


ALL = {"c1", "c1/a", "c1/b", "c1/in", "c2", "c2/a", "c2/b", "c3", "c3/a", "c3/b"}


async def search(rig: Rig, to: str = "cse/cae1", fr: str = "Cae1", **handling: Any) -> ResponsePrimitive:
    """Send a discovery."""
    conditions = handling.pop("conditions", {})
    return await rig.retrieve(to, fr, fc=FilterCriteria(conditions, usage=1, **handling))


def found(response: ResponsePrimitive) -> list[str]:
    """Addresses below the AE."""
    assert response.status == Status.OK, response.content
    assert response.content is not None
    return [address.removeprefix("cse/cae1/") for address in response.content["m2m:uril"]]


async def test_dis_1_all_descendants_without_the_target(tree: Rig) -> None:
    assert set(found(await search(tree))) == ALL
    assert set(found(await search(tree, "cse/cae1/c1"))) == {"c1/a", "c1/b", "c1/in"}
    assert "cse" not in await tree.discover("cse")
    assert "cse/cae1" in await tree.discover("cse")
    assert found(await search(tree, "cse/cae1/c1/a")) == []
    assert found(await search(tree, "cse/cae1/c1/la")) == []


async def test_dis_1_no_resource_twice(tree: Rig) -> None:
    everything = await tree.discover("cse")
    assert len(everything) == len(set(everything))


@pytest.mark.parametrize(("level", "expected"), [
    (1, {"c1", "c2", "c3"}), (2, ALL), (3, ALL), (100, ALL)])
async def test_dis_1_level(tree: Rig, level: int, expected: set[str]) -> None:
    assert set(found(await search(tree, level=level))) == expected


async def test_dis_1_the_right_to_discover(tree: Rig) -> None:
    await tree.register("Cae2")
    assert (await search(tree, fr="Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    for bits, status in ((2, Status.ORIGINATOR_HAS_NO_PRIVILEGE), (32, Status.OK)):
        rule = {"acr": [{"acor": ["Cae2"], "acop": bits}]}
        await tree.made("cse", 1, {"rn": f"p{bits}", "pv": rule, "pvs": rule})
        await tree.update("cse/cae1/c2", {"m2m:cnt": {"acpi": [f"cse/p{bits}"]}})
        assert (await search(tree, "cse/cae1/c2", "Cae2")).status == status
    assert found(await search(tree, "cse", "Cae2", conditions={"ty": [3, 4]})) == ["c2", "c2/a", "c2/b"]


async def test_dis_1_a_missing_target(tree: Rig) -> None:
    assert (await search(tree, "cse/nothing")).status == Status.NOT_FOUND


@pytest.mark.parametrize("conditions", [{"lbl": ["nothing"]}, {"ty": [9]}, {"atr": [("rn", "nothing")]}])
async def test_dis_2_an_empty_result(tree: Rig, conditions: dict[str, Any]) -> None:
    answer = await search(tree, conditions=conditions)
    assert found(answer) == []
    assert answer.content_status is None
    answer = await tree.retrieve("cse/cae1", "Cae1", rcn=6, fc=FilterCriteria(conditions, usage=1))
    assert answer.content == {"m2m:rrl": {"rrf": []}}


async def test_dis_3_inactive_registrations_are_left_out(tree: Rig) -> None:
    before = await tree.discover("cse")
    for status, expected in ((2, [one for one in before if not one.startswith("cse/cae1")]), (1, before)):
        assert only(await tree.update("cse/cae1", {"m2m:ae": {"regs": status}}, "Cae1"))["regs"] == status
        assert await tree.discover("cse") == expected


@pytest.mark.parametrize("limit", [0, 1, 3, 9, 10, 11])
async def test_dis_4_limit(tree: Rig, limit: int) -> None:
    answer = await search(tree, limit=limit)
    assert len(found(answer)) == min(limit, 10)
    assert (answer.content_status == 1) is (limit < 10)
    if limit < 10:
        assert answer.content_offset == limit + 1


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("conditions", [{}, {"ty": [4]}, {"lbl": ["l1", "l3"]}, {"sza": [1]}])
async def test_dis_4_pages_make_up_the_whole(tree: Rig, limit: int, conditions: dict[str, Any]) -> None:
    whole = found(await search(tree, conditions=conditions))
    pages: list[str] = []
    offset: int | None = 1
    while offset is not None:
        answer = await search(tree, conditions=conditions, limit=limit, offset=offset)
        pages += found(answer)
        assert (answer.content_status == 1) is (answer.content_offset is not None)
        offset = answer.content_offset
    assert pages == whole


async def test_dis_4_the_host_lowers_a_limit_and_never_raises_it() -> None:
    rig = await Rig.open(max_results=3)
    for _ in range(5):
        await rig.made("cse", 3, {})
    for wanted, given in ((None, 3), (2, 2), (100, 3)):
        answer = await search(rig, "cse", "CAdmin", limit=wanted, conditions={"ty": [3]})
        assert answer.content is not None
        assert len(answer.content["m2m:uril"]) == given
        assert answer.content_status == 1
    await rig.close()


@pytest.mark.parametrize(("relative", "expected"), [
    ("a", ["c1/a", "c2/a", "c3/a"]), ("la", ["c1/la", "c2/la", "c3/la"]), ("in", ["c1/in"]), ("nothing", []),
    ("in/nothing", []), ("a/b", []), ("in/la", []),
])
async def test_dis_4_a_relative_path_is_applied_to_the_matches(tree: Rig, relative: str, expected: list[str]) -> None:
    answer = await search(tree, conditions={"lbl": ["l1", "l2", "l3"]}, relative_path=relative)
    assert found(answer) == expected


async def test_dis_4_a_relative_path_needs_the_right_too(tree: Rig) -> None:
    await tree.register("Cae2")
    rule = {"acr": [{"acor": ["Cae2"], "acop": 32}]}
    await tree.made("cse", 1, {"rn": "p", "pv": rule, "pvs": rule})
    await tree.update("cse/cae1/c1", {"m2m:cnt": {"acpi": ["cse/p"]}})
    assert found(await search(tree, "cse", "Cae2", conditions={"lbl": ["l1"]}, relative_path="in")) == []
    assert found(await search(tree, "cse", "Cae2", conditions={"lbl": ["l1"]}, relative_path="a")) == ["c1/a"]


async def test_dis_6_the_order_is_the_same_each_time(tree: Rig) -> None:
    first = await tree.discover("cse")
    assert await tree.discover("cse") == first
    assert [one for one in first if one.startswith("cse/cae1/c1/") and "in" not in one] \
        == ["cse/cae1/c1/a", "cse/cae1/c1/b"]


async def test_dis_1_of_everything_finds_what_stands_beside_a_group(tree: Rig) -> None:
    await tree.made("cse/cae1", 9, {"rn": "g", "mid": ["cse/cae1/c1"], "mnm": 3}, "Cae1")
    answer = await search(tree, "cse/cae1/g/fopt")
    assert answer.status == Status.OK
    assert answer.content is not None
    (one,) = answer.content["m2m:agr"]["m2m:rsp"]
    assert sorted(one["pc"]["m2m:uril"]) == ["cse/cae1/c1/a", "cse/cae1/c1/b", "cse/cae1/c1/in"]


async def test_dis_1_kept_keys_follow_every_change(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.made("cse/cae1", 3, {"rn": "kept", "mni": 3}, "Cae1")
    await rig.made("cse/cae1", 3, {"rn": "other"}, "Cae1")

    async def found() -> list[str]:
        return [path.rpartition("/")[2] for path in await rig.discover("cse/cae1/kept", ty=[4])]

    assert await found() == []
    for name in "abcd":
        await rig.made("cse/cae1/kept", 4, {"rn": name, "con": name}, "Cae1")
        assert (await found())[-1] == name
    assert await found() == ["b", "c", "d"]
    await rig.delete("cse/cae1/kept/c", "Cae1")
    assert await found() == ["b", "d"]
    await rig.update("cse/cae1/kept", {"m2m:cnt": {"mni": 1}}, "Cae1")
    assert await found() == ["d"]
    monkeypatch.setattr("cse.instances.KEPT_KEYS", 2)
    for number in range(3):
        await rig.made("cse/cae1/other", 4, {"rn": f"o{number}", "con": ""}, "Cae1")
        assert len(await rig.discover("cse/cae1/other", ty=[4])) == number + 1
        assert await found() == ["d"]


async def test_filtered_instances_are_read_page_by_page(tree: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        await tree.made("cse/cae1/c3", 4, {"rn": f"i{number}", "con": "x" if number % 2 else "yy"}, "Cae1")
    monkeypatch.setattr(instances, "PAGE", 4)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    before = turns
    request = RequestPrimitive(Operation.RETRIEVE, "cse/cae1/c3", "Cae1", "r", "3",
                               filter_criteria=FilterCriteria({"sza": [2]}, usage=1))
    response = await tree.cse.handle(request)
    assert turns - before >= 2
    counting.cancel()
    assert found(response) == ["c3/i0", "c3/i2", "c3/i4", "c3/i6"]
