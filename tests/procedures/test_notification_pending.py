"""Pending notifications (``pn``) and schedules: what waits, what is dropped, and when it is sent (SUB-23, SUB-26)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from cse.primitive import Operation
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, outbox, put, silent, subscribe, told, values, with_box
from tests.rig import ADMIN, Rig, RigClock, only, settle

#: 2027-01-15 08:00:00 UTC is the first moment of a RigClock.
START = 1_800_000_000.0
SELDOM_S = 1e6
NEVER_NOW, ALWAYS = ["* * 20 * * * *"], ["* * * * * * *"]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``; hours are long, so it seldom looks for what has expired."""
    rig = await with_box(expiry_check_s=SELDOM_S)
    yield rig
    await rig.close()


async def schedule(rig: Rig, entries: list[str], to: str = f"{BOX}/s", fr: str = "Cae1") -> dict[str, Any]:
    """Put a schedule under a subscription."""
    return await rig.made(to, 18, {"rn": "when", "se": {"sce": entries}}, fr)


# a target that cannot be reached


@pytest.mark.parametrize(("pn", "expected"), [(1, [3]), (2, [1, 2, 3])])
async def test_sub_23_delivered_after_the_target_returns(rig: Rig, pn: int, expected: list[int]) -> None:
    await subscribe(rig, pn=pn)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    await rig.clock.advance(3600)
    assert values(rig) == []
    assert len(await outbox(rig)) == len(expected)
    rig.sink.answer = silent()
    await rig.clock.advance(600)
    assert values(rig) == expected
    assert await outbox(rig) == []
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_sub_23_the_one_that_was_kept_is_the_latest(rig: Rig) -> None:
    await subscribe(rig, pn=1)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    rig.sink.answer = silent()
    await rig.clock.advance(2)
    assert rig.sink.received[-1][1].event_category == 4


async def test_sub_23_without_pn_it_is_given_up(rig: Rig) -> None:
    await subscribe(rig)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.clock.advance(60)
    rig.sink.answer = silent()
    await put(rig, 3)
    assert values(rig) == [3]


