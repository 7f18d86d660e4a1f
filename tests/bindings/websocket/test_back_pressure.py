"""A peer that asks without end, or does not read, costs no more than its bound, and nobody else anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from bindings.websocket.server import WebSocketServer
from cse.client.transport import Unreachable
from cse.connections import OpenConnections
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import JsonSettings, WebSocketSettings
from cse.tree import Tree
from resources.status import Status
from tests.bindings.small_cse import IDENTITY, SmallCse
from tests.bindings.websocket.served import served
from tests.bindings.websocket.storm import opened, serves, text

MOST = 8
LARGE = "x" * 100_000
REQUEST = {"op": 2, "to": "cse", "fr": "CAdmin", "rvi": "3"}


class Slow:
    """A CSE that answers when it is let; ``most`` is how many requests it had at the same time."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = self.most = self.done = 0

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        if request.request_id == "after":
            return ResponsePrimitive(Status.OK, "after")
        self.running += 1
        self.most = max(self.most, self.running)
        await self.gate.wait()
        self.running -= 1
        self.done += 1
        return ResponsePrimitive(Status.OK, request.request_id, {"m2m:cin": {"con": LARGE}})


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def server(slow: Slow) -> AsyncIterator[WebSocketServer]:
    settings = WebSocketSettings(port=0, max_requests=MOST, write_timeout_s=0.3)
    server = WebSocketServer(slow.handle, settings, JsonSettings(), OpenConnections(Tree(IDENTITY)))
    yield server
    slow.gate.set()
    await server.stop()


async def test_no_more_requests_than_the_bound_are_under_way(server: WebSocketServer, slow: Slow) -> None:
    url = await server.start()
    reader, writer = await opened(url)
    for number in range(100):
        writer.write(text({**REQUEST, "rqi": f"r{number}"}))
    await asyncio.sleep(0.1)
    assert slow.running == MOST
    assert await serves(url), "others are served"
    slow.gate.set()
    async with asyncio.timeout(5):
        while slow.done < 100:
            await reader.read(65536)
    assert slow.most == MOST
    writer.close()


async def test_who_does_not_read_is_cut_off_and_owed_little(server: WebSocketServer, slow: Slow) -> None:
    url = await server.start()
    slow.gate.set()
    _, writer = await opened(url)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    [link] = server._links
    for number in range(200):
        writer.write(text({**REQUEST, "rqi": f"r{number}"}))
    transport = link._socket._req.transport  # type: ignore[attr-defined]
    owed = 0
    async with asyncio.timeout(5):
        while link.open:
            owed = max(owed, transport.get_write_buffer_size())
            await asyncio.sleep(0.001)
    assert len(LARGE) / 2 < owed < 65_536 + 2 * len(LARGE)
    assert await serves(url)
    writer.close()


async def test_more_than_the_rate_waits_for_the_next_second() -> None:
    began = asyncio.get_running_loop().time()
    async with served(SmallCse().handle, WebSocketSettings(port=0, max_rate=20)) as url:
        reader, writer = await opened(url)
        writer.write(b"".join(text({**REQUEST, "rqi": f"r{number}"}) for number in range(45)))
        received = b""
        while b'"r44"' not in received:
            received += await asyncio.wait_for(reader.read(65536), 5)
        writer.close()
    assert 1.5 < asyncio.get_running_loop().time() - began < 4


async def test_more_requests_of_ours_than_the_bound_do_not_wait(server: WebSocketServer) -> None:
    url = await server.start()
    _, writer = await opened(url)
    [link] = server._links

    def notification(number: int) -> RequestPrimitive:
        content = {"m2m:sgn": {"sur": "s"}}
        return RequestPrimitive(Operation.NOTIFY, "/banyan/C1", "/banyan", f"n{number}", "3", content=content)

    waiting = [asyncio.create_task(link.send(notification(number), timeout_s=5)) for number in range(MOST)]
    await asyncio.sleep(0.05)
    with pytest.raises(Unreachable, match="wait already"):
        await link.send(notification(MOST), timeout_s=5)
    for number in range(MOST):
        writer.write(text({"rsc": 2000, "rqi": f"n{number}", "rvi": "3"}))
    assert {one.status for one in await asyncio.gather(*waiting)} == {Status.OK}
    writer.close()


async def test_a_peer_that_goes_ends_what_waits_for_it(server: WebSocketServer) -> None:
    url = await server.start()
    _, writer = await opened(url)
    [link] = server._links
    content = {"m2m:sgn": {"sur": "s"}}
    notify = RequestPrimitive(Operation.NOTIFY, "/banyan/C1", "/banyan", "n", "3", content=content)
    waiting = asyncio.create_task(link.send(notify, timeout_s=30))
    await asyncio.sleep(0.05)
    writer.transport.abort()
    with pytest.raises(Unreachable, match="closed"):
        await asyncio.wait_for(waiting, 2)
    with pytest.raises(Unreachable, match="closed"):
        await link.send(notify, timeout_s=1)


async def test_what_is_under_way_is_answered_before_the_server_stops(slow: Slow) -> None:
    settings = WebSocketSettings(port=0)
    server = WebSocketServer(slow.handle, settings, JsonSettings(), OpenConnections(Tree(IDENTITY)))
    reader, writer = await opened(await server.start())
    writer.write(text({**REQUEST, "rqi": "last"}))
    await asyncio.sleep(0.05)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.05)
    writer.write(text({**REQUEST, "rqi": "late"}))
    await asyncio.sleep(0.05)
    slow.gate.set()
    received = await asyncio.wait_for(reader.read(), 5)
    assert b'"last"' in received
    assert b'"late"' not in received
    assert json.dumps(LARGE).encode() in received
    writer.close()
    await stopping
