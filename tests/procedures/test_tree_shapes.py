"""Trees of unusual shape: very deep, very wide, long names, every character that a text may have."""

from __future__ import annotations

from typing import Any

import pytest

from cse import expiration
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import ADMIN, Rig, only

DEPTH = 1200


async def raw(rig: Rig, operation: Operation, to: str, **parameters: Any) -> ResponsePrimitive:
    """Send a request without decoding the answer, which no decoder takes when it is nested so deeply."""
    return await rig.cse.handle(RequestPrimitive(operation, to, ADMIN, "r", "3", **parameters))


async def deep(rig: Rig) -> str:
    """Nest containers; return the address of the last one, which has an instance."""
    parent = "Cae1"
    for _ in range(DEPTH):
        parent = (await rig.made(parent, 3, {"rn": "c", "lbl": ["deep"]}))["ri"]
    await rig.made(parent, 4, {"con": "x"})
    return "cse/cae1" + "/c" * DEPTH


async def test_adr_1_a_deep_tree_is_addressed_and_discovered(rig: Rig) -> None:
    last = await deep(rig)
    assert only(await rig.retrieve(last))["cni"] == 1
    assert only(await rig.retrieve(f"{last}/la"))["con"] == "x"
    assert await rig.discover("cse", ty=[4]) == [f"{last}/cin-1"]
    assert len(await rig.discover("cse", lbl=["deep"])) == DEPTH


@pytest.mark.parametrize("rcn", [4, 5, 6, 8])
async def test_rcn_4_a_deep_tree_is_shown(rig: Rig, rcn: int) -> None:
    await deep(rig)
    answer = await raw(rig, Operation.RETRIEVE, "cse/cae1", result_content=rcn)
    assert answer.status == Status.OK
    assert answer.content is not None
    if rcn in (4, 8):
        text = bytes(answer.content["m2m:ae"])
        assert text.count(b'"m2m:cnt":[') == DEPTH
        assert text.count(b'"m2m:cin":[') == 1
        assert text.count(b"{") == text.count(b"}") == DEPTH + 2
    else:
        found = answer.content["m2m:ae"]["ch"] if rcn == 5 else answer.content["m2m:rrl"]["rrf"]
        assert len(found) == DEPTH + 1


@pytest.mark.parametrize("rcn", [0, 1, 4, 6])
async def test_del_1_a_deep_tree_is_deleted(rig: Rig, rcn: int) -> None:
    last = await deep(rig)
    before = len(rig.cse.core.tree.by_id)
    assert (await raw(rig, Operation.DELETE, "cse/cae1/c", result_content=rcn)).status == Status.DELETED
    assert len(rig.cse.core.tree.by_id) == before - DEPTH
    assert (await rig.retrieve(last)).status == Status.NOT_FOUND


async def test_del_2_a_deep_tree_expires(rig: Rig) -> None:
    await deep(rig)
    rig.clock.now += 366 * 86400
    await expiration.sweep(rig.cse.core)
    assert (await rig.retrieve("cse/cae1")).status == Status.NOT_FOUND
    assert len(rig.cse.core.tree.by_id) == 2


async def test_rcn_4_ten_thousand_children(rig: Rig) -> None:
    box = await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    for number in range(10_000):
        await rig.cse.handle(RequestPrimitive(Operation.CREATE, box["ri"], "Cae1", "r", "3", resource_type=3,
                                              content={"m2m:cnt": {"rn": f"n{number}"}}))
    answer = await rig.retrieve("cse/cae1/box", "Cae1", rcn=5)
    assert answer.content_status is None
    assert [one["nm"] for one in only(answer)["ch"]] == [f"n{number}" for number in range(10_000)]
    await rig.made("cse/cae1/box", 3, {"rn": "last"}, "Cae1")
    answer = await rig.retrieve("cse/cae1/box", "Cae1", rcn=5)
    assert (answer.content_status, answer.content_offset) == (1, 10_001)
    answer = await rig.retrieve("cse/cae1/box", "Cae1", fc=FilterCriteria(offset=10_001), rcn=5)
    assert [one["nm"] for one in only(answer)["ch"]] == ["last"]
    assert answer.content_status is None


@pytest.mark.parametrize("name", [
    pytest.param("x" * 5000, id="ADR-5 5000 letters"), pytest.param("a.b-c_d", id="ADR-5 all signs"),
    pytest.param("0", id="ADR-5 digit"), pytest.param("...", id="ADR-5 dots"), pytest.param("cse", id="ADR-5 base"),
    pytest.param("Cae1", id="ADR-5 an AE-ID"), pytest.param("room-1", id="ADR-5 like an ID"),
])
@pytest.mark.parametrize("ty", [3, 4])
async def test_adr_5_unusual_names(rig: Rig, name: str, ty: int) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    content = {"rn": name, "lbl": ["here"], **({"con": "1"} if ty == 4 else {})}
    made = await rig.made("cse/cae1/box", ty, content, "Cae1")
    assert made["rn"] == name
    for address in (f"cse/cae1/box/{name}", f"Cae1/box/{name}", made["ri"]):
        assert only(await rig.retrieve(address)) == made
    assert await rig.discover("cse", lbl=["here"]) == [f"cse/cae1/box/{name}"]
    assert (await rig.create("cse/cae1/box", ty, content)).status == Status.CONFLICT
    assert (await rig.delete(f"cse/cae1/box/{name}", "Cae1")).status == Status.DELETED
    assert await rig.discover("cse", lbl=["here"]) == []


@pytest.mark.parametrize("text", ["", " ", "ß€𝄞", "a\u0000b", '"\\/\n', "*", "[a-z]?", "null", "true", "1.0", "\u202e"])
async def test_cre_3_a_text_comes_back_as_it_was(rig: Rig, text: str) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    made = await rig.made("cse/cae1/box", 4, {"con": text}, "Cae1")
    assert made["con"] == text
    assert made["cs"] == len(text.encode())
    assert only(await rig.retrieve("cse/cae1/box/la", "Cae1"))["con"] == text
    assert await rig.discover("cse", atr=[("con", text)]) == ["cse/cae1/box/cin-1"]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, False, [], {}, [[[]]], {"a": {"b": [None]}}, 2**63])
async def test_cre_3_any_json_is_content(rig: Rig, value: Any) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"con": value}, "Cae1")
    shown = only(await rig.retrieve("cse/cae1/box/la", "Cae1"))["con"]
    assert shown == value
    assert type(shown) is type(value)


async def test_rcn_4_an_empty_container(rig: Rig) -> None:
    box = await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    assert (await rig.retrieve("cse/cae1/box", rcn=4)).content == {"m2m:cnt": box}
    assert (await rig.retrieve("cse/cae1/box", rcn=5)).content == {"m2m:cnt": {**box, "ch": []}}
    assert (await rig.retrieve("cse/cae1/box", rcn=6)).content == {"m2m:rrl": {"rrf": []}}
    assert (await rig.retrieve("cse/cae1/box", rcn=8)).content == {"m2m:cnt": {}}
    assert await rig.discover("cse/cae1/box") == []
