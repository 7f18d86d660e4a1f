"""The semantic fanOutPoint: one query over the descriptors of all members (GRP-21, GRP-5)."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from cse.fanout import semantics
from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from resources.status import Status
from tests.procedures.fans import box, group, policy
from tests.rig import Rig, only

pytest.importorskip("rdflib")
pytestmark = pytest.mark.usefixtures("boxes")

TURTLE, DESCRIPTOR = 5, 24
EVERYTHING = "SELECT ?s WHERE { ?s <http://x/is> ?o } ORDER BY ?s"


async def describe(rig: Rig, number: int) -> dict[str, Any]:
    """A descriptor of a box."""
    document = b64encode(f"<http://x/b{number}> <http://x/is> <http://x/box> .".encode()).decode()
    return await rig.made(box(number)[0], DESCRIPTOR, {"rn": "d", "dcrp": TURTLE, "dsp": document}, "Cae1")


async def ask(rig: Rig, *queries: str, fr: str = "Cae1", to: str = "cse/cae1/g/sfop") -> ResponsePrimitive:
    """RETRIEVE the semantic fanOutPoint."""
    return await rig.retrieve(to, fr, fc=FilterCriteria({"smf": list(queries)} if queries else {}))


def subjects(answer: ResponsePrimitive) -> list[str]:
    """What a query has found."""
    assert answer.status == Status.OK, answer.content
    assert answer.content is not None
    found = json.loads(answer.content["m2m:qres"])["results"]["bindings"]
    return [row["s"]["value"] for row in found]


async def test_grp_21_one_query_over_all_members(rig: Rig) -> None:
    for number in (1, 2, 3):
        await describe(rig, number)
    await group(rig, [*box(1), "cse/cae1/b2/d", "cse/cae1/b2", "/far/c", "cse/cae1/b1/la"])
    assert subjects(await ask(rig, EVERYTHING)) == ["http://x/b1", "http://x/b2"]
    joined = "SELECT ?s WHERE { ?s <http://x/is> <http://x/box> . <http://x/b2> <http://x/is> ?o } ORDER BY ?s"
    assert len(subjects(await ask(rig, joined))) == 2, "the descriptors are one graph"


async def test_grp_21_only_what_may_be_read(rig: Rig) -> None:
    await rig.register("Cae2")
    for number in (1, 2):
        await describe(rig, number)
    read = await policy(rig, "Cae2", 2)
    only(await rig.update("cse/cae1/b2/d", {"m2m:smd": {"acpi": [read]}}))
    await group(rig, box(1, 2), macp=[read])
    assert subjects(await ask(rig, EVERYTHING, fr="Cae2")) == ["http://x/b2"]
    only(await rig.update("cse/cae1/g", {"m2m:grp": {"macp": [await policy(rig, "Cae2", 32)]}}, "Cae1"))
    assert (await ask(rig, EVERYTHING, fr="Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("queries", "status"), [
    ((), Status.BAD_REQUEST), ((EVERYTHING, EVERYTHING), Status.BAD_REQUEST),
    (("SELECT",), Status.INVALID_SPARQL_QUERY), (("",), Status.INVALID_SPARQL_QUERY),
])
async def test_grp_21_one_valid_query(rig: Rig, queries: tuple[str, ...], status: Status) -> None:
    await group(rig, box(1))
    assert (await ask(rig, *queries)).status == status


async def test_grp_21_other_operations_and_paths(rig: Rig) -> None:
    await group(rig, box(1))
    for operation in (Operation.UPDATE, Operation.NOTIFY):
        answer = await rig.request(operation, "cse/cae1/g/sfop", "Cae1", content={"m2m:cnt": {}})
        assert answer.status == Status.OPERATION_NOT_ALLOWED
    assert (await rig.delete("cse/cae1/g/sfop", "Cae1")).status == Status.OPERATION_NOT_ALLOWED
    assert (await ask(rig, EVERYTHING, to="cse/cae1/g/sfop/x")).status == Status.NOT_FOUND
    answer = await rig.create("cse/cae1", 9, {"mnm": 2, "mid": ["cse/cae1/g/sfop"]}, "Cae1")
    assert answer.status == Status.NOT_FOUND, "it is no possible member"


async def test_grp_5_the_group_says_whether_it_can_be_queried(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await group(rig, box(1), rn="with"))["ssi"] is True
    monkeypatch.setattr(semantics, "available", lambda: False)
    assert (await group(rig, box(1), rn="without"))["ssi"] is False
