"""Targets that leave a subscription: ``ntsr``, ``trr``, and the policies that decide (NTP-1 … NTP-5, SUB-28)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.procedures.boxed import BOX, outbox, put, subscribe, values, with_box
from tests.rig import ADMIN, Rig, only, settle

AE1, AE2 = "http://ae/1", "http://ae/2"
BOTH = ["Cae2", "http://sink/b"]
ACCEPT, REJECT, ASK, INFORM = 1, 2, 3, 4


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A container of Cae1, whose point of access is ``AE1``, and Cae2 that is a target."""
    rig = await with_box()
    await rig.update("cse/cae1", {"m2m:ae": {"poa": [AE1]}}, "Cae1")
    await rig.register("Cae2", poa=[AE2])
    yield rig
    await rig.close()


async def leave(rig: Rig, fr: str = "Cae2") -> Status:
    """A target asks to be removed."""
    return (await rig.delete(f"{BOX}/s/ntsr", fr)).status


async def targets(rig: Rig) -> list[str]:
    """``nu`` of the subscription."""
    found: list[str] = only(await rig.retrieve(f"{BOX}/s", "Cae1"))["nu"]
    return found


async def owned(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """A notificationTargetPolicy whose creator is the creator of the subscription."""
    made = await rig.made("cse", 26, {"rn": "policy", "plbl": "Default", "acn": REJECT, **attributes}, ADMIN)
    rig.cse.core.tree.by_id[made["ri"]].creator = "Cae1"
    return made


# NTP-1


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.RETRIEVE, Operation.UPDATE, Operation.NOTIFY])
async def test_ntp_1_only_delete(rig: Rig, operation: Operation) -> None:
    await subscribe(rig, nu=BOTH)
    more: dict[str, Any] = {"resource_type": 3} if operation is Operation.CREATE else {}
    if operation is not Operation.RETRIEVE:
        more["content"] = {"m2m:cnt": {}}
    assert (await rig.request(operation, f"{BOX}/s/ntsr", "Cae2", **more)).status == Status.OPERATION_NOT_ALLOWED


async def test_ntp_1_a_target_leaves(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH)
    assert await leave(rig) == Status.DELETED
    assert await targets(rig) == ["http://sink/b"]
    await put(rig, 1)
    assert values(rig, AE2) == []
    assert values(rig, "http://sink/b") == [1]


@pytest.mark.parametrize("written", ["Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2", "cse/cae2", "Cae2?ct=json",
                                     AE2, f"{AE2}/here"])
async def test_ntp_1_however_the_target_is_written(rig: Rig, written: str) -> None:
    await subscribe(rig, nu=[written, "http://sink/b"])
    assert await leave(rig) == Status.DELETED
    assert await targets(rig) == ["http://sink/b"]


@pytest.mark.parametrize("fr", ["Cae1", ADMIN])
async def test_ntp_1_only_by_a_target(rig: Rig, fr: str) -> None:
    await subscribe(rig, nu=BOTH)
    assert await leave(rig, fr) == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await targets(rig) == BOTH


