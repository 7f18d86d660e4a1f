"""Cross-resource subscriptions (procedures section 14): members, windows, modes, ends (CRS-1 … CRS-8)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.memory import MemoryStore
from cse.storage.port import Store
from cse.work import Work
from resources.model import Permission
from resources.status import Status
from tests.procedures.fans import box, policy
from tests.rig import ADMIN, Rig, message, only, settle
from tests.slow_store import SlowStore

pytestmark = pytest.mark.usefixtures("boxes")

SINK, GONE = "http://sink/crs", "http://sink/su"
NEW_CHILD = {"net": [3]}


async def crs(rig: Rig, fr: str = "Cae1", to: str = "cse/cae1", **given: Any) -> ResponsePrimitive:
    """Ask for a crossResourceSubscription ``x`` of two boxes with periodic windows of a minute."""
    attributes = {"rn": "x", "nu": [SINK], "twt": 1, "tws": "PT60S", "rrat": box(1, 2),
                  "encs": {"encn": [NEW_CHILD]}, **given}
    return await rig.create(to, 48, {name: value for name, value in attributes.items() if value is not None}, fr)


async def fill(rig: Rig, *numbers: int) -> None:
    """New instances in these boxes."""
    for address in box(*numbers):
        await rig.made(address, 4, {"con": "x"}, "Cae1")


def told(rig: Rig) -> int:
    """How many cross-resource notifications have come."""
    found = rig.sink.contents(SINK)
    assert all(one == {"m2m:sgn": {"sur": "/banyan/cse/cae1/x"}} for one in found)
    return len(found)


async def subscriptions(rig: Rig, *numbers: int) -> list[dict[str, Any]]:
    """The subscriptions at boxes."""
    found = [one for address in box(*numbers) for one in await rig.discover(address, ty=[23])]
    return [only(await rig.retrieve(one)) for one in found]


async def reopened(rig: Rig, store: Store) -> Rig:
    """The same CSE after a restart, with the same sink."""
    await rig.close()
    again = await Rig.open(store=store, clock=rig.clock)
    again.sink.received = rig.sink.received
    return again


# CRS-1


@pytest.mark.parametrize("given", [
    {"rrat": None}, {"rrat": []}, {"rrat": None, "srat": []}, {"encs": None},
    {"encs": {"encn": [NEW_CHILD, NEW_CHILD, NEW_CHILD]}}, {"encs": {"encn": []}}, {"encs": {}},
    {"nu": None}, {"nu": []}, {"twt": None}, {"tws": None}, {"tws": "PT0S"}, {"tws": "-PT5S"}, {"tws": "soon"},
    {"rrat": ["x"] * 1001}, {"twt": 3}, {"eem": 6}, {"twt": 2, "eem": 3}, {"twt": 2, "eem": 4}, {"rrats": ["x"]},
    {"nu": ["cse/cae1/b1"]},
])
async def test_crs_1_and_crs_5_what_must_be_given(rig: Rig, given: dict[str, Any]) -> None:
    assert (await crs(rig, **given)).status == Status.BAD_REQUEST
    assert await subscriptions(rig, 1, 2, 3) == []


async def test_crs_1_one_criterion_for_each_resource(rig: Rig) -> None:
    only(await crs(rig, encs={"encn": [{"net": [3]}, {"net": [1]}]}))
    assert [one["enc"] for one in await subscriptions(rig, 1, 2)] == [{"net": [3]}, {"net": [1]}]


# CRS-2


async def test_crs_2_subscriptions_in_the_name_of_the_originator(rig: Rig) -> None:
    made = only(await crs(rig, nec=2, et=rig.at(1000)))
    found = await subscriptions(rig, 1, 2)
    assert made["rrats"] == [f"/banyan/{one['ri']}" for one in found]
    address = f"/banyan/{made['ri']}"
    for one in found:
        assert (one["nu"], one["acrs"], one["cr"], one["nec"], one["et"]) == \
            ([address], [address], "Cae1", 2, made["et"])
        assert rig.cse.core.tree.by_id[one["ri"]].creator == "Cae1"
    assert only(await rig.retrieve("cse/cae1/x"))["rrats"] == made["rrats"]


async def test_cre_6_joining_the_members_is_no_change_of_it(rig: Rig) -> None:
    made = only(await crs(rig))
    assert made["rrats"]
    assert made["lt"] == made["ct"]


async def test_crs_2_joins_subscriptions_that_are_there(rig: Rig) -> None:
    await rig.made("cse/cae1/b1", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    made = only(await crs(rig, rrat=None, encs=None, srat=["cse/cae1/b1/s"]))
    joined = only(await rig.retrieve("cse/cae1/b1/s"))
    address = f"/banyan/{made['ri']}"
    assert (joined["nu"], joined["acrs"]) == (["http://sink/own", address], [address])
    await fill(rig, 1)
    assert (told(rig), len(rig.sink.contents("http://sink/own"))) == (1, 1)


async def test_crs_2_both_kinds_together(rig: Rig) -> None:
    await rig.made("cse/cae1/b3", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    only(await crs(rig, srat=["cse/cae1/b3/s"]))
    await fill(rig, 1, 2)
    assert told(rig) == 0
    await fill(rig, 3)
    assert told(rig) == 1


# CRS-3


@pytest.mark.parametrize("given", [
    {"rrat": [*box(1, 2), "cse/cae1/none"]},
    {"rrat": [*box(1), "/other/cse/b"]},
    {"srat": ["cse/cae1/b3"]}, {"srat": ["cse/none"]}, {"srat": ["/other/cse/sub"]},
    {"encs": {"encn": [{"net": [7]}]}},
    {"encs": {"encn": [{"net": [3]}, {"net": [8]}]}},
])
async def test_crs_3_one_failure_undoes_everything(rig: Rig, given: dict[str, Any]) -> None:
    await rig.made("cse/cae1/b3", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    before = await subscriptions(rig, 1, 2, 3)
    srat = ["cse/cae1/b3/s", *given.get("srat", ())]
    answer = await crs(rig, **{**given, "srat": srat, "su": GONE})
    assert answer.status == Status.CROSS_RESOURCE_OPERATION_FAILURE, answer.content
    assert "nothing has been subscribed to" in message(answer)
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    after = await subscriptions(rig, 1, 2, 3)
    assert [(one["nu"], one.get("acrs")) for one in after] == [(one["nu"], one.get("acrs")) for one in before]
    assert rig.sink.contents(GONE) == []


async def test_crs_3_nothing_is_left_when_the_answer_goes_out() -> None:
    rig = await Rig.open(store=SlowStore(100))
    await rig.register("Cae1")
    box = await rig.made("cse/cae1", 3, {"rn": "b1"}, "Cae1")
    answer = await crs(rig, rrat=["cse/cae1/b1", "cse/cae1/none"])
    left = [*rig.cse.core.tree.by_id[box["ri"]].children.values()]
    assert (answer.status, left) == (Status.CROSS_RESOURCE_OPERATION_FAILURE, [])
    await rig.close()


async def test_crs_3_rights_of_the_originator_count(rig: Rig) -> None:
    await rig.register("Cae2")
    assert (await crs(rig, "Cae2", "cse/cae2")).status == Status.CROSS_RESOURCE_OPERATION_FAILURE
    for address in box(1, 2):
        given = {"acpi": [await policy(rig, "Cae2", Permission.CREATE | Permission.RETRIEVE)]}
        only(await rig.update(address, {"m2m:cnt": given}))
    assert (await crs(rig, "Cae2", "cse/cae2")).status == Status.CREATED


async def test_crs_3_a_target_that_does_not_accept_verification(rig: Rig) -> None:
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST
    assert (await crs(rig)).status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    assert await subscriptions(rig, 1, 2) == []


# CRS-4


async def test_crs_4_all_within_one_periodic_window(rig: Rig) -> None:
    only(await crs(rig))
    await fill(rig, 1, 1)
    assert told(rig) == 0
    await fill(rig, 2)
    assert told(rig) == 1
    await fill(rig, 1, 2)
    assert told(rig) == 1, "one notification for a window"
    await rig.clock.advance(61)
    await fill(rig, 2, 1)
    assert told(rig) == 2


async def test_crs_4_what_comes_too_late_is_discarded(rig: Rig) -> None:
    only(await crs(rig))
    await fill(rig, 1)
    await rig.clock.advance(61)
    await fill(rig, 2)
    assert told(rig) == 0
    await rig.clock.advance(30)
    await fill(rig, 1)
    assert told(rig) == 1


async def test_crs_4_periodic_windows_follow_one_another_from_the_creation(rig: Rig) -> None:
    only(await crs(rig))
    for _ in range(3):
        await rig.clock.advance(59)
    await fill(rig, 1)
    await rig.clock.advance(5)  # 182 s after the creation: the window of 120 s to 180 s is over
    await fill(rig, 2)
    assert told(rig) == 0


async def test_crs_4_a_sliding_window_begins_with_a_notification(rig: Rig) -> None:
    only(await crs(rig, twt=2))
    await rig.clock.advance(50)
    await fill(rig, 1)
    await rig.clock.advance(55)
    await fill(rig, 2)
    assert told(rig) == 1
    await fill(rig, 2)
    await rig.clock.advance(61)
    await fill(rig, 1)
    assert told(rig) == 1
    await fill(rig, 2)
    assert told(rig) == 2


async def test_crs_4_event_category_and_counter(rig: Rig) -> None:
    only(await crs(rig, twt=2, exc=2, nec=3, su=GONE))
    await fill(rig, 1, 2)
    assert [request.event_category for _, request, content in rig.sink.received if "vrq" not in content["m2m:sgn"]] \
        == [3]
    assert only(await rig.retrieve("cse/cae1/x"))["exc"] == 1
    await fill(rig, 1, 2)
    assert told(rig) == 2
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []
    assert rig.sink.contents(GONE) == [{"m2m:sgn": {"sud": True, "sur": "/banyan/cse/cae1/x"}}]


# CRS-5


@pytest.mark.parametrize(("mode", "come", "expected"), [
    (1, (), 0), (1, (1,), 0), (1, (1, 2), 1), (2, (), 0), (2, (1,), 1), (2, (1, 2), 1),
    (3, (), 1), (3, (1,), 1), (3, (1, 2), 0), (4, (), 1), (4, (2,), 0), (4, (1, 2), 0),
    (5, (), 0), (5, (2,), 1), (5, (1, 2), 0), (None, (1,), 0), (None, (2, 1), 1),
])
async def test_crs_5_evaluation_modes(rig: Rig, mode: int | None, come: tuple[int, ...], expected: int) -> None:
    only(await crs(rig, eem=mode))
    await fill(rig, *come)
    assert told(rig) == (expected if mode in (1, None) else 0)
    await rig.clock.advance(61)
    assert told(rig) == expected
    if not come:
        await rig.clock.advance(60)
        assert told(rig) == 2 * expected


@pytest.mark.parametrize(("mode", "come", "expected"), [(2, (1,), 1), (5, (2,), 1), (5, (1, 2), 0)])
async def test_crs_5_evaluation_modes_of_sliding_windows(rig: Rig, mode: int, come: tuple[int, ...],
                                                         expected: int) -> None:
    only(await crs(rig, eem=mode, twt=2))
    await rig.clock.advance(200)
    await fill(rig, *come)
    await rig.clock.advance(61)
    assert told(rig) == expected
    await rig.clock.advance(200)
    assert told(rig) == expected


# CRS-6


async def test_crs_6_another_window_begins(rig: Rig) -> None:
    only(await crs(rig))
    await fill(rig, 1)
    await rig.clock.advance(50)
    only(await rig.update("cse/cae1/x", {"m2m:crs": {"tws": "PT30S"}}, "Cae1"))
    await fill(rig, 2)
    assert told(rig) == 0, "what had come is discarded"
    await rig.clock.advance(25)
    await fill(rig, 1)
    assert told(rig) == 1
    only(await rig.update("cse/cae1/x", {"m2m:crs": {"twt": 2}}, "Cae1"))
    await rig.clock.advance(100)
    await fill(rig, 1)
    await rig.clock.advance(29)
    await fill(rig, 2)
    assert told(rig) == 2


@pytest.mark.parametrize("change", [
    {"rrat": box(3)}, {"srat": ["x"]}, {"encs": {"encn": [NEW_CHILD]}}, {"nec": 1}, {"su": GONE}, {"rrats": ["x"]},
    {"tws": "PT0S"}, {"tws": None}, {"twt": None}, {"nu": None}, {"nu": []},
])
async def test_crs_6_what_cannot_change(rig: Rig, change: dict[str, Any]) -> None:
    only(await crs(rig))
    assert (await rig.update("cse/cae1/x", {"m2m:crs": change}, "Cae1")).status == Status.BAD_REQUEST


async def test_crs_6_sliding_and_missing_do_not_go_together(rig: Rig) -> None:
    only(await crs(rig, eem=4))
    assert (await rig.update("cse/cae1/x", {"m2m:crs": {"twt": 2}}, "Cae1")).status == Status.BAD_REQUEST
    only(await rig.update("cse/cae1/x", {"m2m:crs": {"twt": 2, "eem": 2}}, "Cae1"))


async def test_crs_6_members_live_as_long(rig: Rig) -> None:
    only(await crs(rig, et=rig.at(100)))
    later = rig.at(1000)
    only(await rig.update("cse/cae1/x", {"m2m:crs": {"et": later}}, "Cae1"))
    assert {one["et"] for one in await subscriptions(rig, 1, 2)} == {later}


# CRS-7


async def test_crs_7_deletion_leaves_nothing(rig: Rig) -> None:
    await rig.made("cse/cae1/b3", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    only(await crs(rig, srat=["cse/cae1/b3/s"], su=GONE))
    assert (await rig.delete("cse/cae1/x", "Cae1")).status == Status.DELETED
    left = await subscriptions(rig, 1, 2, 3)
    assert [(one["nu"], one.get("acrs")) for one in left] == [(["http://sink/own"], None)]
    assert rig.sink.contents(GONE) == [{"m2m:sgn": {"sud": True, "sur": "/banyan/cse/cae1/x"}}]
    await fill(rig, 1, 2, 3)
    await rig.clock.advance(200)
    assert (told(rig), len(rig.sink.contents("http://sink/own"))) == (0, 1)
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_crs_7_own_subscriptions_go_whoever_else_they_tell(rig: Rig) -> None:
    made = only(await crs(rig))
    only(await rig.update(made["rrats"][0], {"m2m:sub": {"nu": [f"/banyan/{made['ri']}", "http://sink/own"]}}, "Cae1"))
    assert (await rig.delete("cse/cae1/x", "Cae1")).status == Status.DELETED
    assert await subscriptions(rig, 1, 2) == []


async def test_crs_7_expiry_leaves_nothing(rig: Rig) -> None:
    only(await crs(rig, et=rig.at(30), su=GONE))
    await rig.clock.advance(40)
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []
    assert len(rig.sink.contents(GONE)) == 1


async def test_crs_7_a_member_that_goes_ends_it(rig: Rig) -> None:
    made = only(await crs(rig, su=GONE))
    assert (await rig.delete(made["rrats"][0], "Cae1")).status == Status.DELETED
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []
    assert len(rig.sink.contents(GONE)) == 1


async def test_crs_7_a_resource_that_goes_ends_it(rig: Rig) -> None:
    only(await crs(rig, su=GONE))
    assert (await rig.delete(box(1)[0], "Cae1")).status == Status.DELETED
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 2) == []


async def test_crs_7_a_subscription_that_leaves_is_left_alone(rig: Rig) -> None:
    await rig.made("cse/cae1/b3", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    made = only(await crs(rig, srat=["cse/cae1/b3/s"]))
    address = f"/banyan/{made['ri']}"
    only(await rig.update("cse/cae1/b3/s", {"m2m:sub": {"acrs": None}}, "Cae1"))
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []
    assert address in only(await rig.retrieve("cse/cae1/b3/s"))["nu"]


@pytest.mark.parametrize("joined", [False, True])
async def test_crs_7_an_ae_that_hosts_it_and_is_its_own_target(rig: Rig, *, joined: bool,
                                                               caplog: pytest.LogCaptureFixture) -> None:
    given: dict[str, Any] = {"srat": None}
    if joined:
        await rig.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/own"]}, "Cae1")
        given = {"srat": ["cse/cae1/s"]}
    only(await crs(rig, rrat=["cse/cae1", *box(1)], encs={"encn": [{"net": [1, 3]}]}, su=GONE, **given))
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    assert (await rig.retrieve("cse/cae1")).status == Status.NOT_FOUND
    assert sorted(rig.cse.core.tree.by_id) == ["acp-base-access", "banyan"]
    assert rig.sink.contents(GONE) == [{"m2m:sgn": {"sud": True, "sur": "/banyan/cse/cae1/x"}}]
    await rig.clock.advance(100)
    assert (rig.cse.core.notifier.delivery.pending, rig.cse.core.notifier.delivery.failed) == (0, 0)
    assert caplog.records == []


# CRS-8, NOT-1


@pytest.mark.parametrize(("fr", "sur", "status"), [
    ("/banyan", "/banyan/cse/cae1/b3/other", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    ("/other", None, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    ("Cae1", None, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    (ADMIN, None, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    ("/banyan", None, Status.OK),
])
async def test_crs_8_notifications_of_members_alone(rig: Rig, fr: str, sur: str | None, status: Status) -> None:
    made = only(await crs(rig))
    content = {"m2m:sgn": {"sur": sur or made["rrats"][0], "nev": {"net": 3}}}
    answer = await rig.request(Operation.NOTIFY, "cse/cae1/x", fr, content=content, internal=fr == "/banyan")
    assert answer.status == status


@pytest.mark.parametrize("content", [
    {"m2m:cnt": {}}, {"m2m:sgn": 1}, {"m2m:agn": {}}, {"m2m:agn": {"m2m:sgn": []}}, {"m2m:agn": {"m2m:sgn": [1]}}, {},
    {"m2m:sgn": None}, {"m2m:agn": []},
])
async def test_crs_8_what_is_no_notification(rig: Rig, content: dict[str, Any]) -> None:
    only(await crs(rig))
    answer = await rig.request(Operation.NOTIFY, "cse/cae1/x", "/banyan", content=content, internal=True)
    assert answer.status == Status.BAD_REQUEST


@pytest.mark.parametrize("sur", [1, None, [], {}, "", "x" * 5000, "/banyan/../x"])
async def test_crs_8_hostile_references(rig: Rig, sur: Any) -> None:
    only(await crs(rig))
    content = {"m2m:sgn": {"sur": sur}}
    answer = await rig.request(Operation.NOTIFY, "cse/cae1/x", "/banyan", content=content, internal=True)
    assert answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_crs_8_verification_for_strangers(rig: Rig) -> None:
    made = only(await crs(rig))
    given = {"nu": [made["ri"]], "enc": NEW_CHILD}
    assert (await rig.create("cse/cae1/b3", 23, given, "Cae1")).status == \
        Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED


async def test_crs_8_batches_of_members_count(rig: Rig) -> None:
    await rig.made("cse/cae1/b1", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD, "bn": {"num": 2}},
                   "Cae1")
    only(await crs(rig, rrat=None, encs=None, srat=["cse/cae1/b1/s"]))
    await fill(rig, 1, 1)
    assert told(rig) == 1


# races


async def test_crs_2_two_that_join_the_same_subscription(rig: Rig) -> None:
    await rig.made("cse/cae1/b1", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    given: dict[str, Any] = {"rrat": None, "encs": None, "srat": ["cse/cae1/b1/s"]}
    both = [only(one) for one in await asyncio.gather(*(crs(rig, rn=name, **given) for name in ("x", "y")))]
    joined = only(await rig.retrieve("cse/cae1/b1/s"))
    assert sorted(joined["acrs"]) == sorted(f"/banyan/{one['ri']}" for one in both)
    assert len(joined["nu"]) == 3
    await fill(rig, 1)
    assert len(rig.sink.contents(SINK)) == 2
    assert (await rig.delete("cse/cae1/x", "Cae1")).status == Status.DELETED
    assert only(await rig.retrieve("cse/cae1/b1/s"))["acrs"] == [f"/banyan/{both[1]['ri']}"]
    assert (await rig.retrieve("cse/cae1/y")).status == Status.OK


async def test_crs_3_a_member_that_goes_while_joining(rig: Rig) -> None:
    handle = rig.cse.core.handle

    async def interfering(request: RequestPrimitive) -> ResponsePrimitive:
        if request.to == box(2)[0]:
            await rig.delete(box(1)[0], "Cae1")
        return await handle(request)

    rig.cse.core.handle = interfering
    answer = await crs(rig)
    rig.cse.core.handle = handle
    assert answer.status == Status.CROSS_RESOURCE_OPERATION_FAILURE
    await rig.clock.advance(1)
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 2) == []


async def test_crs_3_members_that_do_not_answer_in_time(rig: Rig) -> None:
    handle = rig.cse.core.handle

    async def slow(request: RequestPrimitive) -> ResponsePrimitive:
        if request.to == box(2)[0]:
            await asyncio.Event().wait()
        return await handle(request)

    rig.cse.core.handle = slow
    request = asyncio.create_task(crs(rig))
    await rig.clock.advance(11)
    answer = await request
    rig.cse.core.handle = handle
    assert answer.status == Status.CROSS_RESOURCE_OPERATION_FAILURE
    assert await subscriptions(rig, 1, 2) == []


async def test_crs_3_who_gives_up_leaves_nothing(rig: Rig) -> None:
    handle, begun = rig.cse.core.handle, asyncio.Event()

    async def slow(request: RequestPrimitive) -> ResponsePrimitive:
        if request.to == box(2)[0]:
            begun.set()
            await asyncio.Event().wait()
        return await handle(request)

    rig.cse.core.handle = slow
    request = asyncio.create_task(crs(rig))
    await begun.wait()
    await settle()
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    rig.cse.core.handle = handle
    await settle()
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []


# targets and schedules of its own


async def test_crs_4_a_target_may_leave(rig: Rig) -> None:
    await rig.register("Cae2", poa=["http://ae/2"])
    only(await crs(rig, nu=[SINK, "Cae2"]))
    assert (await rig.delete("cse/cae1/x/ntsr", "Cae2")).status == Status.DELETED
    assert only(await rig.retrieve("cse/cae1/x"))["nu"] == [SINK]
    assert (await rig.delete("cse/cae1/x/ntsr", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_crs_4_statistics(rig: Rig) -> None:
    made = only(await crs(rig, nse=True))
    assert made["nsi"] == [{"tg": SINK, "rqs": 0, "rsr": 0, "noec": 0}]
    await fill(rig, 1, 2)
    assert only(await rig.retrieve("cse/cae1/x"))["nsi"] == [{"tg": SINK, "rqs": 1, "rsr": 1, "noec": 1}]


# restart


@pytest.fixture
async def kept() -> tuple[Rig, Store]:
    """A CSE with the boxes whose store outlives it."""
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for number in (1, 2, 3):
        await rig.made("cse/cae1", 3, {"rn": f"b{number}"}, "Cae1")
    return rig, store


@pytest.mark.parametrize("twt", [1, 2])
async def test_crs_4_a_window_is_kept_over_a_restart(kept: tuple[Rig, Store], twt: int) -> None:
    rig, store = kept
    only(await crs(rig, twt=twt))
    await fill(rig, 1)
    rig = await reopened(rig, store)
    await rig.clock.advance(30)
    await fill(rig, 2)
    assert told(rig) == 1
    await rig.clock.advance(61)
    await fill(rig, 1)
    rig = await reopened(rig, store)
    await rig.clock.advance(61)
    await fill(rig, 2)
    assert told(rig) == 1
    await rig.close()


async def test_crs_5_a_window_that_ended_during_a_restart_is_told(kept: tuple[Rig, Store]) -> None:
    rig, store = kept
    only(await crs(rig, eem=5))
    await fill(rig, 1)
    await rig.close()
    rig.clock.now += 1000
    rig = await reopened(rig, store)
    await rig.clock.advance(1)
    assert told(rig) == 1
    await rig.clock.advance(1000)
    assert told(rig) == 1
    await rig.close()


async def test_crs_3_a_crash_while_joining_is_undone(kept: tuple[Rig, Store]) -> None:
    rig, store = kept
    made = only(await crs(rig, su=GONE))
    resource = rig.cse.core.tree.by_id[made["ri"]]
    resource.state = None
    work = Work()
    work.put(resource)
    await rig.cse.core.commit(work)
    rig = await reopened(rig, store)
    assert (await rig.retrieve("cse/cae1/x")).status == Status.NOT_FOUND
    assert await subscriptions(rig, 1, 2) == []
    assert rig.sink.contents(GONE) == []
    await rig.close()


async def test_crs_7_a_crash_before_the_members_are_left_is_made_good(kept: tuple[Rig, Store]) -> None:
    rig, store = kept
    await rig.made("cse/cae1/b3", 23, {"rn": "s", "nu": ["http://sink/own"], "enc": NEW_CHILD}, "Cae1")
    made = only(await crs(rig, srat=["cse/cae1/b3/s"]))
    work = Work()
    work.changes.resources[made["ri"]] = None
    await rig.cse.core.commit(work)
    rig = await reopened(rig, store)
    assert [(one["nu"], one.get("acrs")) for one in await subscriptions(rig, 1, 2, 3)] == [(["http://sink/own"], None)]
    await rig.close()
