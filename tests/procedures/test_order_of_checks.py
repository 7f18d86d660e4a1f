"""Section 2: each check of V1 … V19, and which of two errors is answered (the earlier step wins)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation, RequestPrimitive
from resources.status import Status
from tests.rig import Rig, message, only


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a CREATE of a container: the step that finds it, and what is different."""

    step: str
    status: Status
    changed: dict[str, Any] = field(default_factory=dict)


#: In the order in which they are looked at; each differs from a correct CREATE in its own parameters.
FAULTS = [
    Fault("V1", Status.BAD_REQUEST, {"request_id": ""}),
    Fault("V2", Status.RELEASE_VERSION_NOT_SUPPORTED, {"release_version": "9"}),
    Fault("V3", Status.REQUEST_TIMEOUT, {"request_expiration": "-1"}),
    Fault("V4", Status.NOT_IMPLEMENTED, {"unsupported": ["tkns"]}),
    Fault("V5", Status.REQUEST_TIMEOUT, {"result_expiration": "-1"}),
    Fault("V7", Status.ORIGINATOR_NOT_AUTHENTICATED, {"originator": "CStranger"}),
    Fault("V9", Status.BAD_REQUEST, {"result_content": 4}),
    Fault("V14", Status.NOT_FOUND, {"to": "cse/nothing"}),
    Fault("V17", Status.BAD_REQUEST, {"content": {"m2m:cnt": {"mni": "three", "rn": "made"}}}),
]
GOOD: dict[str, Any] = {
    "to": "cse/cae1", "originator": "Cae1", "request_id": "r1", "release_version": "3", "resource_type": 3,
    "content": {"m2m:cnt": {"rn": "made"}},
}


async def ask(rig: Rig, operation: Operation = Operation.CREATE, **changed: Any) -> Status:
    """Send GOOD with changes; check that a refused one has left nothing."""
    answer = await rig.cse.handle(RequestPrimitive(operation, **{**GOOD, **changed}))
    if not answer.status.succeeded:
        assert (await rig.retrieve("cse/cae1/made")).status == Status.NOT_FOUND
        assert message(answer)
    return answer.status


async def test_order_of_checks_a_correct_request_passes(rig: Rig) -> None:
    assert await ask(rig) == Status.CREATED


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.step) for one in FAULTS])
async def test_order_of_checks_one_fault(rig: Rig, fault: Fault) -> None:
    assert await ask(rig, **fault.changed) == fault.status


@pytest.mark.parametrize(("first", "second"), [pytest.param(one, other, id=f"{one.step} before {other.step}")
                                               for one, other in itertools.combinations(FAULTS, 2)])
async def test_order_of_checks_the_earlier_fault_is_answered(rig: Rig, first: Fault, second: Fault) -> None:
    assert await ask(rig, **{**second.changed, **first.changed}) == first.status


@pytest.mark.parametrize("changed", [{"request_id": ""}, {"to": ""}, {"originator": ""}])
async def test_v1_mandatory_parameters(rig: Rig, changed: dict[str, Any]) -> None:
    for other in ({}, {"release_version": "9"}):
        assert await ask(rig, **{**other, **changed}) == Status.BAD_REQUEST


async def test_v1_an_ae_may_register_without_originator(rig: Rig) -> None:
    assert await ask(rig, originator="", resource_type=2, to="cse",
                     content={"m2m:ae": {"api": "N1", "rr": True, "srv": ["3"]}}) == Status.CREATED


@pytest.mark.parametrize("operation", [Operation.RETRIEVE, Operation.DELETE])
async def test_v1_nobody_else_comes_without_originator(rig: Rig, operation: Operation) -> None:
    assert await ask(rig, operation, originator="", content=None, resource_type=None) == Status.BAD_REQUEST


@pytest.mark.parametrize(("version", "status"), [(None, Status.CREATED), ("2a", Status.CREATED), ("3", Status.CREATED),
                                                 ("4", Status.CREATED), ("5", Status.RELEASE_VERSION_NOT_SUPPORTED),
                                                 ("", Status.RELEASE_VERSION_NOT_SUPPORTED),
                                                 ("3.0", Status.RELEASE_VERSION_NOT_SUPPORTED)])
async def test_v2_release_versions(rig: Rig, version: str | None, status: Status) -> None:
    assert await ask(rig, release_version=version) == status


