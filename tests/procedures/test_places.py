"""Places: what ``loc`` may be (LOC-4), and geo queries (FC-1)."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from cse.primitive import FilterCriteria
from resources.status import Status
from tests.rig import Rig, message, only

SQUARE = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]
HOLED = [*SQUARE, [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]]
BOW = [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]
#: Name below the AE: its place.
PLACES: dict[str, dict[str, Any]] = {
    "centre": {"typ": 1, "crd": [5, 5]}, "text": {"typ": 1, "crd": "[2, 2]"}, "edge": {"typ": 1, "crd": [10, 5, 30]},
    "far": {"typ": 1, "crd": [50, 50]}, "line": {"typ": 2, "crd": [[1, 1], [9, 1]]},
    "across": {"typ": 2, "crd": [[5, 5], [15, 5]]},
    "area": {"typ": 3, "crd": [[[-5, -5], [15, -5], [15, 15], [-5, 15], [-5, -5]]]},
    "points": {"typ": 4, "crd": [[1, 1], [2, 2]]}, "bow": {"typ": 3, "crd": BOW},
}


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """A container per place, and one that is nowhere."""
    for name, place in PLACES.items():
        await rig.made("cse/cae1", 3, {"rn": name, "loc": place}, "Cae1")
    await rig.made("cse/cae1", 3, {"rn": "nowhere"}, "Cae1")
    return rig


async def ask(rig: Rig, conditions: dict[str, list[Any]], operation: int = 1) -> Any:
    """A discovery by place."""
    return await rig.retrieve("cse/cae1", "Cae1", fc=FilterCriteria(conditions, usage=1, operation=operation))


def geo(kind: int, coordinates: Any, function: int) -> dict[str, list[Any]]:
    """The three tags."""
    return {"gmty": [kind], "geom": [json.dumps(coordinates)], "gsf": [function]}


QUERIES: list[tuple[dict[str, list[Any]], set[str]]] = [
    (geo(3, SQUARE, 1), {"centre", "text", "line", "points"}),
    (geo(3, SQUARE, 3), {"centre", "text", "edge", "line", "across", "area", "points"}),
    (geo(3, HOLED, 1), {"text", "line", "points"}), (geo(1, [5, 5], 2), {"area", "centre"}),
    (geo(1, [5, 5], 1), {"centre"}),
    (geo(1, [5, 5], 3), {"centre", "across", "area"}), (geo(3, SQUARE, 2), {"area"}),
    (geo(2, [[0, 1], [10, 1]], 2), {"area"}),
    (geo(4, [[5, 5], [50, 50]], 3), {"centre", "far", "across", "area"}),
    (geo(6, [SQUARE, [[[49, 49], [51, 49], [51, 51], [49, 51], [49, 49]]]], 1),
     {"centre", "text", "far", "line", "points"}),
    (geo(5, [[[0, 5], [20, 5]], [[40, 40], [41, 41]]], 3), {"centre", "edge", "across", "area"}),
]


@pytest.mark.parametrize(("conditions", "expected"), [
    pytest.param(*one, id=f"FC-1 gsf {one[0]['gsf'][0]} gmty {one[0]['gmty'][0]} {number}")
    for number, one in enumerate(QUERIES)])
async def test_fc_1_geo_queries(tree: Rig, conditions: dict[str, list[Any]], expected: set[str]) -> None:
    answer = await ask(tree, conditions)
    assert answer.status == Status.OK, answer.content
    assert {one.rpartition("/")[2] for one in answer.content["m2m:uril"]} == expected


async def test_fc_1_a_geo_query_is_one_condition_among_others(tree: Rig) -> None:
    for operation, expected in ((1, {"centre"}), (2, {"centre", "nowhere"}), (3, {"nowhere"})):
        answer = await ask(tree, {**geo(1, [5, 5], 1), "atr": [("rn", "centre"), ("rn", "nowhere")]}, operation)
        assert {one.rpartition("/")[2] for one in answer.content["m2m:uril"]} == expected


@pytest.mark.parametrize("missing", [("gmty",), ("geom",), ("gsf",), ("gmty", "geom"), ("geom", "gsf")])
async def test_fc_1_a_geo_query_is_three_tags(tree: Rig, missing: tuple[str, ...]) -> None:
    answer = await ask(tree, {tag: value for tag, value in geo(1, [5, 5], 1).items() if tag not in missing})
    assert answer.status == Status.BAD_REQUEST
    assert all(tag in message(answer) for tag in missing)


@pytest.mark.parametrize(("kind", "text"), [
    (1, "[[0, 0]]"), (1, "[0]"), (1, "[0, 0, 0, 0]"), (1, "[200, 0]"), (1, "[0, 91]"), (1, "x"), (1, "[0, NaN]"),
    (1, "[1e999, 0]"), (1, '["0", 0]'), (1, "[true, 0]"), (2, "[[0, 0]]"), (3, "[[[0, 0], [1, 1], [0, 0]]]"),
    (3, "[[[0, 0], [1, 0], [1, 1], [0, 1]]]"), (3, json.dumps(BOW)), (4, "[]"), (6, "[]"), (3, "[" * 10_000),
    (4, json.dumps([[1, 1]] * 5000)), (1, "[" + "9" * 5000 + ", 0]"),
])
async def test_fc_1_geometries_that_are_none(tree: Rig, kind: int, text: str) -> None:
    answer = await ask(tree, {"gmty": [kind], "geom": [text], "gsf": [1]})
    assert answer.status == Status.BAD_REQUEST
    assert "geom" in message(answer)


async def test_fc_1_large_geometries_take_no_long_time(rig: Rig) -> None:
    ring = [[number / 100, (number % 7) / 10] for number in range(5000)]
    await rig.made("cse/cae1", 3, {"rn": "long", "loc": {"typ": 2, "crd": ring}}, "Cae1")
    began = time.monotonic()
    answer = await ask(rig, geo(2, [[round(x / 100, 2), (x % 5) / 10] for x in range(1200)], 3))
    assert answer.status == Status.OK, answer.content
    assert time.monotonic() - began < 30


async def test_fc_1_without_the_library_the_answer_names_the_extra(tree: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shapely.geometry", None)
    answer = await ask(tree, geo(1, [5, 5], 1))
    assert answer.status == Status.NOT_IMPLEMENTED
    assert "banyan-cse[geo]" in message(answer)


LOCATIONS: list[tuple[Any, bool]] = [
    ({"typ": 1, "crd": [5, 5]}, True), ({"typ": 1, "crd": "[5, 5, 100]"}, True),
    ({"typ": 2, "crd": [[0, 0], [1, 1]]}, True),
    ({"typ": 3, "crd": SQUARE}, True), ({"typ": 4, "crd": [[0, 0]]}, True),
    ({"typ": 5, "crd": [[[0, 0], [1, 1]]]}, True),
    ({"typ": 6, "crd": [SQUARE]}, True),
    ({"typ": 1, "crd": [[5, 5]]}, False), ({"typ": 1, "crd": [5]}, False), ({"typ": 1, "crd": "text"}, False),
    ({"typ": 1, "crd": [181, 0]}, False), ({"typ": 1, "crd": [0, -90.1]}, False), ({"typ": 1, "crd": [None, 0]}, False),
    ({"typ": 2, "crd": [[0, 0]]}, False), ({"typ": 3, "crd": [[[0, 0], [1, 1], [0, 0]]]}, False),
    ({"typ": 3, "crd": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, False), ({"typ": 6, "crd": SQUARE}, False),
    ({"typ": 7, "crd": [0, 0]}, False), ({"typ": 0, "crd": [0, 0]}, False),
    ({"crd": [0, 0]}, False), ({"typ": 1}, False),
    ({"typ": 1, "crd": [0, 0], "x": 1}, False), ([0, 0], False), ("here", False),
    ({"typ": 3, "crd": "[" * 9000}, False),
]


@pytest.mark.parametrize(("place", "right"), [
    pytest.param(*one, id=f"LOC-4 {number}") for number, one in enumerate(LOCATIONS)])
async def test_loc_4_coordinates_fit_the_type(rig: Rig, place: Any, right: bool) -> None:
    answer = await rig.create("cse/cae1", 3, {"rn": "c", "loc": place}, "Cae1")
    assert answer.status == (Status.CREATED if right else Status.BAD_REQUEST)
    if right:
        assert only(await rig.retrieve("cse/cae1/c"))["loc"] == place
    else:
        assert "loc" in message(answer)
    await rig.made("cse/cae1", 3, {"rn": "d"}, "Cae1")
    updated = await rig.update("cse/cae1/d", {"m2m:cnt": {"loc": place}}, "Cae1")
    assert updated.status == (Status.UPDATED if right else Status.BAD_REQUEST)
