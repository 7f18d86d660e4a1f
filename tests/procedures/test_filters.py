"""Section 5, filter criteria: every tag with its boundaries, and how tags are combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cse.criteria.labels import label_query
from cse.primitive import FilterCriteria
from resources.errors import BadRequest
from resources.status import Status
from tests.rig import Rig, message, only

RULE = {"acr": [{"acor": ["Cae1"], "acop": 63}]}
#: Every address of the tree of the fixture.
BOX, IN, I1, I2, GROUP, POLICY, SUB = "box", "box/in", "box/i1", "box/i2", "g", "p", "box/s"
ALL = {BOX, IN, I1, I2, GROUP, POLICY, SUB}


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """One resource of each type below ``cse/cae1``, with labels and values to be found by."""
    await rig.update("Cae1", {"m2m:ae": {"lbl": ["ae"], "apn": "app"}}, "Cae1")
    await rig.made("cse/cae1", 3, {"rn": "box", "lbl": ["a", "room:1"], "mni": 5, "et": rig.at(1000)}, "Cae1")
    await rig.made("cse/cae1/box", 3, {"rn": "in", "lbl": ["b", "room:2"], "disr": True, "cr": None}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "i1", "con": "x", "cnf": "text/plain:0", "lbl": ["a", "b"]}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "i2", "con": "xyz", "cnf": "application/json", "et": rig.at(500)}, "Cae1")
    await rig.made("cse/cae1", 9, {"rn": "g", "mid": ["cse/cae1/box"], "mnm": 4, "mt": 3, "lbl": ["room"]}, "Cae1")
    await rig.made("cse/cae1", 1, {"rn": "p", "pv": RULE, "pvs": RULE}, "Cae1")
    await rig.made("cse/cae1/box", 23, {"rn": "s", "nu": ["http://sink/a"], "enc": {"net": [2]}}, "Cae1")
    return rig


async def find(rig: Rig, conditions: dict[str, Any], operation: int = 1) -> set[str]:
    """What is found under the AE, by address below it."""
    answer = await rig.retrieve("cse/cae1", "Cae1", fc=FilterCriteria(conditions, usage=1, operation=operation))
    assert answer.status == Status.OK, answer.content
    return {address.removeprefix("cse/cae1/") for address in answer.content["m2m:uril"]}  # type: ignore[index]


#: Boundary conditions: tag, attribute, and whether the attribute itself, a smaller and a bigger value match.
Match = Callable[[Any, Any], bool]
BOUNDARIES: list[tuple[str, str, Match]] = [
    (tag, name, match)
    for (below, above), name in {("crb", "cra"): "ct", ("us", "ms"): "lt", ("sts", "stb"): "st",
                                 ("exb", "exa"): "et", ("szb", "sza"): "cs"}.items()
    for tag, match in ((below, lambda value, limit: value < limit), (above, lambda value, limit: value >= limit))
]


@pytest.mark.parametrize(("tag", "name", "match"),
                         [pytest.param(*one, id=f"FC-1 {one[0]}") for one in BOUNDARIES])
@pytest.mark.parametrize("at", sorted(ALL))
async def test_fc_1_boundaries(tree: Rig, tag: str, name: str, match: Match, at: str) -> None:
    values = {one: only(await tree.retrieve(f"cse/cae1/{one}")).get(name) for one in ALL}
    value: Any = values[at]
    if value is None:
        return
    limits = [value, value + 1, max(0, value - 1)] if isinstance(value, int) else [
        value, value[:-1], value + "0", value.partition(",")[0]]
    for limit in limits:
        expected = {one for one, held in values.items() if held is not None and match(held, limit)}
        assert await find(tree, {tag: [limit]}) == expected, limit


LISTS: list[tuple[str, list[Any], set[str]]] = [
    ("lbl", ["a"], {BOX, I1}), ("lbl", ["b"], {IN, I1}), ("lbl", ["a", "b"], {BOX, IN, I1}), ("lbl", ["A"], set()),
    ("lbl", ["room"], {GROUP}), ("lbl", ["*"], set()), ("lbl", ["ae"], set()),
    ("clbl", ["b"], {BOX}), ("clbl", ["room:2"], {BOX}), ("clbl", ["no"], set()),
    ("palb", ["ae"], {BOX, GROUP, POLICY}), ("palb", ["a"], {IN, I1, I2, SUB}), ("palb", ["a", "ae"], ALL),
    ("ty", [3], {BOX, IN}), ("ty", [4], {I1, I2}), ("ty", [9], {GROUP}), ("ty", [1], {POLICY}), ("ty", [23], {SUB}),
    ("ty", [2], set()), ("ty", [1, 4], {POLICY, I1, I2}), ("ty", [999], set()),
    ("chty", [4], {BOX}), ("chty", [3], {BOX}), ("chty", [23], {BOX}), ("chty", [2], set()), ("chty", [2, 4], {BOX}),
    ("pty", [2], {BOX, GROUP, POLICY}), ("pty", [3], {IN, I1, I2, SUB}), ("pty", [2, 3], ALL), ("pty", [5], set()),
    ("cty", ["text/plain"], {I1}), ("cty", ["application/json"], {I2}), ("cty", ["text/plain:0"], set()),
    ("cty", ["text/plain", "application/json"], {I1, I2}), ("cty", ["text"], set()),
]


@pytest.mark.parametrize(("tag", "values", "expected"), [
    pytest.param(*one, id=f"FC-1 {one[0]} {one[1]}") for one in LISTS])
async def test_fc_1_any_value_of_a_list(tree: Rig, tag: str, values: list[Any], expected: set[str]) -> None:
    assert await find(tree, {tag: values}) == expected


ATTRIBUTES: list[tuple[str, list[tuple[str, Any]], set[str]]] = [
    ("atr", [("mni", 5)], {BOX}), ("atr", [("mni", "5")], {BOX}), ("atr", [("mni", 6)], set()),
    ("atr", [("mni", "*")], {BOX}), ("atr", [("mni", True)], set()), ("atr", [("rn", "box")], {BOX}),
    ("atr", [("rn", "i*")], {IN, I1, I2}), ("atr", [("rn", "*1")], {I1}), ("atr", [("rn", "*")], ALL),
    ("atr", [("rn", "i?")], set()), ("atr", [("rn", "[i]1")], set()), ("atr", [("rn", "b*x")], {BOX}),
    ("atr", [("rn", "B*X")], set()), ("atr", [("rn", "")], set()), ("atr", [("con", "x")], {I1}),
    ("atr", [("con", "x*z")], {I2}), ("atr", [("disr", True)], {IN}), ("atr", [("disr", "true")], {IN}),
    ("atr", [("disr", 1)], set()), ("atr", [("cr", "Cae1")], {IN, SUB}), ("atr", [("mid", "cse/cae1/box")], {GROUP}),
    ("atr", [("mid", "cse/*")], {GROUP}), ("atr", [("nu", "http://sink/a")], {SUB}),
    ("atr", [("rn", "box"), ("rn", "in")], {BOX, IN}), ("atr", [("mni", 5), ("con", "x")], {BOX, I1}),
    ("atr", [("nonsense", 1)], set()), ("atr", [("enc", "*")], {SUB}), ("atr", [("pv", "x")], set()),
    ("catr", [("con", "x")], {BOX}), ("catr", [("rn", "i*")], {BOX}), ("catr", [("rn", "box")], set()),
    ("patr", [("mni", 5)], {IN, I1, I2, SUB}), ("patr", [("apn", "a*")], {BOX, GROUP, POLICY}),
    ("patr", [("apn", "b*")], set()),
]


@pytest.mark.parametrize(("tag", "values", "expected"), [
    pytest.param(*one, id=f"FC-1 {one[0]} {one[1]}") for one in ATTRIBUTES])
async def test_fc_1_attributes(tree: Rig, tag: str, values: list[tuple[str, Any]], expected: set[str]) -> None:
    assert await find(tree, {tag: values}) == expected


@pytest.mark.parametrize("tag", ["atr", "catr", "patr"])
@pytest.mark.parametrize("name", ["ct", "lt", "st", "et", "lbl", "ty", "cs", "cnf"])
async def test_fc_1_attributes_with_a_condition_of_their_own(tree: Rig, tag: str, name: str) -> None:
    for usage in (1, 2, None):
        answer = await tree.retrieve("cse/cae1", fc=FilterCriteria({tag: [(name, "1")]}, usage=usage))
        assert answer.status == Status.BAD_REQUEST


async def test_fc_1_long_patterns_are_refused(tree: Rig) -> None:
    for length, status in ((256, Status.OK), (257, Status.BAD_REQUEST)):
        criteria = FilterCriteria({"atr": [("rn", "*" + (length - 1) * "a")]}, usage=1)
        assert (await tree.retrieve("cse/cae1", fc=criteria)).status == status


QUERIES: list[tuple[list[str], set[str]]] = [
    (["room"], {BOX, IN, GROUP}), (["a"], {BOX, I1}), (["NT room"], {I1, I2, POLICY, SUB}), (["NT a"], ALL - {BOX, I1}),
    (["room EQ 1"], {BOX}), (["room EQ 3"], set()), (["room NE 1"], {IN, GROUP}), (["nothing NE 1"], set()),
    (["room IN (1,2)"], {BOX, IN}), (["room IN (2, 3)"], {IN}), (["room NI (1)"], {IN, GROUP}),
    (["room NI (1,2)"], {GROUP}), (["nothing NI (1)"], set()), (["room EQ 1", "b"], {BOX, IN, I1}), (["ROOM"], set()),
]


@pytest.mark.parametrize(("expressions", "expected"), [
    pytest.param(*one, id=f"FC-1 lbq {' or '.join(one[0])}") for one in QUERIES])
async def test_fc_1_label_queries(tree: Rig, expressions: list[str], expected: set[str]) -> None:
    assert await find(tree, {"lbq": expressions}) == expected


@pytest.mark.parametrize("text", ["", "room EQ", "room XX 1", "room IN 1", "room IN (1", "a b c", "room:1 EQ 2"])
async def test_fc_1_label_queries_that_are_none(tree: Rig, text: str) -> None:
    answer = await tree.retrieve("cse/cae1", fc=FilterCriteria({"lbq": [text]}, usage=1))
    assert answer.status == Status.BAD_REQUEST
    assert "lbq" in message(answer)


@pytest.mark.parametrize("text", [
    "a EQ" + 4000 * " " + "y" + 4000 * " " + "z\nz", "a IN (" + 8000 * " ", "NT" + 8000 * " " + ":", 8000 * "a " + "("])
def test_a_long_label_query_takes_no_long_time(text: str) -> None:
    with pytest.raises(BadRequest):
        label_query(text)


COMBINED: list[tuple[int, dict[str, Any], set[str]]] = [
    (1, {"ty": [3], "lbl": ["a"]}, {BOX}), (1, {"ty": [3], "lbl": ["a", "b"]}, {BOX, IN}),
    (1, {"ty": [4], "lbl": ["room"]}, set()), (2, {"ty": [4], "lbl": ["room"]}, {I1, I2, GROUP}),
    (2, {"ty": [4], "lbl": ["a"]}, {BOX, I1, I2}), (3, {"ty": [4], "lbl": ["a"]}, {BOX, I2}),
    (3, {"ty": [3, 4], "pty": [3]}, {BOX, SUB}), (2, {"sza": [2], "ty": [9]}, {I2, GROUP}),
    (1, {"sza": [1], "szb": [3]}, {I1}), (1, {"chty": [4], "clbl": ["b"]}, {BOX}),
    (2, {"lbl": ["no"], "atr": [("rn", "no")]}, set()), (1, {}, ALL), (2, {}, ALL), (3, {}, ALL),
    (2, {"pty": [5], "ty": [4]}, {I1, I2}), (3, {"ty": [4], "pty": [3], "lbl": ["a"]}, {BOX, I1, IN, SUB}),
]


@pytest.mark.parametrize(("operation", "conditions", "expected"), [
    pytest.param(*one, id=f"FC-1 fo {one[0]} {' '.join(one[1])}") for one in COMBINED])
async def test_fc_1_tags_are_combined(tree: Rig, operation: int, conditions: dict[str, Any],
                                      expected: set[str]) -> None:
    assert await find(tree, conditions, operation) == expected


@pytest.mark.parametrize("handling", [{"limit": 100}, {"level": 9}, {"offset": 1}])
async def test_fc_1_handling_conditions_are_not_combined(tree: Rig, handling: dict[str, Any]) -> None:
    answer = await tree.retrieve("cse/cae1", fc=FilterCriteria({"lbl": ["a"]}, usage=1, operation=2, **handling))
    assert answer.content is not None
    assert len(answer.content["m2m:uril"]) == 2


@pytest.mark.parametrize(("tag", "value"), [("sts", 99), ("stb", 0), ("szb", 99), ("sza", 0), ("cty", "text/plain"),
                                            ("lbl", "x"), ("exb", "99991231T000000")])
async def test_fc_2_a_resource_without_the_attribute_does_not_match(rig: Rig, tag: str, value: Any) -> None:
    names = {"sts": "st", "stb": "st", "szb": "cs", "sza": "cs", "cty": "cnf", "lbl": "lbl", "exb": "et"}
    for to in ("cse", "cse/cae1"):
        answer = await rig.retrieve(to, fc=FilterCriteria({tag: [value]}))
        has = names[tag] in only(await rig.retrieve(to))
        assert answer.status == (Status.OK if has else Status.NOT_FOUND)


async def test_fc_1_attributes_of_devices_and_management_objects(rig: Rig) -> None:
    await rig.made("cse/cae1", 28, {"cod:tempe": {
        "rn": "t", "cnd": "org.onem2m.common.moduleclass.temperature", "curT0": 21.5, "unit": 1}}, "Cae1")
    await rig.made("cse", 14, {"rn": "node", "ni": "n1"})
    await rig.made("cse/node", 13, {"m2m:bat": {"mgd": 1006, "btl": 50, "bts": 1, "rn": "cell"}})
    for name, value, expected in (("curT0", 21.5, "cse/cae1/t"), ("curT0", "21.*", "cse/cae1/t"),
                                  ("curT0", "*", "cse/cae1/t"),
                                  ("unit", "1", "cse/cae1/t"), ("curT0", 21, None), ("btl", 50, "cse/node/cell"),
                                  ("mgd", 1006, "cse/node/cell"), ("cnd", "*temperature", "cse/cae1/t")):
        found = await rig.discover("cse", atr=[(name, value)])
        assert found == ([expected] if expected else []), (name, value)
    assert await rig.discover("cse", catr=[("btl", 50)]) == ["cse/node"]
    assert only(await rig.retrieve("cse/cae1/t#curT0")) == {"curT0": 21.5}
    assert only(await rig.retrieve("cse/node/cell", attribute_list=["btl", "mgd"])) == {"btl": 50, "mgd": 1006}