@pytest.mark.parametrize(("value", "status"), [
    ("1", Status.CREATED), ("100000", Status.CREATED), ("20990101T000000", Status.CREATED),
    ("20990101T000000,5", Status.CREATED), ("0", Status.REQUEST_TIMEOUT), ("-5", Status.REQUEST_TIMEOUT),
    ("20200101T000000", Status.REQUEST_TIMEOUT), ("soon", Status.BAD_REQUEST), ("", Status.BAD_REQUEST),
    ("20991301T000000", Status.BAD_REQUEST), ("9" * 400, Status.BAD_REQUEST),
    ("²", Status.BAD_REQUEST), ("--5", Status.BAD_REQUEST),
])
async def test_v3_request_expiration(rig: Rig, value: str, status: Status) -> None:
    assert await ask(rig, request_expiration=value) == status


async def test_ord_3_relative_times_count_from_arrival(rig: Rig) -> None:
    await rig.clock.advance(1000)
    assert await ask(rig, request_expiration="1") == Status.CREATED


@pytest.mark.parametrize("changed", [
    {"unsupported": ["tqi"]}, {"response_type": 5},
])
async def test_v4_what_is_not_supported(rig: Rig, changed: dict[str, Any]) -> None:
    assert await ask(rig, **changed) == Status.NOT_IMPLEMENTED


@pytest.mark.parametrize(("rqet", "rset", "status"), [
    ("2000", "1000", Status.BAD_REQUEST), ("1000", "2000", Status.CREATED), ("1000", "1000", Status.CREATED),
    (None, "1", Status.CREATED), (None, "-1", Status.REQUEST_TIMEOUT), (None, "x", Status.BAD_REQUEST),
])
async def test_v5_result_expiration(rig: Rig, rqet: str | None, rset: str, status: Status) -> None:
    assert await ask(rig, request_expiration=rqet, result_expiration=rset) == status


async def test_v5_comes_after_v4(rig: Rig) -> None:
    assert await ask(rig, request_expiration="2000", result_expiration="1000", unsupported=["tkns"]) \
        == Status.NOT_IMPLEMENTED


@pytest.mark.parametrize("fr", ["Cae1", "/banyan/Cae1", "//banyan.example/banyan/Cae1"])
async def test_v6_every_form_of_a_registered_originator_is_accepted(rig: Rig, fr: str) -> None:
    assert await ask(rig, originator=fr) == Status.CREATED


@pytest.mark.parametrize("fr", ["CStranger", "cae1", "x", "C", "S", "Cae1 ", "cse"])
@pytest.mark.parametrize("operation", list(Operation))
async def test_v7_unknown_originators(rig: Rig, fr: str, operation: Operation) -> None:
    content = GOOD["content"] if operation in (Operation.CREATE, Operation.UPDATE, Operation.NOTIFY) else None
    ty = 3 if operation is Operation.CREATE else None
    assert await ask(rig, operation, originator=fr, content=content, resource_type=ty) \
        == Status.ORIGINATOR_NOT_AUTHENTICATED


async def test_v7_a_deregistered_ae_is_unknown(rig: Rig) -> None:
    assert (await rig.delete("Cae1", "Cae1")).status == Status.DELETED
    assert (await rig.retrieve("cse", "Cae1")).status == Status.ORIGINATOR_NOT_AUTHENTICATED


async def test_v7_an_expired_ae_is_unknown(rig: Rig) -> None:
    await rig.register("Cshort", et=rig.at(10))
    assert (await rig.retrieve("cse", "Cshort")).status == Status.OK
    rig.clock.now += 11
    assert (await rig.retrieve("cse", "Cshort")).status == Status.ORIGINATOR_NOT_AUTHENTICATED


async def test_v8_a_cse_id_is_not_refused_where_security_is_off(rig: Rig) -> None:
    answer = await rig.retrieve("cse/cae1", "/other")
    assert answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize(("operation", "changed"), [
    (Operation.CREATE, {"resource_type": None}), (Operation.CREATE, {"resource_type": 999}),
    (Operation.CREATE, {"resource_type": 0}), (Operation.CREATE, {"resource_type": -3}),
    (Operation.CREATE, {"content": None}), (Operation.CREATE, {"filter_criteria": FilterCriteria()}),
    (Operation.UPDATE, {"resource_type": 3}), (Operation.UPDATE, {"content": None, "resource_type": None}),
    (Operation.RETRIEVE, {"content": None}), (Operation.DELETE, {"content": None}),
    (Operation.NOTIFY, {"content": None, "resource_type": None}), (Operation.NOTIFY, {"resource_type": 3}),
    (Operation.DELETE, {"resource_type": None}), (Operation.RETRIEVE, {"resource_type": None}),
])
async def test_v9_parameters_of_the_operation(rig: Rig, operation: Operation, changed: dict[str, Any]) -> None:
    assert await ask(rig, operation, **changed) == Status.BAD_REQUEST


