"""FC-1, content filters: JSONPath on ``con``, and expressions that were made to take long."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from cse.criteria.content import STEPS_OF_REQUEST, ContentFilter
from cse.primitive import FilterCriteria
from resources.errors import BadRequest
from resources.status import Status
from tests.rig import Rig, message

CONTENTS: dict[str, Any] = {
    "object": {"t": 21.5, "rooms": [{"n": "hall", "p": 3}, {"n": "roof"}]}, "array": [1, 2, {"t": 5}],
    "text": json.dumps({"t": 30}), "plain": "no JSON", "number": "7",
}


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """``cse/cae1/box`` with one instance per kind of content."""
    await rig.made("cse/cae1", 3, {"rn": "box", "lbl": ["t"]}, "Cae1")
    for name, content in CONTENTS.items():
        await rig.made("cse/cae1/box", 4, {"rn": name, "con": content}, "Cae1")
    return rig


async def find(rig: Rig, query: str, operation: int = 1, **conditions: Any) -> set[str]:
    """Names of what a content filter finds."""
    criteria = FilterCriteria({"cfq": [query], **conditions}, usage=1, content_syntax=1, operation=operation)
    answer = await rig.retrieve("cse/cae1", "Cae1", fc=criteria)
    assert answer.status == Status.OK, answer.content
    return {one.rpartition("/")[2] for one in answer.content["m2m:uril"]}  # type: ignore[index]


QUERIES: list[tuple[str, set[str]]] = [
    ("$.t", {"object", "text"}), ("$..t", {"object", "text", "array"}), ("$", {"object", "array", "text"}),
    ("$.none", set()), ("$[?@ > 25]", {"text"}), ("$.rooms[?@.p > 2]", {"object"}), ("$.rooms[?@.p > 3]", set()),
    ("$.rooms[?search(@.n, 'ro+f')]", {"object"}), ("$.rooms[?match(@.n, 'oo')]", set()), ("$[2].t", {"array"}),
    ("$[?count(@.*) > 1]", {"object"}), ("$[?length(@.n) == 4]", set()), ("$.rooms[?length(@.n) == 4]", {"object"}),
    ("$['t', 'rooms'][0]", {"object"}),
]


@pytest.mark.parametrize(("query", "expected"), [pytest.param(*one, id=f"FC-1 cfq {one[0]}") for one in QUERIES])
async def test_fc_1_content_filters(tree: Rig, query: str, expected: set[str]) -> None:
    assert await find(tree, query) == expected


async def test_fc_1_a_content_filter_is_one_condition_among_others(tree: Rig) -> None:
    assert await find(tree, "$.t", ty=[3]) == set()
    assert await find(tree, "$.t", 2, ty=[3]) == {"box", "object", "text"}
    assert await find(tree, "$.t", 3, ty=[4]) == {"array", "plain", "number"}


async def test_fc_1_a_content_filter_as_a_condition(tree: Rig) -> None:
    for name, status in (("object", Status.OK), ("array", Status.NOT_FOUND), ("plain", Status.NOT_FOUND)):
        criteria = FilterCriteria({"cfq": ["$.t"]}, content_syntax=1)
        assert (await tree.retrieve(f"cse/cae1/box/{name}", "Cae1", fc=criteria)).status == status
    criteria = FilterCriteria({"cfq": ["$.t"]}, content_syntax=1)
    assert (await tree.retrieve("cse/cae1/box", "Cae1", fc=criteria)).status == Status.NOT_FOUND


@pytest.mark.parametrize("criteria", [
    FilterCriteria({"cfq": ["$.t"]}, usage=1), FilterCriteria({}, usage=1, content_syntax=1),
    *(FilterCriteria({"cfq": [text]}, usage=1, content_syntax=1) for text in (
        "", "t", "$[", "$.", "$[?", "$[?@.x ==]", "$..", "$[99999999999999999999]", "$[?foo(@)]", "$.x y", "\x00",
        "$" + ".a" * 300, "$[?" + "(" * 400, "$[?@.a" + "[?@.a" * 80)),
])
async def test_fc_1_content_filters_that_are_none(tree: Rig, criteria: FilterCriteria) -> None:
    answer = await tree.retrieve("cse/cae1", "Cae1", fc=criteria)
    assert answer.status == Status.BAD_REQUEST
    assert "cf" in message(answer)


WIDE = [[number] * 10 for number in range(2000)]
DEEP: Any = []
for _ in range(90):
    DEEP = [DEEP]


@pytest.mark.parametrize(("query", "content"), [
    ("$" + "..*" * 100, DEEP), ("$" + "..*" * 5 + ".zzz", WIDE), ("$..[?$..[?$..x]]", WIDE),
    ("$" + "[*,*,*]" * 9, WIDE), ("$[*][?$[*][*] ]", WIDE), ("$..[?count($..*) == 0]", WIDE),
    ("$[?search(@[0], '(a|a)*b')]", [["a" * 50 + "c"]] * 50), ("$[?match(@[0], '(a*)*b')]", [["a" * 5000]] * 50),
    ("$[?search(@[0], '" + "a?" * 60 + "a" * 60 + "')]", [["a" * 59]] * 50),
])
def test_a_content_filter_takes_no_long_time(query: str, content: Any) -> None:
    began = time.thread_time()
    with suppress(BadRequest):
        assert ContentFilter(query).matches(content) in (True, False)
    assert time.thread_time() - began < 5


def test_all_contents_of_a_request_share_the_steps() -> None:
    content = ContentFilter("$..x")
    one = WIDE[:1000]
    with pytest.raises(BadRequest, match="steps"):
        all(not content.matches(one) for _ in range(STEPS_OF_REQUEST))


async def test_fc_1_without_the_library_the_answer_names_the_extra(tree: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cse.criteria.jsonpath", "jsonpath_rfc9535"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "jsonpath_rfc9535", None)
    monkeypatch.delattr("cse.criteria.jsonpath", raising=False)
    answer = await tree.retrieve("cse/cae1", "Cae1", fc=FilterCriteria({"cfq": ["$.t"]}, usage=1, content_syntax=1))
    assert answer.status == Status.NOT_IMPLEMENTED
    assert "banyan-cse[jsonpath]" in message(answer)
