"""The client against servers that do not answer as they should, and the receiver of notifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from bindings.http.client import HttpClient
from bindings.http.receiver import NotificationServer
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import HttpSettings
from resources.errors import BadRequest
from resources.status import Status

NOTIFY = RequestPrimitive(Operation.NOTIFY, "", "/banyan", "n1", "3", content={"m2m:sgn": {"sur": "cse/s"}})
Serve = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve one fixed answer to whatever comes."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def serving(answer: bytes) -> str:
        async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if answer:
                writer.close()

        server = await asyncio.start_server(answer_one, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield serving
    for server in servers:
        server.close()
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def answer(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no answer in time"),
        (b"nonsense\r\n\r\n", "POST http"),
        (answer("200 OK\r\nContent-Type: application/json", b"{"), "answer not readable"),
        (answer("200 OK\r\nContent-Type: application/json", b"[]"), "answer not readable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "larger than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "POST http"),
    ],
)
async def test_no_answer_that_can_be_read(client: HttpClient, serve: Serve, raw: bytes, reason: str) -> None:
    with pytest.raises(Unreachable, match=reason):
        await client.send(await serve(raw), NOTIFY, timeout_s=0.2)


async def test_nobody_listens_and_the_message_repeats_no_secret(client: HttpClient) -> None:
    with pytest.raises(Unreachable) as caught:
        await client.send("http://user:secret@127.0.0.1:9/p?token=secret", NOTIFY, timeout_s=1)
    assert "127.0.0.1:9/p" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://host/x", "host", "http://", "mqtt://host", "http://h/p?ct=cbor"])
async def test_urls_this_binding_cannot_serve(client: HttpClient, url: str) -> None:
    with pytest.raises(Unreachable):
        await client.send(url, NOTIFY, timeout_s=1)


async def test_redirects_are_not_followed(client: HttpClient, serve: Serve) -> None:
    url = await serve(answer("302 Found\r\nLocation: http://127.0.0.1:9/"))
    assert (await client.send(url, NOTIFY, timeout_s=1)).status is Status.BAD_REQUEST


async def test_answer_of_a_plain_web_server(client: HttpClient, serve: Serve) -> None:
    url = await serve(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>until the end</p>")
    response = await client.send(url, NOTIFY, timeout_s=1)
    assert (response.status, response.content) == (Status.OK, None)


async def test_what_cannot_be_sent_is_the_callers_fault(client: HttpClient) -> None:
    with pytest.raises(BadRequest):
        await client.send("http://127.0.0.1:9", RequestPrimitive(Operation.NOTIFY, "", "a\nb"), timeout_s=1)


async def test_a_closed_client_sends_nothing() -> None:
    client = HttpClient()
    await client.close()
    with pytest.raises(Unreachable, match="closed"):
        await client.send("http://127.0.0.1:9", NOTIFY, timeout_s=1)


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
async def test_notifications_arrive(client: HttpClient, path: str, to: str, arrives_at: str) -> None:
    seen: list[RequestPrimitive] = []

    async def callback(request: RequestPrimitive) -> None:
        seen.append(request)

    server = NotificationServer("127.0.0.1", 0, callback)
    url = await server.start()
    request = RequestPrimitive(Operation.NOTIFY, to, "/banyan", "n1", "3", content=NOTIFY.content)
    response = await client.send(url + path, request, timeout_s=5)
    await server.stop()
    assert response == ResponsePrimitive(Status.OK, "n1", release_version="3")
    assert [(one.to, one.content, one.operation) for one in seen] == [(arrives_at, NOTIFY.content, Operation.NOTIFY)]


async def test_a_callback_may_answer_itself(client: HttpClient) -> None:
    async def callback(request: RequestPrimitive) -> ResponsePrimitive:
        return ResponsePrimitive(Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE, content={"m2m:dbg": "no"})

    server = NotificationServer("127.0.0.1", 0, callback, HttpSettings(root_path="/in"))
    response = await client.send(await server.start(), NOTIFY, timeout_s=5)
    await server.stop()
    assert response.status is Status.SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE
    assert (response.request_id, response.content) == ("n1", {"m2m:dbg": "no"})