async def test_sub_23_a_delivery_that_succeeds_lets_the_others_follow(rig: Rig) -> None:
    await rig.made(BOX, 23, {"rn": "t", "nu": [SINK], "enc": {"net": [1]}}, "Cae1")
    await subscribe(rig, pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.clock.advance(5000)
    rig.sink.answer = silent()
    assert values(rig) == []
    await rig.update(BOX, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert [one["m2m:sgn"]["nev"]["net"] for one in rig.sink.contents(SINK)] == [1, 3, 3]


@pytest.mark.parametrize("change", [{"poa": ["http://ae/new"]}, {"rr": True}], ids=str)
async def test_sub_23_a_change_of_the_registration_is_a_sign(rig: Rig, change: dict[str, Any]) -> None:
    await rig.register("Cae2", poa=["http://ae/old" if "poa" in change else "http://ae/new"])
    await subscribe(rig, nu=["Cae2"], pn=2)
    if "rr" in change:
        await rig.update("cse/cae2", {"m2m:ae": {"rr": False}}, "Cae2")
    rig.sink.answer = silent("http://ae/old")
    await put(rig, 1, 2)
    await rig.clock.advance(5000)
    assert len(await outbox(rig)) == 2
    await rig.update("cse/cae2", {"m2m:ae": change}, "Cae2")
    assert values(rig, "http://ae/new") == [1, 2]
    assert await outbox(rig) == []


async def test_sub_23_an_ae_that_registers_again(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    await subscribe(rig, nu=["Cae2"], pn=2)
    await rig.delete("cse/cae2", "Cae2")
    await put(rig, 1, 2)
    await rig.clock.advance(3000)
    await rig.register("Cae2", poa=["http://ae/2"])
    assert values(rig, "http://ae/2") == [1, 2]


async def test_sub_23_a_poll_is_a_sign(rig: Rig) -> None:
    await rig.register("Cae2", rr=False)
    await rig.made("cse/cae2", 15, {"rn": "channel"}, "Cae2")
    rig.cse.core.settings.verify_subscriptions = False
    await subscribe(rig, nu=["Cae2"], pn=2)
    await put(rig, 1, 2)
    await rig.clock.advance(3000)
    assert len(await outbox(rig)) == 2
    for number in (1, 2):
        polled = await rig.retrieve("cse/cae2/channel/pcu", "Cae2")
        assert polled.status == Status.OK
        request = polled.content["m2m:rqp"]  # type: ignore[index]
        assert request["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] == number
        answer = {"m2m:rsp": {"rsc": 2000, "rqi": request["rqi"]}}
        assert (await rig.request(Operation.NOTIFY, "cse/cae2/channel/pcu", "Cae2", content=answer)).status == Status.OK
    await settle()
    assert await outbox(rig) == []


async def test_sub_23_tries_become_rarer(rig: Rig) -> None:
    await subscribe(rig, pn=2)
    tries: list[float] = []

    def away(url: str, content: dict[str, Any]) -> None:
        tries.append(rig.clock.now)

    rig.sink.answer = away
    await put(rig, 1, 2, 3)
    await rig.clock.advance(10_000)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) < 40
    assert max(pauses) == pytest.approx(600, abs=1)


async def test_sub_23_what_waits_holds_up_no_other_subscription(rig: Rig) -> None:
    given = {"rn": "t", "nu": ["http://sink/b"], "enc": {"net": [3], "chty": [4]}, "pn": 2}
    await rig.made(BOX, 23, given, "Cae1")
    await subscribe(rig, pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    assert values(rig, "http://sink/b") == [1, 2]


async def test_sub_23_pending_notifications_survive_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock, expiry_check_s=SELDOM_S)
    await subscribe(rig, pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.clock.advance(3600)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock, expiry_check_s=SELDOM_S)
    rig.sink.answer = silent(SINK)
    await put(rig, 3)
    await rig.clock.advance(3600)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock, expiry_check_s=SELDOM_S)
    await settle()
    assert values(rig) == [1, 2, 3]
    assert await outbox(rig) == []
    await rig.close()


# changes of pn (SUB-26)


@pytest.mark.parametrize(("pn", "expected"), [(None, []), (1, [3]), (2, [1, 2, 3])])
@pytest.mark.parametrize("closed", [True, False])
async def test_sub_26_a_change_of_pn(rig: Rig, pn: int | None, expected: list[int], *, closed: bool) -> None:
    await subscribe(rig, pn=2)
    if closed:
        await schedule(rig, NEVER_NOW)
    else:
        rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    assert (await rig.update(f"{BOX}/s", {"m2m:sub": {"pn": pn}}, "Cae1")).status == Status.UPDATED
    await rig.clock.advance(1)
    assert len(await outbox(rig)) == len(expected)
    rig.sink.answer = silent()
    await rig.clock.advance(12 * 3600 + 60)
    assert values(rig) == expected


async def test_sub_26_pn_is_not_for_what_the_rate_limit_holds_back(rig: Rig) -> None:
    await subscribe(rig, pn=2, rl={"mnn": 1, "tww": "PT10S"})
    await put(rig, 1, 2, 3)
    await rig.update(f"{BOX}/s", {"m2m:sub": {"pn": None}}, "Cae1")
    await rig.clock.advance(30)
    assert values(rig) == [1, 2, 3]


async def test_sub_26_deletion_drops_what_is_pending(rig: Rig) -> None:
    await subscribe(rig, pn=2, su="http://sink/su")
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.delete(f"{BOX}/s", "Cae1")
    assert len(told(rig, "http://sink/su")) == 1
    assert await outbox(rig) == []
    rig.sink.answer = silent()
    await rig.clock.advance(3600)
    assert values(rig) == []


async def test_sub_26_a_target_that_is_taken_out_gets_nothing_any_more(rig: Rig) -> None:
    await subscribe(rig, nu=[SINK, "http://sink/b"], pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2)
    await rig.update(f"{BOX}/s", {"m2m:sub": {"nu": ["http://sink/b"]}}, "Cae1")
    assert await outbox(rig) == []
    rig.sink.answer = silent()
    await rig.clock.advance(3600)
    assert values(rig) == []
    assert values(rig, "http://sink/b") == [1, 2]


# schedules


@pytest.mark.parametrize(("pn", "expected"), [(None, []), (1, [3]), (2, [1, 2, 3])])
async def test_sub_23_outside_of_the_schedule_nothing_is_sent(rig: Rig, pn: int | None, expected: list[int]) -> None:
    await subscribe(rig, **({} if pn is None else {"pn": pn}))
    await schedule(rig, ["* * 9 * * * *"])
    assert rig.clock.now < START + 60  # eight o'clock
    await put(rig, 1, 2, 3)
    assert values(rig) == []
    assert len(await outbox(rig)) == len(expected)
    await rig.clock.advance(3590)
    assert values(rig) == []
    await rig.clock.advance(20)
    assert values(rig) == expected
    await put(rig, 4)
    assert values(rig) == [*expected, 4]


async def test_sub_23_an_immediate_notification_does_not_wait(rig: Rig) -> None:
    await subscribe(rig, nec=2)
    await schedule(rig, NEVER_NOW)
    await put(rig, 1)
    assert values(rig) == [1]


@pytest.mark.parametrize("pn", [None, 2])
async def test_sub_23_the_schedule_of_the_targets_node(rig: Rig, pn: int | None) -> None:
    node = await rig.made("cse", 14, {"rn": "node", "ni": "urn:dev:ops:1-2-3"}, ADMIN)
    await rig.made("cse/node", 18, {"rn": "awake", "se": {"sce": ["* 30-59 * * * * *"]}}, ADMIN)
    await rig.register("Cae2", poa=["http://ae/2"])
    await rig.update("cse/cae2", {"m2m:ae": {"nl": node["ri"]}}, "Cae2")
    await subscribe(rig, nu=["Cae2", SINK], **({} if pn is None else {"pn": pn}))
    await put(rig, 1)
    assert values(rig) == [1]
    assert values(rig, "http://ae/2") == []
    await rig.clock.advance(1805)
    assert values(rig, "http://ae/2") == ([] if pn is None else [1])
    await put(rig, 2)
    assert values(rig, "http://ae/2") == ([2] if pn is None else [1, 2])


async def test_sub_23_both_schedules_have_to_allow_it(rig: Rig) -> None:
    node = await rig.made("cse", 14, {"rn": "node", "ni": "urn:dev:ops:1-2-3"}, ADMIN)
    await rig.made("cse/node", 18, {"rn": "awake", "se": {"sce": ["* 30-39 * * * * *"]}}, ADMIN)
    await rig.register("Cae2", poa=["http://ae/2"])
    await rig.update("cse/cae2", {"m2m:ae": {"nl": node["ri"]}}, "Cae2")
    await subscribe(rig, nu=["Cae2"], pn=2)
    await schedule(rig, ["* 35-45 9 * * * *"])
    await put(rig, 1)
    await rig.clock.advance(3600 + 34 * 60)
    assert values(rig, "http://ae/2") == []
    await rig.clock.advance(70)
    assert values(rig, "http://ae/2") == [1]


@pytest.mark.parametrize("change", ["removed", "changed"])
async def test_sub_23_a_schedule_that_goes_lets_everything_go(rig: Rig, change: str) -> None:
    await subscribe(rig, pn=2)
    await schedule(rig, NEVER_NOW)
    await put(rig, 1, 2)
    assert values(rig) == []
    if change == "removed":
        await rig.delete(f"{BOX}/s/when", "Cae1")
    else:
        await rig.update(f"{BOX}/s/when", {"m2m:sch": {"se": {"sce": ALWAYS}}}, "Cae1")
    assert values(rig) == [1, 2]


async def test_sub_23_a_schedule_that_never_comes(rig: Rig) -> None:
    await subscribe(rig, pn=2)
    await schedule(rig, ["* * * * * * 2001"])
    await put(rig, 1)
    await rig.clock.advance(90 * 86400)
    assert values(rig) == []
    assert len(await outbox(rig)) == 1
    await rig.delete(f"{BOX}/s/when", "Cae1")
    assert values(rig) == [1]


async def test_sub_23_a_schedule_survives_a_restart() -> None:
    store, clock = MemoryStore(), RigClock()
    rig = await with_box(store=store, clock=clock, expiry_check_s=SELDOM_S)
    await subscribe(rig, pn=2)
    await schedule(rig, ["* * 9 * * * *"])
    await put(rig, 1, 2)
    await rig.close()
    rig = await Rig.open(store=store, clock=clock, expiry_check_s=SELDOM_S)
    await settle()
    assert values(rig) == []
    await rig.clock.advance(3700)
    assert values(rig) == [1, 2]
    await rig.close()


async def test_sub_23_a_batch_waits_for_the_schedule_too(rig: Rig) -> None:
    await subscribe(rig, pn=2, bn={"num": 2})
    await schedule(rig, ["* * 9 * * * *"])
    await put(rig, 1, 2, 3, 4, 5)
    await rig.clock.advance(3605)
    assert values(rig) == [[1, 2], [3, 4], [5]]


async def test_sub_26_the_end_of_an_ae_that_hosts_the_subscription(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    await subscribe(rig, nu=["Cae2"], su="Cae1", pn=2)
    await schedule(rig, NEVER_NOW)
    await put(rig, 1, 2)
    await rig.made("cse/cae2", 3, {"rn": "other"}, "Cae2")
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    await rig.clock.advance(13 * 3600)
    assert values(rig, "http://ae/2") == []
    assert await outbox(rig) == []
    assert rig.cse.core.notifier.delivery.pending == 0
    assert only(await rig.retrieve("cse/cae2/other", "Cae2"))["rn"] == "other"
