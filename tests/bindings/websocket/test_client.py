"""The client over WebSocket: the API, notifications on the same connection, coming back, and points of access."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bindings.websocket.client import WebSocketClient, WebSocketTransport
from bindings.websocket.server import WebSocketServer
from cse.app import Node, running
from cse.client import Client, Notification, RequestFailed, Unreachable, connect
from cse.connections import OpenConnections
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import JsonSettings, StoreSettings, WebSocketSettings
from cse.tree import Tree
from resources.status import Status
from tests.bindings.contract import RETRIEVE
from tests.bindings.small_cse import IDENTITY, SmallCse
from tests.bindings.websocket.served import ADMIN, served, url_of, whole, whole_cse
from tests.codecs.serialisations import CODECS

TIMEOUT_S = 5.0
NOTIFY = RequestPrimitive(Operation.NOTIFY, "/banyan/Cae1", "/banyan", "r1", "3", content={"m2m:sgn": {"sur": "s"}})


class Heard:
    """What a client was told."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, notification: Notification) -> None:
        self.queue.put_nowait(notification.representation["con"])

    async def some(self, count: int) -> list[str]:
        return [await asyncio.wait_for(self.queue.get(), TIMEOUT_S) for _ in range(count)]


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with whole_cse() as node:
        yield node


async def registered(url: str, stem: str = "Cae1") -> Client:
    client = await connect(url, stem)
    await client.register("N1", stem.lower())
    await client.ensure(f"cse/{stem.lower()}", "cnt", "c")
    return client


async def test_notifications_come_over_the_connection(node: Node) -> None:
    client, heard, other = await registered(url_of(node)), Heard(), Heard()
    await client.create("cse/cae1", "cnt", {"rn": "d"})
    await client.subscribe("cse/cae1/c", heard, name="s")
    await client.subscribe("cse/cae1/d", other, name="s")
    address = await client.subscribe("cse/cae1/d", other)
    for number in range(3):
        await client.create("cse/cae1/c", "cin", {"con": str(number)})
    await client.create("cse/cae1/d", "cin", {"con": "x"})
    assert await heard.some(3) == ["0", "1", "2"]
    assert await other.some(2) == ["x", "x"]
    await client.unsubscribe(address)
    await client.create("cse/cae1/d", "cin", {"con": "y"})
    assert await other.some(1) == ["y"]
    assert heard.queue.empty()
    await client.close()


@pytest.mark.parametrize("name", ["json", "cbor", "xml"])
async def test_notifications_are_in_the_serialisation_of_the_connection(node: Node, name: str) -> None:
    client = await connect(url_of(node), "Cae1", subprotocol=f"oneM2M.{name}", codecs=CODECS)
    await client.register("N1", "cae1", csz=["application/json"])
    await client.create("cse/cae1", "cnt", {"rn": "c"})
    heard = Heard()
    await client.subscribe("cse/cae1/c", heard)
    for content in ("전력 21.5", "<&>"):
        await client.create("cse/cae1/c", "cin", {"con": content})
    assert await heard.some(2) == ["전력 21.5", "<&>"]
    await client.close()


async def test_a_lost_connection_is_opened_again_and_nothing_is_lost(node: Node) -> None:
    client, heard = await registered(url_of(node)), Heard()
    await client.subscribe("cse/cae1/c", heard)
    admin = await connect(url_of(node), ADMIN)
    assert node._websocket is not None
    for number in range(6):
        if number % 2:
            connection = node.cse.core.connections.of(node.cse.core.tree.by_id["Cae1"])
            if connection is not None:
                connection._socket._req.transport.abort()  # type: ignore[attr-defined]
        await admin.create("cse/cae1/c", "cin", {"con": str(number)})
    found: list[str] = []
    while not found or found[-1] != "5":
        found += await heard.some(1)
    assert list(dict.fromkeys(found)) == [str(number) for number in range(6)], "in order; one may come twice"
    await client.close()
    await admin.close()


