"""The fan-out under load and in time: partial answers, times that end, races, large groups, kept identifiers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.fanout import asking
from cse.fanout.repetition import SeenGroupRequests
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.procedures.fans import answers, box, codes, fan, group
from tests.rig import ADMIN, Rig, only, settle

pytestmark = pytest.mark.usefixtures("boxes")


class Held:
    """Holds back the requests to some addresses until ``go``."""

    def __init__(self, rig: Rig, *addresses: str) -> None:
        self.go = asyncio.Event()
        self.seen: list[RequestPrimitive] = []
        self._addresses = addresses
        self._handle = rig.cse.core.handle
        rig.cse.core.handle = self.handle

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Note a request, and wait."""
        self.seen.append(request)
        if request.to in self._addresses:
            await self.go.wait()
        return await self._handle(request)


# GRP-15


async def test_grp_15_partial_answers_while_some_are_missing(rig: Rig) -> None:
    await group(rig, box(1, 2, 3))
    held = Held(rig, *box(1, 2))
    parts: list[dict[str, Any]] = []
    request = asyncio.create_task(rig.retrieve("cse/cae1/g/fopt", "Cae1", on_partial=parts.append))
    await rig.clock.advance(asking.PARTIAL_EVERY_S + 0.1)
    (part,) = parts
    assert [one["fr"] for one in part["m2m:agr"]["m2m:rsp"]] == box(3)
    await rig.clock.advance(5)
    assert len(parts) == 1, "nothing new, nothing told"
    held.go.set()
    assert codes(await request) == [Status.OK] * 3
    await rig.clock.advance(5)
    assert len(parts) == 1
    assert all(one.on_partial is None for one in held.seen)


async def test_grp_15_who_does_not_wait_is_not_bound_by_the_time_out(rig: Rig) -> None:
    await group(rig, box(1, 2))
    Held(rig, *box(1))
    request = asyncio.create_task(rig.retrieve("cse/cae1/g/fopt", "Cae1", on_partial=lambda part: None,
                                               result_expiration="60000"))
    await rig.clock.advance(30)
    assert not request.done()
    await rig.clock.advance(31)
    assert [one["fr"] for one in answers(await request)] == box(2)


# GRP-14: times


async def test_grp_14_relative_times_count_from_the_first_request(rig: Rig) -> None:
    await group(rig, box(1))
    held = Held(rig)
    answer = await rig.retrieve("cse/cae1/g/fopt", "Cae1", request_expiration="3000", result_expiration="5000")
    assert codes(answer) == [Status.OK]
    (request,) = held.seen
    assert (request.request_expiration or "", request.result_expiration or "") <= (rig.at(3), rig.at(5))
    assert (request.request_expiration or "") > rig.at(2.9)


@pytest.mark.parametrize("value", ["99999999999999", "9" * 40, "99991231T235959"])
async def test_grp_14_times_beyond_the_calendar(rig: Rig, value: str) -> None:
    await group(rig, box(1))
    answer = await rig.retrieve("cse/cae1/g/fopt", "Cae1", request_expiration=value, result_expiration=value)
    assert codes(answer) == [Status.OK]


async def test_grp_14_members_whose_turn_comes_too_late(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    request = asyncio.create_task(rig.create("cse/cae1/g/fopt", 4, {"con": "x"}, "Cae1", request_expiration="2000",
                                             result_expiration="8000"))
    await rig.clock.advance(3)
    held.go.set()
    assert codes(await request) == [Status.REQUEST_TIMEOUT] * 2
    assert [only(await rig.retrieve(address))["cni"] for address in box(1, 2)] == [0, 0]


async def test_grp_14_without_rset_the_request_expiration_counts(rig: Rig) -> None:
    await group(rig, box(1, 2))
    Held(rig, *box(1))
    request = asyncio.create_task(rig.retrieve("cse/cae1/g/fopt", "Cae1", request_expiration="2000"))
    await rig.clock.advance(2.5)
    assert [one["fr"] for one in answers(await request)] == box(2)


# V15, GRP-13


async def test_v15_the_refused_make_nothing_forgotten(rig: Rig) -> None:
    rig.cse.core.seen = SeenGroupRequests(most=3)
    await rig.register("Cstranger")
    address = box(1)[0]
    assert (await rig.retrieve(address, "Cae1", group_request_id="g")).status == Status.OK
    for number in range(20):
        for to in (address, f"{address}/la"):
            answer = await rig.retrieve(to, "Cstranger", group_request_id=f"s{number}")
            assert answer.status == (Status.ORIGINATOR_HAS_NO_PRIVILEGE if to == address else Status.NOT_FOUND)
    again = await rig.retrieve(address, "Cae1", group_request_id="g")
    assert again.status == Status.GROUP_REQUEST_IDENTIFIER_EXISTS
    assert not rig.cse.core.seen._begun


async def test_v15_a_request_that_was_refused_can_be_made_by_others(rig: Rig) -> None:
    await rig.register("Cstranger")
    refused = await rig.retrieve(box(1)[0], "Cstranger", group_request_id="g")
    assert refused.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.retrieve(box(1)[0], "Cae1", group_request_id="g")).status == Status.OK


async def test_v15_two_at_the_same_time(rig: Rig) -> None:
    both = await asyncio.gather(*(rig.create(box(1)[0], 4, {"con": "x"}, "Cae1", group_request_id="g")
                                  for _ in range(2)))
    assert sorted(one.status for one in both) == [Status.CREATED, Status.GROUP_REQUEST_IDENTIFIER_EXISTS]


# races


async def test_grp_14_a_member_that_goes_during_the_fan_out(rig: Rig) -> None:
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    request = asyncio.create_task(fan(rig))
    await settle()
    await rig.delete(box(1)[0], "Cae1")
    held.go.set()
    assert codes(await request) == [Status.NOT_FOUND, Status.OK]


