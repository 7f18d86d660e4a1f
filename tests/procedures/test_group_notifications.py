"""Notifications of members that a group forwards together (GRP-20)."""

from __future__ import annotations

from typing import Any

import pytest

from cse.primitive import Operation, ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.fans import answers, box, codes, group
from tests.procedures.far import Far
from tests.rig import ADMIN, Rig, message, only

pytestmark = pytest.mark.usefixtures("boxes")

SINK = "http://sink/all"
#: The CSE-ID of this CSE.
OWN = "/banyan"


async def subscribe(rig: Rig, name: str = "g", **given: Any) -> ResponsePrimitive:
    """Subscribe to new children of all members, to be told together."""
    attributes = {"nu": ["http://sink/unused"], "enc": {"net": [3], "chty": [4]}, "nfu": SINK, **given}
    return await rig.create(f"cse/cae1/{name}/fopt", 23, attributes, "Cae1")


async def fill(rig: Rig, *numbers: int) -> None:
    """New instances in these boxes."""
    for address in box(*numbers):
        await rig.made(address, 4, {"con": "x"}, "Cae1")


def batches(rig: Rig, url: str = SINK) -> list[list[dict[str, Any]]]:
    """The notifications of each aggregated one."""
    return [content["m2m:agn"]["m2m:sgn"] for content in rig.sink.contents(url)]


def notification(rig: Rig, number: int = 1, **more: Any) -> dict[str, Any]:
    """One as a member sends it."""
    return {"sur": f"/banyan/cse/cae1/b{number}/s", "nfu": SINK, "nev": {"net": 3}, **more}


async def notify(rig: Rig, content: dict[str, Any], fr: str = OWN) -> Status:
    """NOTIFY the group, also as this CSE does."""
    return (await rig.request(Operation.NOTIFY, "cse/cae1/g", fr, content=content, internal=OWN in fr)).status


async def test_grp_20_and_sub_33_the_group_is_the_target_of_the_members(rig: Rig) -> None:
    made = await group(rig, box(1, 2), nar={"num": 2})
    assert made["nar"] == {"num": 2}
    found = answers(await subscribe(rig))
    assert [one["rsc"] for one in found] == [Status.CREATED] * 2
    for one in found:
        given = one["pc"]["m2m:sub"]
        assert (given["nu"], given["nfu"]) == ([f"/banyan/{made['ri']}"], SINK)
    await fill(rig, 1)
    assert batches(rig) == []
    await fill(rig, 2)
    (batch,) = batches(rig)
    assert [one["sur"].rpartition("/")[0] for one in batch] == ["/banyan/cse/cae1/b1", "/banyan/cse/cae1/b2"]
    assert {one["nfu"] for one in batch} == {SINK}
    assert all(one["nev"]["rep"]["m2m:cin"]["con"] == "x" for one in batch)
    assert rig.sink.contents("http://sink/unused") == []


async def test_grp_20_the_number_or_the_duration(rig: Rig) -> None:
    await group(rig, box(1, 2), nar={"num": 3, "dur": "PT20S"})
    await subscribe(rig)
    await fill(rig, 1, 2)
    await rig.clock.advance(19)
    assert batches(rig) == []
    await rig.clock.advance(2)
    assert [len(batch) for batch in batches(rig)] == [2]
    await fill(rig, 1, 2, 1, 1)
    assert [len(batch) for batch in batches(rig)] == [2, 3]
    await rig.clock.advance(21)
    assert [len(batch) for batch in batches(rig)] == [2, 3, 1]


async def test_grp_20_without_nar_one_of_each_member_or_the_default_time(rig: Rig) -> None:
    await group(rig, box(1, 2, 3))
    await subscribe(rig)
    await fill(rig, 1, 2, 3)
    assert [len(batch) for batch in batches(rig)] == [3]
    await fill(rig, 1)
    await rig.clock.advance(rig.cse.core.settings.batch_duration_s + 1)
    assert [len(batch) for batch in batches(rig)] == [3, 1]


