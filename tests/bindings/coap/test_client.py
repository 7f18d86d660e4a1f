"""The client against peers that do not answer as they should, and a whole CSE that notifies over CoAP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bindings.coap.client import CoapClient
from bindings.coap.server import CoapServer
from cse.app import running
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings, CseSettings, HttpSettings, JsonSettings, Settings, StoreSettings
from resources.errors import BadRequest
from resources.status import Status

NOTIFY = RequestPrimitive(Operation.NOTIFY, "", "/banyan", "n1", "3", content={"m2m:sgn": {"sur": "cse/s"}})


@pytest.fixture
async def client() -> AsyncIterator[CoapClient]:
    client = CoapClient()
    yield client
    await client.close()


class Silent(asyncio.DatagramProtocol):
    """Counts datagrams and answers nothing, or with fixed bytes behind the header of an acknowledgement."""

    def __init__(self, answer: bytes = b"") -> None:
        self.seen = 0
        self.answer = answer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.url = f"coap://127.0.0.1:{transport.get_extra_info('sockname')[1]}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen += 1
        if self.answer:
            token = data[4 : 4 + (data[0] & 15)]
            head = bytes((0x60 | len(token), self.answer[0])) + data[2:4] + token
            self.transport.sendto(head + self.answer[1:], addr)


async def listen(answer: bytes = b"") -> Silent:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: Silent(answer), local_addr=("127.0.0.1", 0))
    return protocol


async def test_silence_ends_in_time_and_is_not_sent_again(client: CoapClient) -> None:
    peer = await listen()
    with pytest.raises(Unreachable, match="no answer in time"):
        await client.send(peer.url, NOTIFY, timeout_s=0.1)
    with pytest.raises(Unreachable, match="no answer in time"):
        await client.send(peer.url, NOTIFY, timeout_s=0.1)
    # The second did not wait behind the first, which had been given up.
    assert peer.seen == 2
    peer.transport.close()


async def test_nobody_listens_and_the_message_repeats_no_secret(client: CoapClient) -> None:
    before = time.monotonic()
    with pytest.raises(Unreachable, match="Connection refused") as caught:
        await client.send("coap://user:secret@127.0.0.1:9/p?token=secret", NOTIFY, timeout_s=60)
    assert "127.0.0.1:9/p" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert time.monotonic() - before < 30


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"\x45\xc1\x32\xff{", "answer not readable"),
        (b"\x45\xc1\x32\xff[]", "answer not readable"),
        (b"\x45\xd1\x14\x00", "no answer in time"),  # a critical option that is not known
        (b"\x45\xd3\x0a\xff\xff\xfe\xff" + b"x" * 1024, "no answer in time"),  # a block beyond every bound
    ],
)
async def test_no_answer_that_can_be_read(client: CoapClient, answer: bytes, reason: str) -> None:
    peer = await listen(answer)
    with pytest.raises(Unreachable, match=reason):
        await client.send(peer.url, NOTIFY, timeout_s=0.2)
    peer.transport.close()


async def test_an_answer_of_a_plain_coap_server(client: CoapClient) -> None:
    peer = await listen(b"\x44")
    assert await client.send(peer.url, NOTIFY, timeout_s=1) == ResponsePrimitive(Status.UPDATED)
    peer.transport.close()


@pytest.mark.parametrize(
    "url",
    ["http://host/x", "host", "coap://", "coap://[::1", "coap://h:99999", "coaps://h", "coap://127.0.0.1/p?ct=cbor"],
)
async def test_urls_this_binding_cannot_serve(client: CoapClient, url: str) -> None:
    with pytest.raises(Unreachable):
        await client.send(url, NOTIFY, timeout_s=1)


async def test_what_cannot_be_sent_is_the_callers_fault(client: CoapClient) -> None:
    with pytest.raises(BadRequest):
        await client.send("coap://127.0.0.1:9", RequestPrimitive(Operation.NOTIFY, "", "a\nb"), timeout_s=1)


async def test_a_closed_client_sends_nothing() -> None:
    client = CoapClient()
    await client.close()
    with pytest.raises(Unreachable, match="closed"):
        await client.send("coap://127.0.0.1:9", NOTIFY, timeout_s=1)


class Target:
    """Keeps the requests of a CSE."""

    def __init__(self) -> None:
        self.seen: list[RequestPrimitive] = []

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        self.seen.append(request)
        return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)


@pytest.fixture
async def target() -> AsyncIterator[tuple[Target, str]]:
    target = Target()
    server = CoapServer(target.handle, CoapSettings(port=0), JsonSettings())
    yield target, await server.start()
    await server.stop()


@pytest.mark.parametrize(
    ("path", "to", "arrives_at"),
    [
        ("", "", ""),
        ("/", "", ""),
        ("/abc", "", "abc"),
        ("/abc?ct=json", "", "abc"),
        ("/abc/", "Cae1", "abc/Cae1"),
        ("", "/banyan/Cae1", "/banyan/Cae1"),
    ],
)
async def test_notifications_arrive(
    client: CoapClient, target: tuple[Target, str], path: str, to: str, arrives_at: str
) -> None:
    response = await client.send(target[1] + path, replace(NOTIFY, to=to), timeout_s=5)
    assert response == ResponsePrimitive(Status.OK, "n1", release_version="3")
    assert [(each.to, each.content, each.operation) for each in target[0].seen] == [
        (arrives_at, NOTIFY.content, Operation.NOTIFY)
    ]


async def test_a_request_without_an_identifier_gets_one(client: CoapClient, target: tuple[Target, str]) -> None:
    for _ in range(2):
        await client.send(target[1], replace(NOTIFY, request_id=""), timeout_s=5)
    first, second = (each.request_id for each in target[0].seen)
    assert first
    assert first != second


async def test_large_contents_go_and_come_in_blocks(client: CoapClient, target: tuple[Target, str]) -> None:
    content = {"m2m:sgn": {"sur": "x" * 50_000}}

    async def echo(request: RequestPrimitive) -> ResponsePrimitive:
        return ResponsePrimitive(Status.OK, request.request_id, request.content)

    server = CoapServer(echo, CoapSettings(port=0), JsonSettings())
    url = await server.start()
    answers = await asyncio.gather(
        *(client.send(url, replace(NOTIFY, request_id=f"n{each}", content=content), timeout_s=20) for each in range(3))
    )
    assert [each.content for each in answers] == [content] * 3
    assert sorted(each.request_id for each in answers) == ["n0", "n1", "n2"]
    await server.stop()


async def test_a_cse_notifies_over_coap(client: CoapClient, target: tuple[Target, str]) -> None:
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        coap=CoapSettings(enabled=True, port=0),
    )
    async with running(settings) as [node]:
        [url] = node.urls

        async def create(to: str, kind: int, content: dict[str, object]) -> None:
            request = RequestPrimitive(Operation.CREATE, to, "CAdmin", "", "3", resource_type=kind, content=content)
            response = await client.send(url, request, timeout_s=5)
            assert response.status is Status.CREATED, response

        await create("cse", 3, {"m2m:cnt": {"rn": "c"}})
        await create("cse/c", 23, {"m2m:sub": {"rn": "s", "nu": [f"{target[1]}/n?ct=json"], "enc": {"net": [3]}}})
        for value in ("1", "2", "x" * 3000):
            await create("cse/c", 4, {"m2m:cin": {"con": value}})
        async with asyncio.timeout(5):
            while len(target[0].seen) < 4:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.01)
        base = await client.send(url, RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r", "3"), timeout_s=5)
    verification, *notifications = [(each.content or {})["m2m:sgn"] for each in target[0].seen]
    assert verification["vrq"] is True
    values = [each["nev"]["rep"]["m2m:cin"]["con"] for each in notifications]
    assert values == ["1", "2", "x" * 3000]
    assert len({each.request_id for each in target[0].seen}) == 4
    assert {each.to for each in target[0].seen} == {"n"}
    assert base.content is not None
    assert base.content["m2m:cb"]["poa"] == [url]