async def test_a_client_outlives_a_restart_of_the_cse(tmp_path: Any) -> None:
    store = StoreSettings(path=str(tmp_path / "banyan.db"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    heard = Heard()
    async with running(whole(store, port=port)) as [node]:
        client = await registered(url_of(node))
        await client.subscribe("cse/cae1/c", heard)
    async with running(whole(store, port=port)) as [node]:
        admin = await connect(url_of(node), ADMIN)
        await admin.create("cse/cae1/c", "cin", {"con": "after"})
        assert await heard.some(1) == ["after"]
        await client.close()
        await admin.close()


async def test_answers_with_errors_are_errors(node: Node) -> None:
    client = await connect(url_of(node), ADMIN)
    with pytest.raises(RequestFailed) as failed:
        await client.retrieve("cse/none")
    assert failed.value.status is Status.NOT_FOUND
    await client.close()


async def test_a_transport_that_does_not_listen_refuses_requests() -> None:
    answers: list[ResponsePrimitive] = []

    async def ask_back(request: RequestPrimitive) -> ResponsePrimitive:
        return ResponsePrimitive(Status.OK, request.request_id)

    async with served(ask_back) as url:
        transport = WebSocketTransport(url)
        await transport.send(NOTIFY, timeout_s=TIMEOUT_S)
        assert transport._link is not None
        answers.append(await transport._serve(NOTIFY, transport._link))
        await transport.close()
    assert answers[0].status is Status.OPERATION_NOT_ALLOWED


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "ws://[::1", "http://127.0.0.1:1", "ws://", "ws://h:x"])
async def test_what_cannot_be_reached_is_unreachable(url: str) -> None:
    client = WebSocketClient()
    with pytest.raises(Unreachable):
        await client.send(url, NOTIFY, timeout_s=TIMEOUT_S)
    await client.close()
    with pytest.raises(Unreachable, match="closed"):
        await client.send("ws://127.0.0.1:1", NOTIFY, timeout_s=TIMEOUT_S)


async def test_no_answer_in_time_is_unreachable_and_the_next_request_is_answered() -> None:
    cse = SmallCse()
    async with served(cse.handle) as url:
        transport = WebSocketTransport(url)
        cse.pause_s = 0.3
        with pytest.raises(Unreachable, match="no answer in time"):
            await transport.send(NOTIFY, timeout_s=0.1)
        cse.pause_s = 0.0
        request = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
        assert (await transport.send(request, timeout_s=TIMEOUT_S)).status is Status.OK
        await transport.close()
        with pytest.raises(Unreachable, match="closed"):
            await transport.send(NOTIFY, timeout_s=TIMEOUT_S)


async def test_the_same_identifier_twice_at_a_time_gets_two_answers() -> None:
    async with served(SmallCse().handle) as url:
        transport = WebSocketTransport(url)
        request = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "same", "3")
        answers = await asyncio.gather(*(transport.send(request, timeout_s=TIMEOUT_S) for _ in range(5)))
        assert [answer.request_id for answer in answers] == ["same"] * 5
        await transport.close()


@contextlib.asynccontextmanager
async def ae_server(answer: Callable[[dict[str, Any]], dict[str, Any] | None]) -> AsyncIterator[tuple[str, list[Any]]]:
    """An AE that is a server, of the ``websockets`` package; gives its URL and what it was told."""
    told: list[Any] = []

    async def connection(peer: ServerConnection) -> None:
        async for message in peer:
            told.append(json.loads(message))
            reply = answer(told[-1])
            if reply is not None:
                await peer.send(json.dumps(reply))

    async with serve(connection, "127.0.0.1", 0, subprotocols=["oneM2M.json"]) as server:  # type: ignore[list-item]
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", told


def accept(request: dict[str, Any]) -> dict[str, Any]:
    return {"rsc": 2000, "rqi": request["rqi"], "rvi": "3"}