async def test_v9_comes_before_v11(rig: Rig) -> None:
    base: dict[str, Any] = {"resource_type": 5, "content": {"m2m:cb": {}}}
    assert await ask(rig, **base) == Status.OPERATION_NOT_ALLOWED
    assert await ask(rig, **base, result_content=4) == Status.BAD_REQUEST


@pytest.mark.parametrize(("operation", "to", "ty", "content"), [
    pytest.param(Operation.UPDATE, "cse/cae1/box/i", None, {"m2m:cin": {"lbl": ["a"]}}, id="V11 update cin"),
    pytest.param(Operation.UPDATE, "cse/cae1/box/la", None, {"m2m:cin": {"lbl": ["a"]}}, id="V11 update la"),
    pytest.param(Operation.UPDATE, "cse/cae1/box/ol", None, {"m2m:cin": {"lbl": ["a"]}}, id="V11 update ol"),
    pytest.param(Operation.CREATE, "cse/cae1/box/la", 4, {"m2m:cin": {"con": "1"}}, id="V11 create at la"),
    pytest.param(Operation.CREATE, "cse/cae1/box/ol", 4, {"m2m:cin": {"con": "1"}}, id="V11 create at ol"),
    pytest.param(Operation.UPDATE, "cse", None, {"m2m:cb": {"lbl": ["a"]}}, id="V11 update base"),
    pytest.param(Operation.DELETE, "cse", None, None, id="V11 delete base"),
    pytest.param(Operation.CREATE, "cse", 5, {"m2m:cb": {"rn": "b"}}, id="V11 create base"),
])
@pytest.mark.parametrize("fr", ["CAdmin", "Cae2"])
async def test_v11_type_level_prohibitions(rig: Rig, operation: Operation, to: str, ty: int | None,
                                           content: dict[str, Any] | None, fr: str) -> None:
    await rig.register("Cae2")
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    instance = await rig.made("cse/cae1/box", 4, {"rn": "i", "con": "1"}, "Cae1")
    answer = await rig.request(operation, to, fr, resource_type=ty, content=content)
    assert answer.status == Status.OPERATION_NOT_ALLOWED
    assert only(await rig.retrieve("cse/cae1/box/la")) == instance
    assert only(await rig.retrieve("cse/cae1/box"))["cni"] == 1


async def test_v13_another_host(rig: Rig) -> None:
    assert await ask(rig, to="/other/cse") == Status.NOT_FOUND
    assert await ask(rig, to="/other/cse", resource_type=2, originator="C",
                     content={"m2m:ae": {"api": "N1", "rr": True, "srv": ["3"]}}) == Status.BAD_REQUEST


async def test_v14_the_target_comes_before_the_right(rig: Rig) -> None:
    await rig.register("Cae2")
    for operation, content in ((Operation.RETRIEVE, None), (Operation.DELETE, None),
                               (Operation.UPDATE, {"m2m:cnt": {"lbl": ["a"]}})):
        for to, status in (("cse/cae1/nothing", Status.NOT_FOUND), ("cse/cae1", Status.ORIGINATOR_HAS_NO_PRIVILEGE)):
            assert (await rig.request(operation, to, "Cae2", content=content)).status == status


async def test_v14_a_condition_that_is_not_met_comes_before_the_representation(rig: Rig) -> None:
    answer = await rig.update("cse/cae1", {"m2m:ae": {"nonsense": 1}}, "Cae1",
                              filter_criteria=FilterCriteria({"lbl": ["no"]}))
    assert answer.status == Status.NOT_FOUND


async def test_v14_a_condition_says_nothing_to_somebody_without_rights(rig: Rig) -> None:
    await rig.register("Cae2")
    for label in ("yes", "no"):
        await rig.update("cse/cae1", {"m2m:ae": {"lbl": ["yes"]}}, "Cae1")
        answer = await rig.retrieve("cse/cae1", "Cae2", fc=FilterCriteria({"lbl": [label]}))
        assert answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_v15_a_group_request_is_done_once_per_target(rig: Rig) -> None:
    assert await ask(rig, group_request_id="g1") == Status.CREATED
    again = await rig.request(Operation.RETRIEVE, "cse/cae1", "Cae1", group_request_id="g1")
    assert again.status == Status.GROUP_REQUEST_IDENTIFIER_EXISTS
    assert (await rig.request(Operation.RETRIEVE, "cse", "Cae1", group_request_id="g1")).status == Status.OK


