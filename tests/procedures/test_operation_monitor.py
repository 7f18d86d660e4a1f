"""Operation monitors (``om``): attempts of operations on a resource, also those that fail (SUB-12)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.primitive import FilterCriteria, Operation
from cse.storage.memory import MemoryStore
from cse.storage.port import StoreError
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, outbox, with_box
from tests.rig import ADMIN, Rig, only, settle
from tests.storage.gated import GatedStore

pytestmark = pytest.mark.usefixtures("others")


async def monitor(rig: Rig, *entries: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Subscribe to operations on the container."""
    given = {"rn": "s", "nu": [SINK], "enc": {"om": list(entries)}, **attributes}
    return await rig.made(BOX, 23, given, "Cae1")


def attempts(rig: Rig) -> list[tuple[int, str]]:
    """Operation and originator of the attempts that were notified."""
    events = [one["m2m:sgn"]["nev"]["om"] for one in rig.sink.contents(SINK)]
    return [(event["op"], event["or"]) for event in events]


async def every_operation(rig: Rig, fr: str) -> None:
    """One attempt of each operation on the container, and a discovery."""
    await rig.create(BOX, 4, {"con": "x"}, fr)
    await rig.retrieve(BOX, fr)
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, fr)
    await rig.request(Operation.NOTIFY, BOX, fr, content={"m2m:sgn": {"sur": "x"}})
    await rig.retrieve(BOX, fr, fc=FilterCriteria({}, usage=1))
    await rig.delete(BOX, fr)


ALL = [1, 2, 3, 5, 2, 4]


@pytest.mark.parametrize("fr", ["Cae1", "Cae2"])
async def test_sub_12_every_attempt(rig: Rig, fr: str) -> None:
    await monitor(rig, {})
    await every_operation(rig, fr)
    assert attempts(rig) == [(operation, f"/banyan/{fr}") for operation in ALL]
    assert await outbox(rig) == []


@pytest.mark.parametrize(("bits", "expected"), [
    (1, [1]), (2, [2]), (4, [3]), (8, [4]), (16, [5]), (32, [2]), (1 | 8, [1, 4]), (63, ALL),
])
async def test_sub_12_only_certain_operations(rig: Rig, bits: int, expected: list[int]) -> None:
    await monitor(rig, {"ops": bits})
    await every_operation(rig, "Cae1")
    assert [operation for operation, _ in attempts(rig)] == expected


@pytest.mark.parametrize("written", ["Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2"])
async def test_sub_12_only_a_certain_originator(rig: Rig, written: str) -> None:
    await monitor(rig, {"or": written})
    await rig.retrieve(BOX, "Cae1")
    await rig.retrieve(BOX, "Cae2")
    await rig.retrieve(BOX, "/banyan/Cae2")
    await rig.retrieve(BOX, "Cae3")
    assert attempts(rig) == [(2, "/banyan/Cae2")] * 2


async def test_sub_12_entries_are_alternatives(rig: Rig) -> None:
    await monitor(rig, {"or": "Cae2", "ops": 2}, {"or": "Cae3", "ops": 4})
    for fr in ("Cae1", "Cae2", "Cae3"):
        await rig.retrieve(BOX, fr)
        await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, fr)
    assert attempts(rig) == [(2, "/banyan/Cae2"), (3, "/banyan/Cae3")]


async def test_sub_12_attempts_that_fail_early(rig: Rig) -> None:
    await monitor(rig, {})
    assert not (await rig.retrieve(BOX, "Cunknown")).status.succeeded
    assert (await rig.create(BOX, 9999, {"x": 1}, "Cae1")).status == Status.BAD_REQUEST
    assert (await rig.update(BOX, {"m2m:cnt": {"mni": "many"}}, "Cae1")).status == Status.BAD_REQUEST
    assert (await rig.retrieve(BOX, "Cae1", rcn=99)).status == Status.BAD_REQUEST
    assert attempts(rig) == [(2, "/banyan/Cunknown"), (1, "/banyan/Cae1"), (3, "/banyan/Cae1"), (2, "/banyan/Cae1")]


async def test_sub_12_only_of_the_resource_itself(rig: Rig) -> None:
    await rig.made(BOX, 4, {"rn": "first", "con": "x"}, "Cae1")
    await rig.made(BOX, 3, {"rn": "inner"}, "Cae1")
    await monitor(rig, {})
    for to in (f"{BOX}/first", f"{BOX}/la", f"{BOX}/inner", f"{BOX}/nothing", "cse/cae1"):
        await rig.retrieve(to, "Cae1")
    assert attempts(rig) == []
    for to in (only(await rig.retrieve(BOX, "Cae1"))["ri"], f"/banyan/{BOX}", f"//banyan.example/banyan/{BOX}",
               f"{BOX}#lbl", "-/cae1/box"):
        await rig.retrieve(to, "Cae1")
    assert len(attempts(rig)) == 6


