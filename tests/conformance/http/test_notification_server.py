"""The tester's endpoints as a CSE sees them, and what they keep for a case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from conformance_tests.http.notification_server import Answer, NotificationServer

HEADERS = {"X-M2M-Origin": "/in", "X-M2M-RI": "n1", "X-M2M-RVI": "3", "Content-Type": "application/json"}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[NotificationServer]:
    async with NotificationServer() as server:
        yield server


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


def sgn(**members: Any) -> dict[str, Any]:
    return {"m2m:sgn": {"sur": "/in/cse/sub", **members}}


async def test_a_notification_is_kept_and_answered(server: NotificationServer, peer: aiohttp.ClientSession) -> None:
    hook = server.endpoint("hook")
    before = time.monotonic()
    async with peer.post(hook.url, json=sgn(nev={"net": 1}), headers=HEADERS) as answer:
        assert answer.status == 200
        given = {name: answer.headers.get(name) for name in ("X-M2M-RSC", "X-M2M-RI", "X-M2M-RVI", "Content-Type")}
        assert given == {"X-M2M-RSC": "2000", "X-M2M-RI": "n1", "X-M2M-RVI": "3", "Content-Type": None}
    assert [one.pc for one in hook.pending()] == [sgn(nev={"net": 1})]
    got = await hook.next(1)
    assert got is not None
    assert (got.request.op, got.request.to, got.request.fr, got.request.rqi) == (5, "", "/in", "n1")
    assert (got.pc, got.faults, got.rsc) == (sgn(nev={"net": 1}), [], 2000)
    assert before <= got.arrived_s <= time.monotonic()
    assert got.wire_request.startswith("POST /")
    assert got.wire_response.startswith("HTTP/1.1 200 OK\nX-M2M-RSC: 2000\n")
    assert hook.pending() == ()
    assert hook.received == [got]
    assert await hook.next(0) is None


async def test_verification_requests_have_a_queue_of_their_own(
    server: NotificationServer, peer: aiohttp.ClientSession
) -> None:
    hook = server.endpoint("hook")
    hook.verification_answer = Answer(4101)
    async with peer.post(hook.url, json=sgn(vrq=True), headers=HEADERS) as answer:
        assert (answer.status, answer.headers["X-M2M-RSC"]) == (403, "4101")
    async with peer.post(hook.url, json=sgn(sud=True), headers=HEADERS) as answer:
        assert answer.headers["X-M2M-RSC"] == "2000"
    assert len(hook.pending_verifications()) == len(hook.pending()) == 1
    verification = await hook.next_verification(1)
    assert verification is not None
    assert verification.is_verification
    assert await hook.next_verification(0) is None


async def test_an_aggregated_notification(server: NotificationServer, peer: aiohttp.ClientSession) -> None:
    hook = server.endpoint("hook")
    content = {"m2m:agn": {"m2m:sgn": [sgn(nev={"net": n})["m2m:sgn"] for n in (1, 2)]}}
    async with peer.post(hook.url, json=content, headers=HEADERS) as answer:
        assert answer.headers["X-M2M-RSC"] == "2000"
    got = await hook.next(1)
    assert got is not None
    assert [one["nev"]["net"] for one in got.notifications] == [1, 2]
    assert got.faults == []


async def test_who_waits_is_woken(server: NotificationServer, peer: aiohttp.ClientSession) -> None:
    hook = server.endpoint("hook")
    waiting = asyncio.create_task(hook.next(5))
    await asyncio.sleep(0)
    async with peer.post(hook.url, json=sgn(), headers=HEADERS):
        pass
    assert await waiting is not None


async def test_cases_do_not_mix(server: NotificationServer, peer: aiohttp.ClientSession) -> None:
    first, second = server.endpoint("hook"), server.endpoint("hook")
    async with peer.post(first.url, json=sgn(), headers=HEADERS):
        pass
    assert (len(first.pending()), len(second.pending())) == (1, 0)
    server.remove(first)
    async with peer.post(first.url, json=sgn(), headers=HEADERS) as answer:
        assert (answer.status, answer.headers["X-M2M-RSC"]) == (404, "4004")
    assert len(first.pending()) == 1
    assert [one.request.rqi for one in server.strays] == ["n1"]


@pytest.mark.parametrize(
    ("method", "path", "media_type", "op", "to"),
    [
        ("GET", "/~/in/Cae", None, 2, "/in/Cae"),
        ("POST", "/Cae/x%20y?rcn=1", "application/json;ty=4", 1, "Cae/x y"),
        ("PUT", "/_/sp.org/in/Cae", "application/json", 3, "//sp.org/in/Cae"),
        ("DELETE", "/~/in/Cae", None, 4, "/in/Cae"),
        ("POST", "/~/in/Cae/", "application/json", 5, "/in/Cae/"),
    ],
)
async def test_a_request_for_an_ae_has_its_target_in_the_path(
    server: NotificationServer,
    peer: aiohttp.ClientSession,
    method: str,
    path: str,
    media_type: str | None,
    op: int,
    to: str,
) -> None:
    hook = server.endpoint("poa")
    hook.answer = Answer(2001, {"m2m:cin": {"con": "x"}})
    headers = {name: value for name, value in {**HEADERS, "Content-Type": media_type}.items() if value}
    body = b'{"m2m:sgn":{}}' if media_type else None
    async with peer.request(method, hook.url + path, data=body, headers=headers) as answer:
        assert answer.status == 201
        assert await answer.json() == {"m2m:cin": {"con": "x"}}
    got = await hook.next(1)
    assert got is not None
    assert (got.request.op, got.request.to, got.faults) == (op, to, [])


@pytest.mark.parametrize(
    ("changed", "body", "fault", "rsc"),
    [
        ({"X-M2M-RI": None}, b'{"m2m:sgn":{}}', "no X-M2M-RI", "2000"),
        ({"X-M2M-Origin": None}, b'{"m2m:sgn":{}}', "no X-M2M-Origin", "2000"),
        ({"X-M2M-RVI": None}, b'{"m2m:sgn":{}}', "no X-M2M-RVI", "2000"),
        ({"X-M2M-RI": ""}, b'{"m2m:sgn":{}}', "X-M2M-RI is empty", "2000"),
        ({}, b"{]", "no JSON", "4000"),
        ({}, b"", "no content", "4000"),
        ({}, b'{"m2m:cnt":{}}', "content of a NOTIFY is 'm2m:cnt'", "2000"),
        ({}, b'{"m2m:sgn":{},"m2m:x":{}}', "exactly one member", "2000"),
        ({"Content-Type": "application/xml"}, b"<m2m:sgn/>", "no XML: unbound prefix", "4000"),
        ({"Content-Type": "application/vnd.onem2m-ntfy+cbor"}, b"\x82", "no CBOR: ends at byte 1", "4000"),
        ({"Content-Type": "text/plain"}, b"{}", "none of oneM2M", "4000"),
        ({"Content-Type": "application/json;ty=x"}, b'{"m2m:sgn":{}}', "ty is no number", "2000"),
    ],
)
async def test_what_breaks_the_binding_is_kept_with_its_faults(
    server: NotificationServer,
    peer: aiohttp.ClientSession,
    changed: dict[str, str | None],
    body: bytes,
    fault: str,
    rsc: str,
) -> None:
    hook = server.endpoint("hook")
    headers = {name: value for name, value in {**HEADERS, **changed}.items() if value is not None}
    async with peer.post(hook.url, data=body, headers=headers) as answer:
        assert answer.headers["X-M2M-RSC"] == rsc
    got = await hook.next(1)
    assert got is not None
    assert len(got.faults) == 1
    assert fault in got.faults[0]


async def test_a_header_twice_is_a_fault(server: NotificationServer, peer: aiohttp.ClientSession) -> None:
    hook = server.endpoint("hook")
    headers = [*HEADERS.items(), ("X-M2M-RI", "n2")]
    async with peer.post(hook.url, json=sgn(), headers=headers):
        pass
    got = await hook.next(1)
    assert got is not None
    assert got.faults == ["X-M2M-RI occurs 2 times"]


async def test_an_endpoint_may_be_slow_silent_or_hang_up(
    server: NotificationServer, peer: aiohttp.ClientSession
) -> None:
    hook = server.endpoint("hook")
    hook.answer = Answer(delay_s=0.1, headers={"X-M2M-RI": "other", "X-M2M-RVI": None})
    before = time.monotonic()
    async with peer.post(hook.url, json=sgn(), headers=HEADERS) as answer:
        assert time.monotonic() - before >= 0.1
        assert answer.headers["X-M2M-RI"] == "other"
        assert "X-M2M-RVI" not in answer.headers
    hook.answer = Answer(close=True)
    with pytest.raises(aiohttp.ClientError):
        await peer.post(hook.url, json=sgn(), headers=HEADERS)
    hook.answer = Answer(silence=True)
    with pytest.raises(TimeoutError):
        await peer.post(hook.url, json=sgn(), headers=HEADERS, timeout=aiohttp.ClientTimeout(total=0.1))
    assert len(hook.received) == 3


async def test_closing_ends_what_waits(peer: aiohttp.ClientSession) -> None:
    async with NotificationServer() as server:
        hook = server.endpoint("hook")
        hook.answer = Answer(silence=True)
        waiting = asyncio.create_task(peer.post(hook.url, json=sgn(), headers=HEADERS))
        await hook.next(5)
        before = time.monotonic()
    assert time.monotonic() - before < 1
    with pytest.raises(aiohttp.ClientError):
        await waiting


def test_the_address_is_the_one_the_cse_uses() -> None:
    assert (
        NotificationServer(port=99, public_host="tester.example")
        .endpoint("x")
        .url.startswith("http://tester.example:99/")
    )
    assert NotificationServer(port=99, public_host="::1").endpoint("x").url.startswith("http://[::1]:99/")