async def test_grp_20_another_policy_counts_from_now_on(rig: Rig) -> None:
    await group(rig, box(1, 2), nar={"num": 5})
    await subscribe(rig)
    only(await rig.update("cse/cae1/g", {"m2m:grp": {"nar": {"num": 1}}}, "Cae1"))
    await fill(rig, 1)
    assert [len(batch) for batch in batches(rig)] == [1]


async def test_grp_20_each_address_for_itself(rig: Rig) -> None:
    await group(rig, box(1, 2), nar={"num": 2})
    await subscribe(rig)
    await subscribe(rig, nfu="http://sink/other")
    await fill(rig, 1)
    assert (batches(rig), batches(rig, "http://sink/other")) == ([], [])
    await fill(rig, 2)
    assert (len(batches(rig)), len(batches(rig, "http://sink/other"))) == (1, 1)


async def test_grp_20_groups_in_groups_are_not_nested(rig: Rig) -> None:
    inner = await group(rig, box(1, 2), rn="inner", nar={"num": 2})
    outer = await group(rig, ["cse/cae1/inner/fopt", *box(3)], nar={"num": 3})
    nested, plain = answers(await subscribe(rig))
    within = [one["pc"]["m2m:sub"] for one in nested["pc"]["m2m:agr"]["m2m:rsp"]]
    assert [one["nu"] for one in within] == [[f"/banyan/{inner['ri']}"]] * 2
    assert plain["pc"]["m2m:sub"]["nu"] == [f"/banyan/{outer['ri']}"]
    await fill(rig, 1, 3)
    assert batches(rig) == []
    await fill(rig, 2)
    (batch,) = batches(rig)
    assert sorted(one["sur"].split("/")[4] for one in batch) == ["b1", "b2", "b3"]
    assert {one["nfu"] for one in batch} == {SINK}


async def test_grp_20_the_address_must_accept_notifications(rig: Rig) -> None:
    await group(rig, box(1, 2))
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST
    answer = await subscribe(rig)
    assert answer.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    assert await rig.discover("cse/cae1", ty=[23]) == []
    rig.sink.answer = lambda url, content: Status.OK
    assert codes(await subscribe(rig)) == [Status.CREATED] * 2
    assert {url for url, _, content in rig.sink.received if content["m2m:sgn"].get("vrq")} == {SINK}


@pytest.mark.parametrize("target", ["Cvictim", "/far/group", "/far/Cvictim", "cse/none"])
async def test_grp_20_nobody_is_told_who_did_not_accept_it(rig: Rig, target: str) -> None:
    await rig.register("Cvictim", poa=["http://victim"])
    await group(rig, box(1))
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST if url == "http://victim" else Status.OK
    answer = await rig.create("cse/cae1/g/fopt", 23, {"nu": [target], "nfu": SINK}, "Cae1", group_request_id="mine")
    assert answer.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED


@pytest.mark.parametrize("victim", ["http://victim/x", "Cvictim"])
async def test_grp_20_and_sub_6_a_group_does_not_answer_for_the_address(rig: Rig, victim: str) -> None:
    await rig.register("Cvictim", poa=["http://victim"])
    made = await group(rig, box(1), nar={"num": 1})
    rig.sink.answer = lambda url, content: Status.BAD_REQUEST if url.startswith("http://victim") else Status.OK
    direct = await rig.create(box(1)[0], 23, {"nu": [made["ri"]], "nfu": victim}, "Cae1")
    assert direct.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    assert message(direct).startswith("nfu: ")
    agreed = await rig.made(box(1)[0], 23, {"nu": [made["ri"]], "nfu": SINK}, "Cae1")
    changed = await rig.update(agreed["ri"], {"m2m:sub": {"nfu": victim}}, "Cae1")
    assert changed.status == Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED
    through = await rig.create("cse/cae1/g/fopt", 23, {"nu": [made["ri"]], "nfu": victim}, "Cae1",
                               group_request_id="mine")
    assert not through.status.succeeded or codes(through) == [Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED]
    other = await group(rig, box(2), rn="other")
    through = await rig.create("cse/cae1/g/fopt", 23, {"nu": [other["ri"]], "nfu": victim}, "Cae1",
                               group_request_id="again")
    assert codes(through) == [Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED]