@pytest.mark.parametrize("nct", [1, 2, 3])
async def test_sub_20_content_of_a_monitored_attempt(rig: Rig, nct: int) -> None:
    await monitor(rig, {"ops": 4 | 8}, nct=nct)
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"], "mni": 9}}, "Cae1")
    whole = only(await rig.retrieve(BOX, "Cae1"))
    await rig.update(BOX, {"m2m:cnt": {"mni": 3}}, "Cae2")
    await rig.delete(BOX, "Cae1")
    contents: dict[int, list[Any]] = {
        1: [{"m2m:cnt": whole}] * 3,
        2: [{"m2m:cnt": {"lbl": ["x"], "mni": 9}}, {"m2m:cnt": {"mni": 3}}, {"m2m:cnt": whole}],
        3: [{"m2m:uri": f"/banyan/{whole['ri']}"}] * 3,
    }
    notifications = [one["m2m:sgn"] for one in rig.sink.contents(SINK)]
    assert [one["nev"]["rep"] for one in notifications] == contents[nct]
    assert all("net" not in one["nev"] and one["sur"] == f"/banyan/{BOX}/s" for one in notifications)
    assert notifications[0]["cr"] == "/banyan/Cae1"


@pytest.mark.parametrize("content", [{"m2m:cnt": 3}, {"m2m:xyz": {"a": 1}}, {"m2m:cnt": {}, "m2m:ae": {}}, {}], ids=str)
async def test_sub_12_malformed_updates_are_attempts(rig: Rig, content: dict[str, Any]) -> None:
    await monitor(rig, {"ops": 4}, nct=2)
    answer = await rig.update(BOX, content, "Cae1")
    assert attempts(rig) == [(3, "/banyan/Cae1")], answer
    assert answer.status in (Status.BAD_REQUEST, Status.UPDATED)


async def test_sub_12_conditions_on_the_resource(rig: Rig) -> None:
    await monitor(rig, {"ops": 2}, enc={"om": [{"ops": 2}], "stb": 2})
    await rig.retrieve(BOX, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["y"]}}, "Cae1")
    await rig.retrieve(BOX, "Cae1")
    assert len(attempts(rig)) == 1


async def test_sub_12_ends_with_the_subscription_and_with_om(rig: Rig) -> None:
    await monitor(rig, {"ops": 2})
    await rig.update(f"{BOX}/s", {"m2m:sub": {"enc": {"om": [{"ops": 1}]}}}, "Cae1")
    await rig.retrieve(BOX, "Cae1")
    assert attempts(rig) == []
    await rig.made(BOX, 4, {"con": "x"}, "Cae1")
    await rig.update(f"{BOX}/s", {"m2m:sub": {"enc": {"net": [1]}}}, "Cae1")
    await rig.made(BOX, 4, {"con": "y"}, "Cae1")
    assert attempts(rig) == [(1, "/banyan/Cae1")]
    assert not rig.cse.core.notifier.monitoring.subscriptions


async def test_sub_12_with_policies(rig: Rig) -> None:
    await monitor(rig, {"ops": 2}, bn={"num": 2}, exc=1)
    await rig.retrieve(BOX, "Cae2")
    await rig.retrieve(BOX, "Cae3")
    (content,) = rig.sink.contents(SINK)
    assert [one["nev"]["om"]["or"] for one in content["m2m:agn"]["m2m:sgn"]] == ["/banyan/Cae2", "/banyan/Cae3"]
    assert (await rig.retrieve(f"{BOX}/s")).status == Status.NOT_FOUND


async def test_sub_12_requests_through_a_group(rig: Rig) -> None:
    await monitor(rig, {"ops": 2})
    await rig.made("cse", 9, {"rn": "g", "mid": [BOX], "mnm": 3}, ADMIN)
    assert (await rig.retrieve("cse/g/fopt", ADMIN)).status == Status.OK
    assert attempts(rig) == [(2, f"/banyan/{ADMIN}")]


async def test_sub_12_the_answer_does_not_depend_on_the_notification() -> None:
    store = GatedStore()
    rig = await with_box(store=store)
    await monitor(rig, {"ops": 2})
    store.failure = StoreError("disk full")
    assert (await rig.retrieve(BOX, "Cae1")).status == Status.OK
    assert attempts(rig) == []
    await rig.close()


async def test_sub_12_a_requester_that_goes_away_is_counted_once(rig: Rig) -> None:
    await monitor(rig, {"ops": 1})
    request = asyncio.create_task(rig.create(BOX, 4, {"con": "x"}, "Cae1"))
    request.cancel()
    await settle()
    assert (await rig.create(BOX, 4, {"con": "y"}, "Cae1")).status == Status.CREATED
    assert attempts(rig) == [(1, "/banyan/Cae1")]


async def test_sub_12_monitors_again_after_a_restart() -> None:
    store = MemoryStore()
    rig = await with_box(store=store)
    await monitor(rig, {"ops": 2})
    await rig.close()
    rig = await Rig.open(store=store)
    await rig.retrieve(BOX, "Cae1")
    assert attempts(rig) == [(2, "/banyan/Cae1")]
    await rig.close()


@pytest.mark.parametrize("rt", [1, 2, 4])
async def test_sub_12_an_acknowledged_request_is_one_attempt(rig: Rig, rt: int) -> None:
    await monitor(rig, {})
    await rig.retrieve(BOX, "Cae1", response_type=rt, notification_targets=[])
    await settle()
    assert attempts(rig) == [(2, "/banyan/Cae1")]