async def test_v15_comes_before_v16(rig: Rig) -> None:
    await rig.register("Cae2")
    for fr, status in (("Cae2", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("Cae1", Status.OK),
                       ("Cae2", Status.GROUP_REQUEST_IDENTIFIER_EXISTS)):
        assert (await rig.request(Operation.RETRIEVE, "cse/cae1", fr, group_request_id="g2")).status == status


@pytest.mark.parametrize(("operation", "content"), [
    (Operation.CREATE, {"m2m:wrong": {}}), (Operation.UPDATE, {"m2m:ae": {"nonsense": 1}}),
    (Operation.UPDATE, {"m2m:wrong": {}}), (Operation.UPDATE, {}), (Operation.CREATE, {}),
])
async def test_v16_comes_before_v17(rig: Rig, operation: Operation, content: dict[str, Any]) -> None:
    await rig.register("Cae2")
    ty = 3 if operation is Operation.CREATE else None
    for fr, status in (("Cae2", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("Cae1", Status.BAD_REQUEST)):
        assert (await rig.request(operation, "cse/cae1", fr, resource_type=ty, content=content)).status == status


@pytest.mark.parametrize(("to", "ty", "content", "status"), [
    pytest.param("cse", 4, {"con": "1"}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 cin under cb"),
    pytest.param("cse/cae1", 4, {"con": "1"}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 cin under ae"),
    pytest.param("cse/cae1", 2, {"api": "N1", "rr": True, "srv": ["3"]}, Status.INVALID_CHILD_RESOURCE_TYPE,
                 id="ORD-1 ae under ae"),
    pytest.param("cse/cae1/box", 1, {}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 acp under cnt"),
    pytest.param("cse/cae1/box", 9, {}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 grp under cnt"),
    pytest.param("cse/cae1/box/i", 3, {}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 cnt under cin"),
    pytest.param("cse/cae1/box/i", 4, {}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 cin under cin"),
    pytest.param("cse/cae1/s", 3, {}, Status.INVALID_CHILD_RESOURCE_TYPE, id="ORD-1 cnt under sub"),
    pytest.param("cse/cae1/box/i", 23, {}, Status.TARGET_NOT_SUBSCRIBABLE, id="ORD-1 sub under cin"),
    pytest.param("cse/cae1/s", 23, {}, Status.TARGET_NOT_SUBSCRIBABLE, id="ORD-1 sub under sub"),
])
async def test_ord_1_a_child_that_cannot_be(rig: Rig, to: str, ty: int, content: dict[str, Any],
                                            status: Status) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "i", "con": "1"}, "Cae1")
    await rig.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/a"]}, "Cae1")
    before = await rig.discover("cse")
    assert (await rig.create(to, ty, content, "Cnew" if ty == 2 else "CAdmin")).status == status
    assert await rig.discover("cse") == before
    if ty != 2 and to != "cse":
        await rig.register("Cae2")
        assert (await rig.create(to, ty, content, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize("version", ["2a", "3", "4", None])
async def test_v19_identifiers_are_echoed(rig: Rig, version: str | None) -> None:
    for to in ("cse", "cse/nothing"):
        answer = await rig.retrieve(to, request_id="id-ä-1", release_version=version)
        assert (answer.request_id, answer.release_version) == ("id-ä-1", version)


@pytest.mark.parametrize(("operation", "to", "ty", "content", "status"), [
    pytest.param(Operation.CREATE, "cse/cae1", 3, {"m2m:cnt": {}}, 2001, id="V18 create"),
    pytest.param(Operation.RETRIEVE, "cse/cae1", None, None, 2000, id="V18 retrieve"),
    pytest.param(Operation.UPDATE, "cse/cae1", None, {"m2m:ae": {"lbl": ["a"]}}, 2004, id="V18 update"),
    pytest.param(Operation.DELETE, "cse/cae1", None, None, 2002, id="V18 delete"),
    pytest.param(Operation.NOTIFY, "cse", None, {"m2m:sgn": {"vrq": True, "sur": "x"}}, 2000, id="V18 notify"),
])
async def test_v18_status_of_success(rig: Rig, operation: Operation, to: str, ty: int | None,
                                     content: dict[str, Any] | None, status: int) -> None:
    assert (await rig.request(operation, to, resource_type=ty, content=content)).status == status