async def test_ntp_1_needs_no_privilege_on_the_subscription(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH)
    assert (await rig.retrieve(f"{BOX}/s", "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await leave(rig) == Status.DELETED


async def test_ntp_1_below_it_is_nothing(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH)
    assert not (await rig.delete(f"{BOX}/s/ntsr/x", "Cae2")).status.succeeded
    assert await targets(rig) == BOTH


async def test_ntp_1_what_waits_for_it_goes(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH, bn={"num": 5}, nse=True)
    await put(rig, 1, 2)
    assert await leave(rig) == Status.DELETED
    assert len(await outbox(rig)) == 2
    assert [one["tg"] for one in only(await rig.retrieve(f"{BOX}/s", "Cae1"))["nsi"]] == ["http://sink/b"]


async def test_ntp_1_the_last_one_ends_the_subscription(rig: Rig) -> None:
    await subscribe(rig, nu=["Cae2"], su="http://sink/su")
    assert await leave(rig) == Status.DELETED
    assert (await rig.retrieve(f"{BOX}/s", "Cae1")).status == Status.NOT_FOUND
    assert len(rig.sink.contents("http://sink/su")) == 1


async def test_ntp_1_no_child_is_named_so(rig: Rig) -> None:
    await subscribe(rig)
    answer = await rig.create(f"{BOX}/s", 18, {"rn": "ntsr", "se": {"sce": ["* * * * * * *"]}}, "Cae1")
    assert answer.status == Status.CONFLICT


# NTP-2 which policy


@pytest.mark.parametrize(("setting", "status"), [
    ("accept", Status.DELETED), ("reject", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    ("ask", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("inform", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
])
async def test_ntp_2_the_default_of_the_system(rig: Rig, setting: str, status: Status) -> None:
    rig.cse.core.settings.target_removal = setting
    await subscribe(rig, nu=BOTH)
    assert await leave(rig) == status
    assert len([one for one in rig.sink.contents(AE1) if "trr" in one["m2m:sgn"]]) == (setting in ("ask", "inform"))


async def test_ntp_2_the_default_of_the_creator(rig: Rig) -> None:
    await owned(rig)
    await subscribe(rig, nu=BOTH)
    assert await leave(rig) == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await targets(rig) == BOTH


@pytest.mark.parametrize("other", [{"plbl": "Other"}, {"creator": "Cae2"}], ids=str)
async def test_ntp_2_a_policy_of_another_creator_or_label_does_not_count(rig: Rig, other: dict[str, Any]) -> None:
    creator = other.pop("creator", None)
    made = await owned(rig, **other)
    if creator is not None:
        rig.cse.core.tree.by_id[made["ri"]].creator = creator
    await subscribe(rig, nu=BOTH)
    assert await leave(rig) == Status.DELETED


@pytest.mark.parametrize(("setting", "number"), [("accept", ACCEPT), ("reject", REJECT)])
async def test_ntp_2_what_a_policy_does_not_say_is_as_in_that_of_the_system(rig: Rig, setting: str,
                                                                            number: int) -> None:
    rig.cse.core.settings.target_removal = setting
    made = await rig.made("cse", 26, {"rn": "open"})
    assert (made["acn"], made["plbl"]) == (number, "open")
    assert (await rig.update("cse/open", {"m2m:ntp": {"plbl": None}})).status == Status.BAD_REQUEST
    await subscribe(rig, nu=BOTH)
    await rig.made(f"{BOX}/s", 25, {"ntu": ["Cae2"], "npi": made["ri"]}, "Cae1")
    rig.cse.core.settings.target_removal = "reject"  # the policy decides now
    assert await leave(rig) == (Status.DELETED if number == ACCEPT else Status.ORIGINATOR_HAS_NO_PRIVILEGE)


async def test_ntp_2_a_reference_comes_first(rig: Rig) -> None:
    await owned(rig)
    special = await owned(rig, rn="special", plbl="Special", acn=ACCEPT)
    await subscribe(rig, nu=[*BOTH, "Cae1"])
    await rig.made(f"{BOX}/s", 25, {"ntu": ["Cae2"], "npi": special["ri"]}, "Cae1")
    assert await leave(rig, "Cae1") == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await leave(rig) == Status.DELETED
    assert await targets(rig) == ["http://sink/b", "Cae1"]


@pytest.mark.parametrize("npi", [None, "nothing", "cse/cae1"])
async def test_ntp_2_a_reference_that_leads_nowhere(rig: Rig, npi: str | None) -> None:
    await owned(rig)
    await subscribe(rig, nu=BOTH)
    await rig.made(f"{BOX}/s", 25, {"ntu": ["Cae2"], **({} if npi is None else {"npi": npi})}, "Cae1")
    assert await leave(rig) == Status.ORIGINATOR_HAS_NO_PRIVILEGE


# NTP-3 when it applies


NOW, NOT_NOW = "* * 8 * * * *", "* * 9 * * * *"
HERE, THERE = {"accr": [48.0, 11.0, 5000.0]}, {"accr": [10.0, 11.0, 5000.0]}


@pytest.mark.parametrize(("rules", "relation", "status"), [
    pytest.param([], None, True, id="NTP-3 none"),
    pytest.param([{}], None, True, id="NTP-3 empty"),
    pytest.param([{"dr": {"tod": [NOW]}}], None, True, id="NTP-3 now"),
    pytest.param([{"dr": {"tod": [NOT_NOW]}}], None, False, id="NTP-3 not now"),
    pytest.param([{"dr": {"tod": [NOT_NOW, NOW]}}], None, True, id="NTP-3 one of the times"),
    pytest.param([{"dr": {"lr": [HERE]}}], None, True, id="NTP-3 here"),
    pytest.param([{"dr": {"lr": [THERE]}}], None, False, id="NTP-3 elsewhere"),
    pytest.param([{"dr": {"lr": [THERE, HERE]}}], None, True, id="NTP-3 one of the places"),
    pytest.param([{"dr": {"tod": [NOW], "lr": [THERE]}}], None, True, id="NTP-3 or is the default"),
    pytest.param([{"dr": {"tod": [NOW], "lr": [THERE]}, "drr": 2}], None, True, id="NTP-3 or"),
    pytest.param([{"dr": {"tod": [NOW], "lr": [THERE]}, "drr": 1}], None, False, id="NTP-3 and"),
    pytest.param([{"dr": {"tod": [NOW]}}, {"dr": {"tod": [NOT_NOW]}}], None, False, id="NTP-3 two, both by default"),
    pytest.param([{"dr": {"tod": [NOW]}}, {"dr": {"tod": [NOT_NOW]}}], 1, False, id="NTP-3 two, both"),
    pytest.param([{"dr": {"tod": [NOW]}}, {"dr": {"tod": [NOT_NOW]}}], 2, True, id="NTP-3 two, one of them"),
])
async def test_ntp_3_rules(rig: Rig, rules: list[dict[str, Any]], relation: int | None, *, status: bool) -> None:
    await rig.update("cse/cae2", {"m2m:ae": {"loc": {"typ": 1, "crd": [11.0, 48.0]}}}, "Cae2")
    await owned(rig, acn=ACCEPT, **({} if relation is None else {"rrs": relation}))
    for rule in rules:
        await rig.made("cse/policy", 27, rule, ADMIN)
    await subscribe(rig, nu=BOTH)
    assert await leave(rig) == (Status.DELETED if status else Status.ORIGINATOR_HAS_NO_PRIVILEGE)


async def test_ntp_3_at_most_two(rig: Rig) -> None:
    await owned(rig)
    for _ in range(2):
        await rig.made("cse/policy", 27, {"dr": {"tod": [NOW]}}, ADMIN)
    assert (await rig.create("cse/policy", 27, {"dr": {"tod": [NOW]}}, ADMIN)).status == Status.CONFLICT


# NTP-4 what it does


def creator_says(rig: Rig, content: dict[str, Any] | None, status: Status = Status.OK) -> None:
    """Let the creator answer a removal request."""
    received = rig.sink.received

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        received.append((url, request, dict(request.content or {})))
        asked = "trr" in (request.content or {}).get("m2m:sgn", {})
        return ResponsePrimitive(status if asked else Status.OK, request.request_id, content if asked else None)

    rig.sink.send = send  # type: ignore[method-assign]


@pytest.mark.parametrize(("answer", "status", "left"), [
    pytest.param({"m2m:sgn": {"tra": True, "sur": "x"}}, Status.DELETED, False, id="NTP-4 allowed"),
    pytest.param({"m2m:sgn": {"tra": False, "sur": "x"}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, True, id="NTP-4 denied"),
    pytest.param({"m2m:sgn": {}}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, True, id="NTP-4 says nothing"),
    pytest.param({"m2m:sgn": "yes"}, Status.ORIGINATOR_HAS_NO_PRIVILEGE, True, id="NTP-4 nonsense"),
    pytest.param(None, Status.ORIGINATOR_HAS_NO_PRIVILEGE, True, id="NTP-4 empty"),
])
async def test_ntp_4_the_creator_is_asked(rig: Rig, answer: Any, status: Status, *, left: bool) -> None:
    await owned(rig, acn=ASK)
    await subscribe(rig, nu=BOTH)
    creator_says(rig, answer)
    assert await leave(rig) == status
    assert (await targets(rig) == BOTH) == left
    asked = [content["m2m:sgn"] for url, _, content in rig.sink.received if url == AE1]
    assert asked == [{"trr": True, "ntt": "/banyan/Cae2", "sur": f"/banyan/{BOX}/s"}]


async def test_ntp_4_a_creator_that_cannot_be_reached(rig: Rig) -> None:
    await owned(rig, acn=ASK)
    await subscribe(rig, nu=BOTH)
    rig.sink.answer = lambda url, content: None
    assert await leave(rig) == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await targets(rig) == BOTH


async def test_ntp_4_the_creator_is_told(rig: Rig) -> None:
    await owned(rig, acn=INFORM)
    await subscribe(rig, nu=BOTH)
    creator_says(rig, {"m2m:sgn": {"tra": True}})
    assert await leave(rig) == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert await targets(rig) == BOTH
    assert [url for url, _, content in rig.sink.received if "trr" in content["m2m:sgn"]] == [AE1]


async def test_ntp_4_the_subscription_goes_while_the_creator_is_asked(rig: Rig) -> None:
    await owned(rig, acn=ASK)
    await subscribe(rig, nu=BOTH)

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        await rig.delete(f"{BOX}/s", "Cae1")
        return ResponsePrimitive(Status.OK, request.request_id, {"m2m:sgn": {"tra": True}})

    rig.sink.send = send  # type: ignore[method-assign]
    assert await leave(rig) == Status.NOT_FOUND


# NTP-5


async def test_ntp_5_one_policy_for_a_target(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH)
    first = await rig.made(f"{BOX}/s", 25, {"ntu": ["Cae2", "Cae3"]}, "Cae1")
    assert (await rig.create(f"{BOX}/s", 25, {"ntu": ["Cae4", "Cae2"]}, "Cae1")).status == Status.CONFLICT
    second = await rig.made(f"{BOX}/s", 25, {"ntu": ["Cae4"]}, "Cae1")
    for ri, ntu, status in ((second["ri"], ["Cae3"], Status.CONFLICT), (second["ri"], ["Cae5"], Status.UPDATED),
                            (first["ri"], ["Cae2"], Status.UPDATED), (second["ri"], ["Cae3"], Status.UPDATED)):
        assert (await rig.update(ri, {"m2m:ntpr": {"ntu": ntu}}, "Cae1")).status == status


# SUB-28


async def test_sub_28_a_target_asks_in_its_answer(rig: Rig) -> None:
    await subscribe(rig, nu=BOTH, exc=9)
    received = rig.sink.received
    received.clear()

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        received.append((url, request, dict(request.content or {})))
        content = {"m2m:sgn": {"trr": True, "sur": "x"}} if url == AE2 else None
        return ResponsePrimitive(Status.OK, request.request_id, content)

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await settle()
    assert await targets(rig) == ["http://sink/b"]
    await put(rig, 2)
    assert [url for url, _, _ in received] == [AE2, "http://sink/b", "http://sink/b"]


@pytest.mark.parametrize("content", [{"m2m:sgn": {"trr": "true"}}, {"m2m:sgn": 1}, {"trr": True}, {}], ids=str)
async def test_sub_28_other_contents_of_an_answer(rig: Rig, content: dict[str, Any]) -> None:
    await subscribe(rig, nu=BOTH)

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        return ResponsePrimitive(Status.OK, request.request_id, content)

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await settle()
    assert await targets(rig) == BOTH


async def test_sub_28_the_policy_decides_there_too(rig: Rig) -> None:
    await owned(rig, acn=REJECT)
    await subscribe(rig, nu=BOTH)

    async def send(url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        return ResponsePrimitive(Status.OK, request.request_id, {"m2m:sgn": {"trr": True}})

    rig.sink.send = send  # type: ignore[method-assign]
    await put(rig, 1)
    await settle()
    assert await targets(rig) == BOTH