async def test_grp_16_a_group_that_changes_during_the_fan_out(rig: Rig) -> None:
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    request = asyncio.create_task(rig.delete("cse/cae1/g/fopt", "Cae1"))
    await settle()
    only(await rig.update("cse/cae1/g", {"m2m:grp": {"mid": box(1, 3), "gn": "new"}}, "Cae1"))
    held.go.set()
    assert codes(await request) == [Status.DELETED] * 2
    made = only(await rig.retrieve("cse/cae1/g"))
    assert (made["mid"], made["cnm"], made["gn"]) == (box(3), 1, "new")


async def test_grp_16_a_group_that_goes_during_the_fan_out(rig: Rig) -> None:
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    request = asyncio.create_task(rig.delete("cse/cae1/g/fopt", "Cae1"))
    await settle()
    await rig.delete("cse/cae1/g", "Cae1")
    held.go.set()
    assert codes(await request) == [Status.DELETED] * 2
    assert (await rig.retrieve("cse/cae1/g")).status == Status.NOT_FOUND


# bounds


async def test_grp_14_ten_thousand_members_leave_others_their_turn(rig: Rig) -> None:
    count = 10_000
    members = [f"cse/cae1/b1/x{number}" for number in range(count)]
    made = only(await rig.create("cse", 9, {"rn": "g", "mnm": count, "mid": [*box(1), *[
        f"/far/x{number}" for number in range(count - 1)]]}))
    assert made["cnm"] == count
    resource = rig.cse.core.tree.by_id[made["ri"]]
    resource.attributes = {**resource.attributes, "mid": members}
    turns = 0
    request = asyncio.create_task(rig.cse.handle(RequestPrimitive(
        Operation.RETRIEVE, "cse/g/fopt", ADMIN, "r", "3")))
    await asyncio.sleep(0)
    while not request.done():
        other = await rig.cse.handle(RequestPrimitive(Operation.RETRIEVE, "cse/cae1", ADMIN, "o", "3"))
        assert other.status == Status.OK
        await asyncio.sleep(0)
        turns += 1
    answer = await request
    assert len(answer.content["m2m:agr"]["m2m:rsp"]) == count  # type: ignore[index]
    assert turns > count / (2 * asking.AT_ONCE)


async def test_grp_2_others_have_their_turn_while_members_are_checked(rig: Rig) -> None:
    count = 2_000
    await asyncio.gather(*(rig.cse.handle(RequestPrimitive(
        Operation.CREATE, "cse/cae1/b1", ADMIN, f"r{number}", "3", resource_type=3,
        content={"m2m:cnt": {"rn": f"x{number}"}})) for number in range(count)))
    given: dict[str, Any] = {"rn": "g", "mnm": count, "mt": 3, "csy": 2,
                             "mid": [f"cse/cae1/b1/x{number}" for number in range(count)]}
    request = asyncio.create_task(rig.create("cse", 9, given))
    turns = 0
    while not request.done():
        await asyncio.sleep(0)
        turns += 1
    assert only(await request)["cnm"] == count
    assert turns > 3


async def test_grp_15_a_request_resource_shows_what_there_is(rig: Rig) -> None:
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    accepted = await rig.retrieve("cse/cae1/g/fopt", "Cae1", response_type=1, result_expiration="60000")
    assert accepted.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    assert accepted.content is not None
    address = accepted.content["m2m:uri"]
    await rig.clock.advance(asking.PARTIAL_EVERY_S + 0.1)
    shown = only(await rig.retrieve(address, "Cae1"))
    assert (shown["rs"], [one["fr"] for one in shown["ors"]["pc"]["m2m:agr"]["m2m:rsp"]]) == (5, box(2))
    held.go.set()
    await rig.clock.advance(1)
    shown = only(await rig.retrieve(address, "Cae1"))
    assert (shown["rs"], [one["fr"] for one in shown["ors"]["pc"]["m2m:agr"]["m2m:rsp"]]) == (1, box(1, 2))


async def test_grp_15_targets_are_told_of_every_member(rig: Rig) -> None:
    await group(rig, box(1, 2))
    held = Held(rig, *box(1))
    accepted = await rig.retrieve("cse/cae1/g/fopt", "Cae1", response_type=2, result_expiration="60000",
                                  notification_targets=["http://ae/result"])
    assert accepted.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH
    await rig.clock.advance(5)
    held.go.set()
    await rig.clock.advance(1)
    told = [one["fr"] for content in rig.sink.contents("http://ae/result")
            for one in content["m2m:rsp"]["pc"]["m2m:agr"]["m2m:rsp"]]
    assert told == box(1, 2)


async def test_grp_15_flex_leaves_the_rest_to_the_request_resource(rig: Rig) -> None:
    await group(rig, box(1, 2))
    assert codes(await rig.retrieve("cse/cae1/g/fopt", "Cae1", response_type=4)) == [Status.OK] * 2
    held = Held(rig, *box(1))
    request = asyncio.create_task(rig.retrieve("cse/cae1/g/fopt", "Cae1", response_type=4, result_expiration="60000"))
    await rig.clock.advance(10)
    accepted = await request
    assert accepted.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    assert accepted.content is not None
    address = accepted.content["m2m:uri"]
    for status, members in ((5, box(2)), (1, box(1, 2))):
        shown = only(await rig.retrieve(address, "Cae1"))
        assert (shown["rs"], [one["fr"] for one in shown["ors"]["pc"]["m2m:agr"]["m2m:rsp"]]) == (status, members)
        held.go.set()
        await rig.clock.advance(1)
