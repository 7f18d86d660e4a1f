"""Parts of the client by themselves: repeating, waiting, unpacking, nesting, receiving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cse.client import (
    Client,
    DirectTransport,
    Notification,
    Operation,
    Receiver,
    Reference,
    RequestFailed,
    RequestPrimitive,
    ResponsePrimitive,
    Status,
    Unreachable,
    connect,
    filter_criteria,
)
from cse.client.kinds import kind_of, short_name, structural_types, type_number
from cse.client.notification import unpack
from cse.client.references import nest, references


class StillClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Flaky:
    """Answers nothing ``failures`` times, then every request as ``answer`` says."""

    def __init__(self, failures: int, answer: Callable[[RequestPrimitive], ResponsePrimitive] | None = None) -> None:
        self.failures = failures
        self.requests: list[RequestPrimitive] = []
        self._answer = answer or (lambda request: ResponsePrimitive(Status.OK, content={"m2m:cb": {"rn": "cse"}}))

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        self.requests.append(request)
        if len(self.requests) <= self.failures:
            raise Unreachable("nobody there")
        return self._answer(request)

    async def close(self) -> None:
        pass


async def test_a_retrieve_is_repeated_a_create_is_not() -> None:
    clock, transport = StillClock(), Flaky(2)
    client = Client(transport, "Cae", retries=2, clock=clock)
    assert await client.retrieve("cse") == {"rn": "cse"}
    assert clock.pauses == [0.2, 0.4]
    transport = Flaky(1)
    with pytest.raises(Unreachable):
        await Client(transport, "Cae", retries=2, clock=clock).create("cse", "cnt", {})
    assert len(transport.requests) == 1


async def test_waits_until_the_cse_answers() -> None:
    clock, transport = StillClock(), Flaky(6, lambda _: ResponsePrimitive(Status.ORIGINATOR_HAS_NO_PRIVILEGE))
    await Client(transport, clock=clock).until_reachable()
    assert clock.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0]


async def test_waits_only_as_long_as_allowed() -> None:
    clock = StillClock()
    with pytest.raises(Unreachable):
        await Client(Flaky(99), clock=clock).until_reachable(limit_s=2.0)
    assert clock.now <= 2.0


async def test_fills_in_what_a_request_lacks_and_keeps_what_it_has() -> None:
    transport = Flaky(0)
    client = Client(transport, "Cae", release_version="4")
    await client.request(RequestPrimitive(Operation.RETRIEVE, "cse"))
    await client.request(RequestPrimitive(Operation.RETRIEVE, "cse", "Cother", "r1", "2a"))
    first, second = transport.requests
    assert (first.originator, first.release_version) == ("Cae", "4")
    assert first.request_id != ""
    assert (second.originator, second.request_id, second.release_version) == ("Cother", "r1", "2a")


async def test_a_page_that_does_not_go_on_ends_the_discovery() -> None:
    stuck = ResponsePrimitive(Status.OK, content={"m2m:uril": ["a"]}, content_status=1, content_offset=1)
    transport = Flaky(0, lambda _: stuck)
    assert await Client(transport).discover("cse", ofst=1) == ["a"]
    assert len(transport.requests) == 1


async def test_registration_with_a_chosen_stem_does_not_take_over_an_ae() -> None:
    transport = Flaky(0, lambda _: ResponsePrimitive(Status.CONFLICT, content={"m2m:dbg": "name in use"}))
    with pytest.raises(RequestFailed, match="4105 CONFLICT: name in use") as failure:
        await Client(transport).register("Nmeter", "meter")
    assert failure.value.request_line == "CREATE - from C"
    assert len(transport.requests) == 1


async def test_a_cse_in_process_that_does_not_answer_in_time() -> None:
    async def never(_: RequestPrimitive) -> ResponsePrimitive:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Unreachable, match=r"within 0\.01 s"):
        await Client(DirectTransport(never), timeout_s=0.01).retrieve("cse")


@pytest.mark.parametrize("url", ["ftp://host", "cse.example:8080", "http://", ""])
async def test_an_address_of_no_cse(url: str) -> None:
    with pytest.raises(ValueError, match="expected for example http://127"):
        await connect(url)


def test_filter_criteria_by_name() -> None:
    criteria = filter_criteria(ty=[3, 4], lbl="a", lim=5, arp="la", fo=2, rn=["x", "y*"], cra="20260101T000000")
    assert criteria.conditions == {
        "ty": [3, 4], "lbl": ["a"], "atr": [("rn", "x"), ("rn", "y*")], "cra": ["20260101T000000"],
    }  # fmt: skip
    assert (criteria.limit, criteria.relative_path, criteria.operation, criteria.usage) == (5, "la", 2, None)


def test_kinds_by_every_name() -> None:
    assert kind_of("cnt") is kind_of("container") is kind_of("m2m:cnt")
    assert [type_number(each) for each in (3, "3", "cnt", "container")] == [3, 3, 3, 3]
    assert short_name(3) == "cnt"
    assert short_name(9999) == "9999"
    assert kind_of("fwr") is kind_of("firmware") is kind_of("m2m:fwr")
    with pytest.raises(ValueError, match="mgd=1001"):
        type_number("fwr")
    with pytest.raises(ValueError, match="did you mean 'battery'"):
        kind_of("batery")
    assert 4 not in structural_types()
    assert 3 in structural_types()


def test_unpacks_single_and_aggregated_notifications_in_order() -> None:
    def sgn(value: int) -> dict[str, Any]:
        return {"nev": {"rep": {"m2m:cin": {"con": value}}, "net": 3}, "sur": "cse/sub", "cr": "Cae"}

    (one,) = unpack({"m2m:sgn": sgn(1)})
    assert one == Notification("cse/sub", 3, "m2m:cin", {"con": 1}, creator="Cae")
    several = unpack({"m2m:agn": {"m2m:sgn": [sgn(1), sgn(2)]}})
    assert [each.representation["con"] for each in several] == [1, 2]


def test_unpacks_verification_and_deletion() -> None:
    (verification,) = unpack({"m2m:sgn": {"vrq": True, "sur": "s"}})
    assert verification.verification
    (deletion,) = unpack({"m2m:sgn": {"sud": True, "sur": "s"}})
    assert deletion.deletion


@pytest.mark.parametrize("content", [
    None, {}, {"m2m:cin": {}}, {"m2m:sgn": 1}, {"m2m:agn": []}, {"m2m:agn": {"m2m:sgn": [1]}}, {"m2m:agn": {}},
])  # fmt: skip
def test_what_is_no_notification(content: dict[str, Any] | None) -> None:
    with pytest.raises(ValueError, match="expected"):
        list(unpack(content))


def test_references_nest_by_address() -> None:
    found = references({"m2m:rrl": {"rrf": [
        {"nm": "c", "typ": 3, "val": "cse/a/hidden/c"}, {"nm": "a", "typ": 2, "val": "cse/a"},
        {"nm": "b", "typ": 3, "val": "cse/a/b"}, {"nm": "lone", "typ": 3, "val": "cse/hidden/lone"},
    ]}})  # fmt: skip
    root = nest(Reference("cse", 5, "-"), found)
    assert [each.name for each in root.children] == ["a", "lone"]
    assert [each.name for each in root.walk()] == ["cse", "a", "b", "c", "lone"]
    assert references(None) == references({"m2m:rrl": {}}) == []


def notify(to: str, content: dict[str, Any]) -> RequestPrimitive:
    return RequestPrimitive(Operation.NOTIFY, to, "/cse", "r1", "3", content=content)


class TestReceiver:
    """What a CSE gets as an answer."""

    async def test_verification_is_answered_and_not_called_back(self) -> None:
        seen: list[Notification] = []

        async def callback(notification: Notification) -> None:
            seen.append(notification)

        receiver = Receiver("http://me/")
        url = receiver.add(callback)
        answer = await receiver.receive(notify(url.removeprefix("http://me/"), {"m2m:sgn": {"vrq": True, "sur": "s"}}))
        assert (answer.status, answer.request_id, answer.release_version) == (Status.OK, "r1", "3")
        assert seen == []

    async def test_below_a_root_path(self) -> None:
        async def callback(_: Notification) -> None: ...

        receiver = Receiver("https://proxy/hooks")
        url = receiver.add(callback)
        assert url.startswith("https://proxy/hooks/")
        to = url.removeprefix("https://proxy/")
        assert (await receiver.receive(notify(to, {"m2m:sgn": {"sur": "s"}}))).status is Status.OK

    async def test_an_unknown_path_and_a_removed_one(self) -> None:
        async def callback(_: Notification) -> None: ...

        receiver = Receiver("http://me")
        url = receiver.add(callback)
        receiver.remove(url)
        for to in ("nowhere", url.removeprefix("http://me/")):
            assert (await receiver.receive(notify(to, {"m2m:sgn": {"sur": "s"}}))).status is Status.NOT_FOUND

    async def test_what_is_no_notification_is_refused(self) -> None:
        async def callback(_: Notification) -> None: ...

        receiver = Receiver("http://me")
        to = receiver.add(callback).removeprefix("http://me/")
        assert (await receiver.receive(notify(to, {"m2m:cin": {}}))).status is Status.BAD_REQUEST
        request = RequestPrimitive(Operation.RETRIEVE, to)
        assert (await receiver.receive(request)).status is Status.OPERATION_NOT_ALLOWED

    async def test_a_callback_that_fails_is_an_answer_too(self, caplog: pytest.LogCaptureFixture) -> None:
        async def callback(_: Notification) -> None:
            raise RuntimeError("broken")

        receiver = Receiver("http://me")
        to = receiver.add(callback).removeprefix("http://me/")
        answer = await receiver.receive(notify(to, {"m2m:sgn": {"sur": "cse/sub", "nev": {}}}))
        assert answer.status is Status.INTERNAL_SERVER_ERROR
        assert "broken" not in str(answer.content)
        assert "cse/sub" in caplog.text

    async def test_one_callback_at_a_time_in_order(self) -> None:
        running = 0
        seen: list[int] = []

        async def callback(notification: Notification) -> None:
            nonlocal running
            running += 1
            assert running == 1
            await asyncio.sleep(0)
            seen.append(notification.representation["con"])
            running -= 1

        receiver = Receiver("http://me")
        to = receiver.add(callback).removeprefix("http://me/")
        contents = [{"m2m:sgn": {"nev": {"rep": {"m2m:cin": {"con": number}}}}} for number in range(5)]
        answers = await asyncio.gather(*(receiver.receive(notify(to, content)) for content in contents))
        assert {answer.status for answer in answers} == {Status.OK}
        assert seen == [0, 1, 2, 3, 4]
