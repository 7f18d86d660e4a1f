"""pollingChannel (section 18): requests that are fetched, answered, late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from math import inf
from typing import Any

import pytest

from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.procedures.modes import DyingStore, created, killed
from tests.rig import ADMIN, Rig, message, only, settle

AE, POLLING_CHANNEL = 2, 15
PCU = "cse/cae1/pch/pcu"


@pytest.fixture
async def polled() -> AsyncIterator[Rig]:
    """A CSE with an AE that cannot be called and has a pollingChannel."""
    rig = await Rig.open()
    await rig.register("Cae1", rr=False)
    await rig.made("cse/cae1", POLLING_CHANNEL, {"rn": "pch"}, "Cae1")
    yield rig
    await rig.close()


def notify(number: int) -> RequestPrimitive:
    return RequestPrimitive(Operation.NOTIFY, "/banyan/Cae1", "/banyan", f"n{number}", "3",
                            content={"m2m:sgn": {"sur": f"s{number}"}})


def hand_over(rig: Rig, number: int = 1, timeout_s: float = 60.0) -> asyncio.Task[ResponsePrimitive | None]:
    entity = rig.cse.core.tree.by_id["Cae1"]
    return asyncio.ensure_future(rig.cse.core.polling.deliver(entity, notify(number), timeout_s))


def poll(rig: Rig, **more: Any) -> asyncio.Task[ResponsePrimitive]:
    return asyncio.ensure_future(rig.retrieve(PCU, "Cae1", **more))


async def answer(rig: Rig, rqi: str, fr: str = "Cae1", **more: Any) -> ResponsePrimitive:
    return await rig.request(Operation.NOTIFY, PCU, fr, content={"m2m:rsp": {"rsc": 2000, "rqi": rqi, **more}})


async def test_pch_1_only_the_entity_makes_its_channel_and_one_only(polled: Rig) -> None:
    await polled.register("Cae2")
    for other in ("Cae2", ADMIN):
        refused = await polled.create("cse/cae1", POLLING_CHANNEL, {}, other)
        assert refused.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await polled.create("cse/cae1", POLLING_CHANNEL, {}, "Cae1")).status == Status.BAD_REQUEST
    assert (await polled.create("cse", POLLING_CHANNEL, {})).status == Status.INVALID_CHILD_RESOURCE_TYPE


async def test_pch_1_a_cse_has_one_at_its_registration_too(polled: Rig) -> None:
    rule = {"acr": [{"acor": ["/far", "Cae1"], "acop": 63}]}
    await polled.update("cse/base-access", {"m2m:acp": {"pv": rule}})
    await polled.made("cse", 16, {"rn": "far", "cb": "/far/base", "rr": False, "srv": ["3"]}, "/far")
    await polled.update("cse/far", {"m2m:csr": {"acpi": ["cse/base-access"]}}, "/far")
    for fr, status in (("Cae1", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("/far", Status.CREATED),
                       ("/far", Status.BAD_REQUEST)):
        assert (await polled.create("cse/far", POLLING_CHANNEL, {}, fr)).status == status
    (channel,) = await polled.discover("cse/far", "/far", ty=[POLLING_CHANNEL])
    assert (await polled.retrieve(f"{channel}/pcu", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await polled.retrieve(channel, "/far")).status == Status.OK


async def test_pch_1_and_acp_10_nobody_else_reads_changes_or_deletes_it(polled: Rig) -> None:
    await polled.register("Cae2")
    policy = await polled.made("cse", 1, {"rn": "p", "pv": {"acr": [{"acor": ["all"], "acop": 63}]},
                                          "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}})
    assert (await polled.update("cse/cae1", {"m2m:ae": {"acpi": [policy["ri"]]}})).status == Status.UPDATED
    for response in (await polled.retrieve("cse/cae1/pch", "Cae2"),
                     await polled.update("cse/cae1/pch", {"m2m:pch": {"rqag": True}}, "Cae2"),
                     await polled.delete("cse/cae1/pch", "Cae2"), await polled.retrieve(PCU, "Cae2")):
        assert response.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert only(await polled.update("cse/cae1/pch", {"m2m:pch": {"rqag": True}}, "Cae1"))["rqag"] is True
    assert (await polled.delete("cse/cae1/pch", "Cae1")).status == Status.DELETED


async def test_pch_1_the_channel_takes_no_acpi(polled: Rig) -> None:
    assert (await polled.update("cse/cae1/pch", {"m2m:pch": {"acpi": ["x"]}}, "Cae1")).status == Status.BAD_REQUEST


async def test_pch_2_a_poll_returns_one_request_the_oldest_first(polled: Rig) -> None:
    first, second = hand_over(polled, 1), hand_over(polled, 2)
    await settle()
    for number, task in ((1, first), (2, second)):
        response = await poll(polled)
        assert response.status == Status.OK
        assert response.content is not None
        request = response.content["m2m:rqp"]
        assert request["rqi"] == f"n{number}"
        assert request["op"] == Operation.NOTIFY
        assert request["to"] == "/banyan/Cae1"
        assert request["fr"] == "/banyan"
        assert request["pc"] == {"m2m:sgn": {"sur": f"s{number}"}}
        assert (await answer(polled, f"n{number}")).status == Status.OK
        answered = await task
        assert answered is not None
        assert (answered.status, answered.request_id) == (Status.OK, f"n{number}")


async def test_pch_2_with_rqag_a_poll_returns_all(polled: Rig) -> None:
    await polled.update("cse/cae1/pch", {"m2m:pch": {"rqag": True}}, "Cae1")
    tasks = [hand_over(polled, number) for number in (1, 2, 3)]
    await settle()
    response = await poll(polled)
    assert response.content is not None
    assert [one["rqi"] for one in response.content["m2m:agrp"]["m2m:rqp"]] == ["n1", "n2", "n3"]
    for rqi in ("n2", "n3", "n1"):
        await answer(polled, rqi)
    assert all(one is not None and one.status == Status.OK for one in await asyncio.gather(*tasks))


async def test_pch_2_a_poll_waits_for_a_request(polled: Rig) -> None:
    waiting = poll(polled)
    await polled.clock.advance(20)
    assert not waiting.done()
    task = hand_over(polled)
    assert (await waiting).content["m2m:rqp"]["rqi"] == "n1"  # type: ignore[index]
    await answer(polled, "n1")
    await task


@pytest.mark.parametrize(("rqet", "seconds"), [(None, 30.0), ("5000", 5.0), ("3600000", 30.0)])
async def test_pch_2_a_poll_ends_at_rqet_or_the_local_limit(polled: Rig, rqet: str | None, seconds: float) -> None:
    waiting = poll(polled, request_expiration=rqet)
    await polled.clock.advance(seconds - 0.1)
    assert not waiting.done()
    await polled.clock.advance(0.2)
    assert (await waiting).status == Status.REQUEST_TIMEOUT
    task = hand_over(polled)  # does not go to the poll that is over
    await settle()
    assert (await poll(polled)).status == Status.OK
    task.cancel()


async def test_pch_2_an_absolute_rqet_counts_too(polled: Rig) -> None:
    waiting = poll(polled, request_expiration=polled.at(3))
    await polled.clock.advance(3.1)
    assert (await waiting).status == Status.REQUEST_TIMEOUT


async def test_pch_2_other_operations_are_refused(polled: Rig) -> None:
    for response in (await polled.create(PCU, 3, {}, "Cae1"), await polled.update(PCU, {"m2m:x": {}}, "Cae1"),
                     await polled.delete(PCU, "Cae1")):
        assert response.status == Status.OPERATION_NOT_ALLOWED
    assert (await polled.retrieve(f"{PCU}/x", "Cae1")).status == Status.NOT_FOUND


async def test_pch_3_the_answer_comes_back_with_its_content(polled: Rig) -> None:
    task = hand_over(polled)
    await poll(polled)
    await answer(polled, "n1", pc={"m2m:x": {"a": 1}}, rvi="4")
    answered = await task
    assert answered is not None
    assert (answered.content, answered.release_version) == ({"m2m:x": {"a": 1}}, "4")


async def test_pch_3_an_answer_of_somebody_else_is_refused(polled: Rig) -> None:
    await polled.register("Cae2")
    task = hand_over(polled)
    await poll(polled)
    for other in ("Cae2", ADMIN):
        assert (await answer(polled, "n1", other)).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    await settle()
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("content", [
    {"m2m:sgn": {}}, {"m2m:rsp": None}, {"m2m:rsp": 1}, {"m2m:rsp": []}, {"m2m:rsp": {}},
    {"m2m:rsp": {"rsc": 2000}}, {"m2m:rsp": {"rsc": "2000", "rqi": "n1"}}, {"m2m:rsp": {"rsc": 2000, "rqi": 1}},
    {"m2m:rsp": {"rsc": 2000, "rqi": "n1", "pc": []}},
])
async def test_pch_3_what_is_no_answer_is_refused(polled: Rig, content: dict[str, Any]) -> None:
    refused = await polled.request(Operation.NOTIFY, PCU, "Cae1", content=content)
    assert refused.status == Status.BAD_REQUEST


async def test_pch_3_an_unknown_rqi_is_said_to_be_unknown(polled: Rig) -> None:
    refused = await answer(polled, "n9")
    assert refused.status == Status.NOT_FOUND
    assert "n9" in message(refused)


async def test_pch_3_requests_with_the_same_rqi_get_their_own_answers(polled: Rig) -> None:
    one, other = hand_over(polled, 1), hand_over(polled, 1)
    await settle()
    for number in range(2):
        request = (await poll(polled)).content["m2m:rqp"]  # type: ignore[index]
        await answer(polled, request["rqi"], pc={"m2m:x": {"n": number}})
    answers = [await one, await other]
    assert [answer.content for answer in answers if answer] == [{"m2m:x": {"n": 0}}, {"m2m:x": {"n": 1}}]
    assert {answer.request_id for answer in answers if answer} == {"n1"}


async def test_pch_4_a_request_that_nobody_fetches_is_answered_4008(polled: Rig) -> None:
    task = hand_over(polled, timeout_s=7.0)
    await polled.clock.advance(6.9)
    assert not task.done()
    await polled.clock.advance(0.2)
    answered = await task
    assert answered is not None
    assert answered.status == Status.REQUEST_TIMEOUT
    waiting = poll(polled)
    await polled.clock.advance(31)
    assert (await waiting).status == Status.REQUEST_TIMEOUT


@pytest.mark.parametrize("rqet", ["3000", None], ids=["relative", "absolute"])
async def test_pch_4_who_sends_a_notify_waits_no_longer_than_its_request_lives(polled: Rig, rqet: str | None) -> None:
    asking = asyncio.ensure_future(polled.request(
        Operation.NOTIFY, "cse/cae1", content={"m2m:sgn": {"sur": "s"}}, request_expiration=rqet or polled.at(3)))
    await polled.clock.advance(1.9)
    assert not asking.done()
    await polled.clock.advance(1.2)
    assert (await asking).status == Status.TARGET_NOT_REACHABLE
    late = poll(polled, request_expiration="1000")
    await polled.clock.advance(1.1)
    assert (await late).status == Status.REQUEST_TIMEOUT


async def test_pch_4_a_request_that_was_fetched_and_not_answered_is_fetched_again(polled: Rig) -> None:
    task = hand_over(polled)
    await poll(polled)
    again = poll(polled)
    await polled.clock.advance(9.9)
    assert not again.done()
    await polled.clock.advance(0.2)
    assert (await again).content["m2m:rqp"]["rqi"] == "n1"  # type: ignore[index]
    await answer(polled, "n1")
    assert (await task) is not None


async def test_pch_4_an_entity_without_a_channel_is_said_to_have_none(polled: Rig) -> None:
    await polled.register("Cae2")
    core = polled.cse.core
    assert not core.polling.serves(core.tree.by_id["Cae2"])
    assert await core.polling.deliver(core.tree.by_id["Cae2"], notify(1), 5.0) is None


async def test_pch_4_what_waits_for_a_channel_that_is_deleted_waits_no_longer(polled: Rig) -> None:
    task = hand_over(polled)
    await polled.delete("cse/cae1/pch", "Cae1")
    assert await task is None
    await polled.made("cse/cae1", POLLING_CHANNEL, {"rn": "pch"}, "Cae1")
    waiting = poll(polled)
    await settle()
    await polled.delete("cse/cae1", ADMIN)
    assert (await waiting).status == Status.NOT_FOUND


async def test_pch_4_a_channel_that_has_expired_serves_no_more(polled: Rig) -> None:
    await polled.update("cse/cae1/pch", {"m2m:pch": {"et": polled.at(60)}}, "Cae1")
    core = polled.cse.core
    assert core.polling.serves(core.tree.by_id["Cae1"])
    polled.clock.now += 61
    assert not core.polling.serves(core.tree.by_id["Cae1"])


async def test_pch_5_polls_at_the_same_time_get_different_requests(polled: Rig) -> None:
    polls = [poll(polled) for _ in range(3)]
    await settle()
    tasks = [hand_over(polled, number) for number in (1, 2)]
    await settle(120)
    assert [one.done() for one in polls] == [True, True, False]
    assert [one.result().content["m2m:rqp"]["rqi"] for one in polls[:2]] == ["n1", "n2"]  # type: ignore[index]
    for task in (*tasks, polls[2]):
        task.cancel()


async def test_pch_5_a_poll_that_is_given_up_loses_nothing(polled: Rig) -> None:
    waiting = poll(polled)
    await settle()
    task = hand_over(polled)
    await asyncio.sleep(0)  # it is handed to the poll, which is given up before it can tell
    waiting.cancel()
    await settle()
    assert (await poll(polled)).content["m2m:rqp"]["rqi"] == "n1"  # type: ignore[index]
    task.cancel()


async def test_pch_4_the_channel_is_there_after_a_restart(polled: Rig) -> None:
    again = await Rig.open(store=polled.cse.core.committer.store)
    core = again.cse.core
    assert core.polling.serves(core.tree.by_id["Cae1"])
    waiting = poll(again)
    await settle()
    await again.close()
    assert (await waiting).status == Status.REQUEST_TIMEOUT


async def test_pch_4_notifications_wait_for_a_poll_over_a_kill() -> None:
    rig = await Rig.open(store=DyingStore(), verify_subscriptions=False)
    await rig.register("Cae1", rr=False)
    await rig.made("cse/cae1", POLLING_CHANNEL, {"rn": "pch"}, "Cae1")
    await rig.made("cse", 3, {"rn": "c"})
    await rig.made("cse/c", 23, {"rn": "s", "nu": ["Cae1"], "enc": {"net": [3]}})
    for number in (1, 2):
        await rig.made("cse/c", 4, {"con": number})
    await rig.clock.advance(3)
    again = await killed(rig)
    await again.clock.advance(5)
    found = []
    for _ in range(2):
        request = (await poll(again)).content["m2m:rqp"]  # type: ignore[index]
        found.append(request["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"])
        assert (await answer(again, request["rqi"])).status == Status.OK
        await settle()
    assert found == [1, 2]
    assert await again.cse.core.committer.store.outbox() == []
    await again.close()


async def test_pch_4_notifications_wait_as_long_as_it_takes() -> None:
    rig = await Rig.open(verify_subscriptions=False)
    await rig.register("Cae1", rr=False)
    await rig.made("cse/cae1", POLLING_CHANNEL, {"rn": "pch"}, "Cae1")
    await rig.made("cse", 3, {"rn": "c"})
    await rig.made("cse/c", 23, {"rn": "s", "nu": ["Cae1"], "enc": {"net": [3]}})
    await rig.made("cse/c", 4, {"con": 1})
    await rig.clock.advance(100_000)
    waiting = poll(rig)
    await rig.clock.advance(1)
    assert (await waiting).status == Status.OK
    await rig.close()


async def test_rtp_8_a_result_waits_for_a_poll(polled: Rig) -> None:
    await created(polled, fr="Cae1", rt=2)
    await polled.clock.advance(1000)
    waiting = poll(polled)
    await polled.clock.advance(20)
    request = (await waiting).content["m2m:rqp"]  # type: ignore[index]
    assert request["pc"]["m2m:rsp"]["rsc"] == Status.CREATED
    await answer(polled, request["rqi"])


async def test_pch_5_so_many_polls_wait_at_the_same_time(polled: Rig) -> None:
    polls = [poll(polled) for _ in range(16)]
    await settle()
    refused = await poll(polled)
    assert refused.status == Status.NOT_ACCEPTABLE
    assert "16 polls" in message(refused)
    tasks = [hand_over(polled)]
    await settle()
    tasks += [hand_over(polled, number) for number in range(2, 19)]
    await settle(200)
    assert {one.result().status for one in polls} == {Status.OK}
    rest = await asyncio.gather(poll(polled), poll(polled))
    assert {response.status for response in rest} == {Status.OK}
    polls = [poll(polled) for _ in range(16)]
    await settle()
    for given_up in polls[:3]:
        given_up.cancel()
    await settle()
    again = poll(polled)
    await polled.clock.advance(9.0)
    assert not again.done()
    for left in (*tasks, *polls, again):
        left.cancel()


async def test_pch_4_so_many_requests_of_blocking_senders_wait(polled: Rig) -> None:
    tasks = [hand_over(polled, number, 5.0) for number in range(1000)]
    await settle()
    one_more = await hand_over(polled, 1000)
    assert one_more is not None
    assert (one_more.status, one_more.request_id) == (Status.TARGET_NOT_REACHABLE, "n1000")
    assert "1000 requests wait" in message(one_more)
    kept = hand_over(polled, 1001, inf)
    await settle()
    assert not kept.done()
    await poll(polled)
    assert (await answer(polled, "n0")).status == Status.OK
    tasks.append(hand_over(polled, 1002))
    await settle()
    assert not tasks[-1].done()
    await polled.clock.advance(6.0)
    assert all(task.done() for task in tasks[:1000])
    tasks += [hand_over(polled, number) for number in range(2000, 2999)]
    await settle()
    assert not any(task.done() for task in tasks[1000:])
    for task in (*tasks, kept):
        task.cancel()
