"""Response types (section 9): what is acknowledged, what becomes of it, who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.primitive import Operation
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.modes import COMPLETED, FAILED, PENDING, asked, created, exists, fetched
from tests.rig import ADMIN, Rig, message, only, settle

SINK = "http://sink.example/results"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = await Rig.open()
    await rig.register("Cae1", rr=True, poa=["http://ae1.example"])
    yield rig
    await rig.close()


async def test_v12_and_rtp_1_blocking_is_the_default_and_leaves_no_request_resource(rig: Rig) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, response_type=3)).status == Status.CREATED
    assert await rig.discover("cse", ty=[17]) == []


async def test_rtp_1_synchronous_the_result_is_fetched(rig: Rig) -> None:
    response = await rig.create("cse", 3, {"rn": "c"}, response_type=1)
    assert response.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    request = await fetched(rig, response.content["m2m:uri"])  # type: ignore[index]
    assert request["rs"] == COMPLETED
    assert request["ors"]["rsc"] == Status.CREATED
    assert request["ors"]["pc"]["m2m:cnt"] == only(await rig.retrieve("cse/c"))


async def test_rtp_1_asynchronous_the_result_is_told(rig: Rig) -> None:
    response = await rig.create("cse", 3, {"rn": "c"}, response_type=2, notification_targets=[SINK], request_id="r7")
    assert response.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH
    [told] = rig.sink.contents(SINK)
    assert told["m2m:rsp"]["rqi"] == "r7"
    assert told["m2m:rsp"]["rsc"] == Status.CREATED
    assert told["m2m:rsp"]["pc"]["m2m:cnt"]["rn"] == "c"


async def test_rtp_1_flex_answers_at_once_what_is_done_at_once(rig: Rig) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, response_type=4)).status == Status.CREATED
    assert (await rig.retrieve("cse/x", response_type=4)).status == Status.NOT_FOUND
    assert await rig.discover("cse", ty=[17]) == []


async def test_rtp_1_type_5_is_for_3gpp(rig: Rig) -> None:
    assert (await rig.retrieve("cse", response_type=5)).status == Status.NOT_IMPLEMENTED


async def test_rtp_2_request_resources_are_supported(rig: Rig) -> None:
    supported = only(await rig.retrieve("cse"))["srt"]
    assert 17 in supported
    assert await created(rig)


@pytest.mark.parametrize(("drt", "form"), [(1, "/banyan/cse/req-"), (2, "/banyan/req-")])
async def test_rtp_3_the_acknowledgement_refers_to_the_request_resource(rig: Rig, drt: int, form: str) -> None:
    response = await rig.retrieve("cse", response_type=1, result_type=drt, request_id="r9")
    address = response.content["m2m:uri"]  # type: ignore[index]
    assert address.startswith(form)
    assert f"/banyan/{response.created_address}" == address
    assert (response.request_id, response.release_version) == ("r9", "3")
    assert only(await rig.retrieve(address))["pi"] == only(await rig.retrieve("cse"))["ri"]


async def test_rtp_4_the_request_resource_says_what_was_asked(rig: Rig) -> None:
    address = await asked(
        rig, Operation.CREATE, "/banyan/cse", "Cae1", request_id="r1", resource_type=3, result_content=0,
        content={"m2m:cnt": {"rn": "c"}}, operation_execution=rig.at(60), request_expiration="90000",
        event_category=2, vendor_information="v", originating_timestamp="20260131T120000",
    )
    request = await fetched(rig, address, "Cae1")
    assert request.items() >= {
        "ty": 17, "op": 1, "tg": "/banyan/cse", "org": "Cae1", "rid": "r1", "lbl": ["Cae1"], "rs": PENDING,
        "pc": {"m2m:cnt": {"rn": "c"}}, "ors": {"rsc": 1000, "rqi": "r1"},
    }.items()
    meta = request["mi"]
    assert meta.items() >= {"ty": 3, "rcn": 0, "ec": 2, "vsi": "v", "ot": "20260131T120000", "rvi": "3",
                            "rt": {"rtv": 1}}.items()
    assert rig.at(89) < meta["rqet"] < rig.at(91)
    type_ = rig.cse.core.registry.by_number[17]
    for name, value in request.items():
        type_.by_short[name].type.check(value)


async def test_rtp_4_the_result_says_who_got_it_from_whom(rig: Rig) -> None:
    request = await fetched(rig, await asked(rig, Operation.RETRIEVE, "cse/cae1", "Cae1", request_id="r5"), "Cae1")
    outcome = request["ors"]
    assert outcome.items() >= {"rsc": 2000, "rqi": "r5", "to": "Cae1", "fr": "/banyan"}.items()
    assert outcome["pc"]["m2m:ae"]["aei"] == "Cae1"
    rig.cse.core.registry.by_number[17].by_short["ors"].type.check(outcome)


async def test_rtp_4_a_request_that_fails_says_why(rig: Rig) -> None:
    request = await fetched(rig, await asked(rig, Operation.RETRIEVE, "cse/nothing", "Cae1"), "Cae1")
    assert request["rs"] == FAILED
    assert request["ors"]["rsc"] == Status.NOT_FOUND
    assert "cse/nothing" in request["ors"]["pc"]["m2m:dbg"]


async def test_rtp_4_access_control_is_asked_when_the_request_is_done(rig: Rig) -> None:
    request = await fetched(rig, await asked(rig, Operation.DELETE, "cse/base-access", "Cae1"), "Cae1")
    assert request["ors"]["rsc"] == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_rtp_4_the_originator_reads_and_deletes_its_request_and_nobody_else_does(rig: Rig) -> None:
    await rig.register("Cae2")
    address = await asked(rig, Operation.RETRIEVE, "cse", "Cae1")
    assert (await rig.retrieve(address, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.delete(address, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    refused = await rig.update(address, {"m2m:req": {"acpi": ["x"]}}, "Cae1")
    assert refused.status == Status.UPDATED  # by the selfPrivileges of the policy
    address = await asked(rig, Operation.RETRIEVE, "cse", "Cae1")
    assert (await rig.retrieve(address, "/banyan", internal=True)).status == Status.OK
    assert (await rig.retrieve(address, "/banyan")).status == Status.ORIGINATOR_NOT_AUTHENTICATED
    assert (await rig.delete(address, "Cae1")).status == Status.DELETED
    assert not await exists(rig, address)


async def test_rtp_4_the_policy_is_the_originators_to_change_and_is_shared_by_its_requests(rig: Rig) -> None:
    await rig.register("Cae2")
    first = await fetched(rig, await asked(rig, Operation.RETRIEVE, "cse", "Cae1"), "Cae1")
    second = await fetched(rig, await asked(rig, Operation.RETRIEVE, "cse", "Cae1"), "Cae1")
    assert first["acpi"] == second["acpi"]
    [policy] = first["acpi"]
    both = {"acr": [{"acor": ["Cae1", "Cae2"], "acop": 2}]}
    assert (await rig.update(policy, {"m2m:acp": {"pv": both}}, "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert (await rig.update(policy, {"m2m:acp": {"pv": both}}, "Cae1")).status == Status.UPDATED
    assert (await rig.retrieve(first["ri"], "Cae2")).status == Status.OK


async def test_rtp_5_the_request_resource_lives_for_the_local_time(rig: Rig) -> None:
    address = await created(rig)
    assert rig.at(3590) < (await fetched(rig, address))["et"] < rig.at(3610)
    await rig.clock.advance(3700)
    assert not await exists(rig, address)
    assert await exists(rig, "cse/c")


async def test_rtp_5_it_lives_as_long_as_rset_wants(rig: Rig) -> None:
    until = rig.at(7200)
    address = await created(rig, result_expiration=until)
    assert (await fetched(rig, address))["et"] >= until


async def test_rtp_5_its_policy_expires_after_it(rig: Rig) -> None:
    request = await fetched(rig, await created(rig))
    policy = only(await rig.retrieve(request["acpi"][0]))
    assert policy["et"] >= request["et"]
    await rig.clock.advance(3000)
    request = await fetched(rig, await created(rig, "d", result_expiration=rig.at(20_000)))
    assert only(await rig.retrieve(request["acpi"][0]))["et"] >= request["et"]
    await rig.clock.advance(40_000)
    assert await rig.discover("cse", ty=[17]) == []
    assert [one for one in await rig.discover("cse", ty=[1]) if "base-access" not in one] == []


@pytest.mark.parametrize("rp", ["5000", 5000])
async def test_rtp_9_and_rtp_5_rp_counts_from_the_result(rig: Rig, rp: Any) -> None:
    address = await created(rig, result_persistence=str(rp), operation_execution="60000")
    await rig.clock.advance(61)
    assert (await fetched(rig, address))["rs"] == COMPLETED
    await rig.clock.advance(15)
    assert not await exists(rig, address)


async def test_rtp_9_rp_may_be_a_time(rig: Rig) -> None:
    until = rig.at(50_000)
    assert (await fetched(rig, await created(rig, result_persistence=until)))["et"] == until


async def test_rtp_6_a_request_resource_is_never_created_by_request(rig: Rig) -> None:
    assert (await rig.create("cse", 17, {"m2m:req": {}})).status == Status.OPERATION_NOT_ALLOWED


@pytest.mark.parametrize("rt", [1, 2])
async def test_rtp_6_a_request_resource_is_asked_for_blocking(rig: Rig, rt: int) -> None:
    address = await created(rig)
    for response in (await rig.retrieve(address, response_type=rt), await rig.delete(address, response_type=rt),
                     await rig.update(address, {"m2m:req": {"acpi": ["x"]}}, response_type=rt)):
        assert response.status == Status.BAD_REQUEST
    assert only(await rig.retrieve(address, response_type=4))["ty"] == 17
    assert (await rig.delete(address, response_type=4)).status == Status.DELETED


async def test_rtp_6_and_pch_2_pcu_is_asked_for_blocking(rig: Rig) -> None:
    await rig.made("cse/cae1", 15, {"rn": "pch"}, "Cae1")
    refused = await rig.retrieve("cse/cae1/pch/pcu", "Cae1", response_type=1)
    assert refused.status == Status.BAD_REQUEST
    assert only(await rig.retrieve("cse/cae1/pch", "Cae1", response_type=4))["rn"] == "pch"


async def test_rtp_8_everybody_in_nu_is_told(rig: Rig) -> None:
    targets = ["http://one.example", "http://two.example", "Cae1"]
    await created(rig, rt=2, notification_targets=targets)
    for url in ("http://one.example", "http://two.example", "http://ae1.example"):
        [content] = rig.sink.contents(url)
        assert content["m2m:rsp"]["rsc"] == Status.CREATED


async def test_rtp_8_without_nu_the_originator_is_told(rig: Rig) -> None:
    await created(rig, fr="Cae1", rt=2)
    [(url, request, content)] = rig.sink.received
    assert url == "http://ae1.example"
    assert request.operation is Operation.NOTIFY
    assert request.originator == "/banyan"
    assert content["m2m:rsp"]["rsc"] == Status.CREATED


async def test_rtp_8_with_an_empty_nu_nobody_is_told(rig: Rig) -> None:
    address = await created(rig, fr="Cae1", rt=2, notification_targets=[])
    assert (await fetched(rig, address, "Cae1"))["rs"] == COMPLETED
    assert rig.sink.received == []


async def test_rtp_8_synchronous_tells_nobody(rig: Rig) -> None:
    await created(rig, fr="Cae1", rt=1, notification_targets=[SINK])
    assert rig.sink.received == []


@pytest.mark.parametrize("targets", [None, [SINK]])
async def test_rtp_8_a_notify_is_asynchronous_only_without_notification(rig: Rig, targets: list[str] | None) -> None:
    content = {"m2m:sgn": {"sur": "s"}}
    refused = await rig.request(Operation.NOTIFY, "cse/cae1", content=content, response_type=2,
                                notification_targets=targets)
    assert refused.status == Status.BAD_REQUEST
    address = await asked(rig, Operation.NOTIFY, "cse/cae1", rt=2, content=content, notification_targets=[])
    assert (await fetched(rig, address))["rs"] == COMPLETED
    assert rig.sink.contents("http://ae1.example") == [content]


async def test_rtp_8_a_failure_is_told_too(rig: Rig) -> None:
    await asked(rig, Operation.RETRIEVE, "cse/nothing", rt=2, notification_targets=[SINK])
    assert rig.sink.contents(SINK)[0]["m2m:rsp"]["rsc"] == Status.NOT_FOUND


async def test_rtp_8_a_target_that_cannot_be_reached_is_tried_again(rig: Rig) -> None:
    rig.sink.answer = lambda url, content: None
    await created(rig, rt=2, notification_targets=[SINK])
    await rig.clock.advance(3)
    rig.sink.answer = lambda url, content: Status.OK
    await rig.clock.advance(10)
    assert len(rig.sink.contents(SINK)) == 1


async def test_rtp_8_a_target_that_stays_away_is_given_up(rig: Rig) -> None:
    rig.sink.answer = lambda url, content: None
    address = await created(rig, rt=2, notification_targets=[SINK])
    await rig.clock.advance(20)
    rig.sink.answer = lambda url, content: Status.OK
    await rig.clock.advance(100)
    assert rig.sink.received == []
    assert (await fetched(rig, address))["rs"] == COMPLETED
    assert rig.cse.core.tree.find(address).state is None  # type: ignore[union-attr]


async def test_rtp_10_da_changes_nothing_here(rig: Rig) -> None:
    assert (await rig.create("cse", 3, {"rn": "c"}, delivery_aggregation=True)).status == Status.CREATED
    assert await created(rig, "d", delivery_aggregation=True)


async def test_rtp_10_a_delivery_is_not_for_aes(rig: Rig) -> None:
    content = {"sr": "/a", "tg": "/b", "ls": rig.at(60), "ec": 2, "dmd": {"tcop": False}}
    for originator in ("Cae1", ADMIN):
        assert (await rig.create("cse", 6, content, originator)).status == Status.OPERATION_NOT_ALLOWED


async def test_v7_who_is_not_registered_is_not_acknowledged(rig: Rig) -> None:
    assert (await rig.retrieve("cse", "Cstranger", response_type=1)).status == Status.ORIGINATOR_NOT_AUTHENTICATED


@pytest.mark.parametrize("originator", ["", "C", "S"])
async def test_rtp_3_who_has_no_identity_yet_registers_blocking(rig: Rig, originator: str) -> None:
    ae = {"api": "N1", "rr": False, "srv": ["3"]}
    refused = await rig.create("cse", 2, ae, originator, response_type=1)
    assert refused.status == Status.BAD_REQUEST
    assert "rt" in message(refused)


async def test_rtp_3_an_ae_registers_with_its_own_id_and_then_fetches_the_result(rig: Rig) -> None:
    ae = {"m2m:ae": {"rn": "new", "api": "N1", "rr": False, "srv": ["3"]}}
    address = await asked(rig, Operation.CREATE, "cse", "Cnew", resource_type=2, content=ae)
    assert (await fetched(rig, address, "Cnew"))["ors"]["to"] == "Cnew"


async def test_rtp_4_partial_and_conditional_retrieval_are_kept_as_they_were_asked(rig: Rig) -> None:
    address = await asked(rig, Operation.RETRIEVE, "cse/cae1#rn", "Cae1")
    assert (await fetched(rig, address, "Cae1"))["ors"]["pc"] == {"m2m:ae": {"rn": "cae1"}}


async def test_rtp_4_a_release_1_peer_is_answered_as_such(rig: Rig) -> None:
    address = await asked(rig, Operation.RETRIEVE, "cse", release_version=None)
    assert (await fetched(rig, address))["ors"]["rsc"] == Status.OK


async def test_rtp_1_flex_acknowledges_what_takes_longer(rig: Rig) -> None:
    await rig.made("cse/cae1", 15, {"rn": "pch"}, "Cae1")
    content = {"m2m:sgn": {"sur": "s"}}
    asking = asyncio.ensure_future(rig.request(Operation.NOTIFY, "cse/cae1", content=content, response_type=4))
    await rig.clock.advance(0.9)
    assert not asking.done()
    await rig.clock.advance(0.2)
    response = await asking
    assert response.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    address = response.content["m2m:uri"]  # type: ignore[index]
    assert (await fetched(rig, address))["rs"] == PENDING
    refused = await rig.delete(address)
    assert refused.status == Status.UNABLE_TO_RECALL_REQUEST  # RTP-7: it is being done
    polled = (await rig.retrieve("cse/cae1/pch/pcu", "Cae1")).content["m2m:rqp"]  # type: ignore[index]
    await rig.request(Operation.NOTIFY, "cse/cae1/pch/pcu", "Cae1",
                      content={"m2m:rsp": {"rsc": 2000, "rqi": polled["rqi"]}})
    assert (await fetched(rig, address))["rs"] == COMPLETED


async def test_rtp_1_flex_with_targets_is_told_when_it_takes_longer(rig: Rig) -> None:
    await rig.made("cse/cae1", 15, {"rn": "pch"}, "Cae1")
    asking = asyncio.ensure_future(rig.request(Operation.NOTIFY, "cse/cae1", content={"m2m:sgn": {"sur": "s"}},
                                               response_type=4, notification_targets=[SINK]))
    await rig.clock.advance(1.1)
    assert (await asking).status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH
    await rig.clock.advance(60)
    assert rig.sink.contents(SINK)[0]["m2m:rsp"]["rsc"] in (Status.REQUEST_TIMEOUT, Status.TARGET_NOT_REACHABLE)


async def test_rtp_4_a_fan_out_is_done_member_by_member(rig: Rig) -> None:
    for name in ("a", "b"):
        await rig.made("cse", 3, {"rn": name})
    await rig.made("cse", 9, {"rn": "g", "mnm": 5, "mid": ["cse/a", "cse/b"], "mt": 3})
    address = await asked(rig, Operation.CREATE, "cse/g/fopt", resource_type=4, content={"m2m:cin": {"con": "1"}})
    request = await fetched(rig, address)
    assert request["rs"] == COMPLETED
    assert [one["rsc"] for one in request["ors"]["pc"]["m2m:agr"]["m2m:rsp"]] == [2001, 2001]
    assert rig.cse.core.tree.find(address).state is None  # type: ignore[union-attr]
    assert only(await rig.retrieve("cse/a"))["cni"] == 1


async def test_rtp_3_many_at_once_each_get_their_own(rig: Rig) -> None:
    addresses = [await created(rig, f"c{number}") for number in range(300)]
    await settle(400)
    assert len(set(addresses)) == 300
    for number, address in enumerate(addresses):
        assert (await fetched(rig, address))["ors"]["pc"]["m2m:cnt"]["rn"] == f"c{number}"


@pytest.mark.parametrize("rt", [1, 2, 4])
async def test_rtp_3_so_many_requests_of_one_originator_are_kept(rt: int) -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store, max_requests_per_originator=3)
    await rig.register("Cae1")
    kept = [await asked(rig, Operation.RETRIEVE, "cse/cae1", "Cae1") for _ in range(3)]
    for _ in range(2):
        refused = await rig.retrieve("cse/cae1", "/banyan/Cae1", response_type=rt)
        assert refused.status == Status.NOT_ACCEPTABLE
        assert "max_requests_per_originator" in message(refused)
        assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
        await asked(rig, Operation.RETRIEVE, "cse/cae1")
        await rig.close()
        rig = await Rig.open(store=store, clock=rig.clock, max_requests_per_originator=3)
    assert (await rig.delete(kept[0], "Cae1")).status == Status.DELETED
    await asked(rig, Operation.RETRIEVE, "cse/cae1", "Cae1")
    assert (await rig.retrieve("cse/cae1", "Cae1", response_type=1)).status == Status.NOT_ACCEPTABLE
    await rig.clock.advance(rig.cse.core.settings.request_lifetime_s + 60)
    for _ in range(3):
        await asked(rig, Operation.RETRIEVE, "cse/cae1", "Cae1")
    assert (await rig.retrieve("cse/cae1", "Cae1", response_type=1)).status == Status.NOT_ACCEPTABLE
    await rig.close()


async def test_rtp_1_flex_with_no_room_left_by_then_waits_for_the_answer() -> None:
    rig = await Rig.open(max_requests_per_originator=1)
    await rig.register("Cae1", rr=False)
    await rig.made("cse/cae1", 15, {"rn": "pch"}, "Cae1")
    asking = asyncio.ensure_future(rig.request(Operation.NOTIFY, "cse/cae1", content={"m2m:sgn": {"sur": "s"}},
                                               response_type=4))
    await settle()
    await asked(rig, Operation.RETRIEVE, "cse")
    await rig.clock.advance(1.1)
    assert not asking.done()
    polled = (await rig.retrieve("cse/cae1/pch/pcu", "Cae1")).content["m2m:rqp"]  # type: ignore[index]
    await rig.request(Operation.NOTIFY, "cse/cae1/pch/pcu", "Cae1",
                      content={"m2m:rsp": {"rsc": 2000, "rqi": polled["rqi"]}})
    assert (await asking).status == Status.OK
    await rig.close()
