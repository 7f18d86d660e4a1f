"""The page about discovery has an example of every criterion, and each is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bindings.http.uri import pairs_of
from cse.parameters import FILTER_CRITERIA, read_query
from cse.primitive import FilterCriteria, Operation, RequestPrimitive
from cse.support import CONDITIONS
from resources.registry import Registry
from resources.status import Status
from tests.rig import ADMIN, Rig

PAGE = (Path(__file__).parents[2] / "docs" / "discovery.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| .+? \| `([a-z.]+=[^`]+)` \|", PAGE, re.MULTILINE)
REQUESTS = re.findall(r"^GET /(\S+) HTTP", PAGE, re.MULTILINE)
ATTRIBUTES = dict.fromkeys(Registry.default().attribute_names)


def test_every_criterion_has_an_example() -> None:
    shown = {name for example in EXAMPLES for name in re.findall(r"(?:^|&)([a-z.]+)=", example)}
    assert set(FILTER_CRITERIA) - CONDITIONS - shown == set()


@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_is_answered(example: str) -> None:
    rig = await Rig.open()
    await rig.register()
    request = RequestPrimitive(Operation.RETRIEVE, "cse", ADMIN, "r1", "3")
    read_query(request, pairs_of(example), ATTRIBUTES)
    assert request.unsupported == []
    criteria = request.filter_criteria or FilterCriteria()
    if request.result_content is None:
        criteria.usage = 1
    answer = await rig.cse.handle(request)
    assert answer.status == Status.OK, answer.content
    await rig.close()


@pytest.mark.parametrize("address", REQUESTS)
async def test_a_request_is_answered(address: str) -> None:
    rig = await Rig.open()
    await rig.made("cse", 3, {"rn": "building"})
    to, _, query = address.partition("?")
    request = RequestPrimitive(Operation.RETRIEVE, to, ADMIN, "r1", "3")
    read_query(request, pairs_of(query), ATTRIBUTES)
    assert (await rig.cse.handle(request)).status == Status.OK
    await rig.close()