async def test_grp_20_and_sub_6_the_address_is_asked_once_for_all_members(rig: Rig) -> None:
    await group(rig, box(1, 2), rn="inner")
    await group(rig, ["cse/cae1/inner/fopt", *box(3)])
    await subscribe(rig)
    asked = [url for url, _, content in rig.sink.received if content["m2m:sgn"].get("vrq")]
    assert asked == [SINK]


async def test_grp_20_and_sub_6_an_address_of_the_originator_is_not_asked(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": ["http://own"]}}, "Cae1")
    made = await group(rig, box(1), nar={"num": 1})
    for own in ("Cae1", "/banyan/Cae1", "http://own/x"):
        await rig.made(box(1)[0], 23, {"nu": [made["ri"]], "nfu": own, "enc": {"net": [3], "chty": [4]}}, "Cae1")
    assert rig.sink.received == []
    await fill(rig, 1)
    await rig.clock.advance(1)
    assert len(rig.sink.received) == 3


@pytest.mark.parametrize("address", ["", "/", "//", "?", " ", "x" * 5000])
async def test_grp_20_what_is_no_address(rig: Rig, address: str) -> None:
    await group(rig, box(1))
    answer = await subscribe(rig, nfu=address)
    assert answer.status != Status.INTERNAL_SERVER_ERROR
    assert await rig.discover("cse/cae1", ty=[23]) == []


async def test_grp_20_a_group_is_no_address(rig: Rig) -> None:
    made = await group(rig, box(1), nar={"num": 1})
    await group(rig, box(1), rn="other")
    for address in (made["ri"], "cse/cae1/g", "/banyan/cse/cae1/other"):
        assert (await subscribe(rig, nfu=address)).status == Status.BAD_REQUEST
        assert await notify(rig, {"m2m:sgn": notification(rig, nfu=address)}) == Status.BAD_REQUEST


async def test_grp_20_groups_that_would_forward_to_each_other(rig: Rig) -> None:
    one = await group(rig, box(1), nar={"num": 1})
    two = await group(rig, box(2), rn="two", nar={"num": 1})
    for name, target in (("g", one["ri"]), ("g", two["ri"]), ("two", one["ri"])):
        answer = await rig.create(f"cse/cae1/{name}/fopt", 23, {
            "nu": [target], "nfu": SINK, "enc": {"net": [3], "chty": [4]}}, "Cae1", group_request_id=name + target)
        assert codes(answer) == [Status.CREATED]
    await fill(rig, 2)
    await rig.clock.advance(1)
    assert [len(batch) for batch in batches(rig)] == [1]
    await fill(rig, 1)
    await rig.clock.advance(1)
    assert len(batches(rig)) == 3, "each of the two subscriptions there"


async def test_grp_20_fewer_members_are_fewer_notifications(rig: Rig) -> None:
    await group(rig, box(1, 2, 3))
    await subscribe(rig)
    assert codes(await rig.delete("cse/cae1/g/fopt", "Cae1", group_targets=box(3))) == [Status.DELETED]
    await fill(rig, 1, 2)
    assert [len(batch) for batch in batches(rig)] == [2]


async def test_grp_20_an_ae_as_address(rig: Rig) -> None:
    await rig.update("cse/cae1", {"m2m:ae": {"poa": [SINK]}}, "Cae1")
    await group(rig, box(1, 2), nar={"num": 1})
    assert codes(await subscribe(rig, nfu="Cae1")) == [Status.CREATED] * 2
    await fill(rig, 1)
    assert len(batches(rig)) == 1


# who may notify a group


@pytest.mark.parametrize(("fr", "status"), [
    ("/banyan", Status.OK), ("//banyan.example/banyan", Status.OK), ("/far", Status.OK),
    ("/other", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("Cae1", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    (ADMIN, Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("/far/Cae1", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
])
async def test_grp_20_the_hosts_of_members_alone(rig: Rig, fr: str, status: Status) -> None:
    await group(rig, ["/far/c", *box(1)], nar={"num": 1})
    assert await notify(rig, {"m2m:sgn": notification(rig)}, fr) == status
    assert len(batches(rig)) == (status is Status.OK)


async def test_grp_20_a_host_without_members_any_more(rig: Rig) -> None:
    Far.beside(rig)
    await group(rig, box(1))
    assert await notify(rig, {"m2m:sgn": notification(rig)}, "/far") == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_grp_20_aggregated_ones_are_taken_apart(rig: Rig) -> None:
    await group(rig, box(1, 2), nar={"num": 3})
    several = {"m2m:agn": {"m2m:sgn": [notification(rig, 1), notification(rig, 2)]}}
    assert await notify(rig, several) == Status.OK
    assert await notify(rig, {"m2m:sgn": notification(rig, 1)}) == Status.OK
    assert [len(batch) for batch in batches(rig)] == [3]


@pytest.mark.parametrize("content", [
    {"m2m:sgn": {"sur": "x"}}, {"m2m:sgn": {"sur": "x", "nfu": 1}}, {"m2m:sgn": {"sur": "x", "nfu": ""}},
    {"m2m:agn": {"m2m:sgn": [{"nfu": SINK}, {}]}}, {"m2m:agn": {"m2m:sgn": []}}, {"m2m:cnt": {}}, {}, {"m2m:sgn": []},
    {"m2m:sgn": "x"}, {"m2m:agn": "x"},
])
async def test_grp_20_what_is_no_notification_to_forward(rig: Rig, content: dict[str, Any]) -> None:
    await group(rig, box(1), nar={"num": 1})
    assert await notify(rig, content) == Status.BAD_REQUEST
    assert batches(rig) == []


async def test_grp_20_a_group_as_target_without_an_address(rig: Rig) -> None:
    made = await group(rig, box(1))
    given = {"nu": [made["ri"]], "enc": {"net": [3]}}
    assert (await rig.create(box(1)[0], 23, given, "Cae1")).status == Status.BAD_REQUEST


# ends, restarts


async def test_grp_20_what_was_collected_goes_out_with_the_group(rig: Rig) -> None:
    await group(rig, box(1, 2), nar={"num": 5})
    await subscribe(rig)
    await fill(rig, 1, 2)
    assert (await rig.delete("cse/cae1/g", "Cae1")).status == Status.DELETED
    await rig.clock.advance(1)
    assert [len(batch) for batch in batches(rig)] == [2]
    assert rig.cse.core.notifier.delivery.pending == 0


async def test_grp_20_collecting_goes_on_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    for number in (1, 2):
        await rig.made("cse/cae1", 3, {"rn": f"b{number}"}, "Cae1")
    await group(rig, box(1, 2), rn="inner", nar={"num": 2})
    await group(rig, ["cse/cae1/inner/fopt"], nar={"num": 4, "dur": "PT100S"})
    await subscribe(rig)
    await fill(rig, 1, 2, 1)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert batches(rig) == []
    await fill(rig, 2)
    assert [len(batch) for batch in batches(rig)] == [4]
    await fill(rig, 1, 2)
    await rig.clock.advance(60)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    await rig.clock.advance(41)
    assert [len(batch) for batch in batches(rig)] == [2], "the duration counts from the first, not from the restart"
    await rig.close()