async def test_an_ae_with_a_ws_point_of_access_is_called_there(node: Node) -> None:
    async with ae_server(accept) as (url, told):
        admin = await connect(url_of(node), ADMIN)
        cse = node.cse.core
        await admin.request(RequestPrimitive(
            Operation.CREATE, "cse", "Cae1", resource_type=2,
            content={"m2m:ae": {"rn": "cae1", "api": "N1", "rr": True, "srv": ["3"], "poa": [url]}},
        ))  # fmt: skip
        admin._transport._entities.clear()  # type: ignore[attr-defined]
        connection = cse.connections.of(cse.tree.by_id["Cae1"])
        assert connection is not None
        cse.connections.closed(connection)  # as if it had registered over HTTP
        await admin.create("cse/cae1", "cnt", {"rn": "c"})
        await admin.create("cse/cae1/c", "sub", {"rn": "s", "nu": ["Cae1", f"{url}/direct"], "enc": {"net": [3]}})
        await admin.create("cse/cae1/c", "cin", {"con": "1"})
        async with asyncio.timeout(TIMEOUT_S):
            while sum("nev" in one["pc"]["m2m:sgn"] for one in told) < 2:  # noqa: ASYNC110 - a peer has no event
                await asyncio.sleep(0.01)
        assert {one["to"] for one in told if "nev" in one["pc"]["m2m:sgn"]} == {"/banyan/Cae1", f"{url}/direct"}
        await admin.close()


@pytest.mark.parametrize("identified", [True, False], ids=["client certificate", "no client certificate"])
async def test_tls_proves_the_entity(certificates: Path, identified: bool) -> None:
    cse = SmallCse()
    settings = WebSocketSettings(
        port=0, certificate=str(certificates / "server.pem"), private_key=str(certificates / "server.key"),
        client_ca=str(certificates / "ca.pem"),
    )  # fmt: skip
    own: Any = {"client_certificate": str(certificates / "client.pem"), "private_key": str(certificates / "client.key")}
    async with served(cse.handle, settings) as url:
        assert url.startswith("wss://")
        transport = WebSocketTransport(url, ca=str(certificates / "ca.pem"), **(own if identified else {}))
        assert (await transport.send(RETRIEVE, timeout_s=TIMEOUT_S)).status is Status.OK
        await transport.close()
        stranger = WebSocketTransport(url)
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await stranger.send(RETRIEVE, timeout_s=TIMEOUT_S)
        await stranger.close()
    assert [one.authenticated for one in cse.seen] == ["//banyan.example/banyan/Cae1" if identified else None]


def test_without_tls_it_serves_this_machine_only() -> None:
    with pytest.raises(ValueError, match="without TLS"):
        WebSocketServer(SmallCse().handle, WebSocketSettings(host="0.0.0.0"), JsonSettings(),
                        OpenConnections(Tree(IDENTITY)))  # fmt: skip


async def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    async with ae_server(accept) as (url, told):
        client = WebSocketClient()
        for _ in range(2):
            assert (await client.send(url, NOTIFY, timeout_s=TIMEOUT_S)).status is Status.OK
            [link] = client._links.values()
            await link.close()
        assert len(told) == 2
        await client.close()


async def test_more_connections_than_allowed_close_the_oldest() -> None:
    async with ae_server(accept) as (first, _), ae_server(accept) as (second, _):
        client = WebSocketClient(max_connections=1)
        for url in (first, second, first):
            assert (await client.send(url, NOTIFY, timeout_s=TIMEOUT_S)).status is Status.OK
            assert len(client._links) == 1
        await client.close()


async def test_the_command_line_speaks_websocket(node: Node) -> None:
    async def banyan(*arguments: str) -> str:
        program = "from cse.cli.main import main; raise SystemExit(main())"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, *arguments, "--cse", url_of(node),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, output
        return output.decode()

    assert "cse" in await banyan("get", "cse", "--from", ADMIN)
    client = await registered(url_of(node))
    watching = asyncio.create_task(banyan("watch", "cse/cae1/c", "--from", "Cae1", "--count", "1"))
    async with asyncio.timeout(20):
        while not (await client.retrieve("cse/cae1/c", result_content=4)).get("m2m:sub"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await client.close()  # the connection that it used last has ended: the one before is its own again
    admin = await connect(url_of(node), ADMIN)
    await admin.create("cse/cae1/c", "cin", {"con": "seen"})
    await admin.close()
    assert "seen" in await watching
