"""CoAP on either event loop: a service runs on uvloop, the tests on the loop of the standard library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from bindings.coap.client import CoapClient
from bindings.coap.server import CoapServer
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings, JsonSettings
from resources.status import Status
from tests.bindings.coap.plain import PlainPeer, datagram

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
PATH, FR, RQI, RVI = (11, b"cse"), (279, b"Cme"), (283, b"1"), (271, b"3")
GET = datagram(1, [PATH, RVI, FR, RQI])


class Slow:
    """A CSE that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        self.asked.set()
        await self.may_answer.wait()
        return ResponsePrimitive(Status.OK, request.request_id, {"m2m:cb": {"rn": "cse"}})


@LOOPS
def test_a_peer_that_is_gone_does_not_make_the_server_deaf(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def play() -> None:
        slow = Slow()
        server = CoapServer(slow.handle, CoapSettings(enabled=True, port=0), JsonSettings())
        url = await server.start()
        gone = await PlainPeer.to(url)
        gone.send(GET)
        await asyncio.wait_for(slow.asked.wait(), 5)
        gone.close()
        await asyncio.sleep(0)  # closed for the kernel too: the answer comes back as an ICMP error
        slow.may_answer.set()
        for _ in range(3):
            await asyncio.sleep(0.05)
            other = await PlainPeer.to(url)
            assert (await other.ask(GET))[1] == 0x45
            other.close()
        await server.stop()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())


@LOOPS
def test_the_client_learns_that_nobody_is_there_and_goes_on(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def play() -> None:
        slow = Slow()
        slow.may_answer.set()
        server = CoapServer(slow.handle, CoapSettings(enabled=True, port=0, tcp=True), JsonSettings())
        url = await server.start()
        client, request = CoapClient(), RequestPrimitive(Operation.RETRIEVE, "cse", "Cme", "1", "3")
        for _ in range(2):
            with pytest.raises(Unreachable):
                await client.send("coap://127.0.0.1:9", request, timeout_s=5)
            for scheme in ("coap:", "coap+tcp:"):
                answer = await client.send(url.replace("coap:", scheme, 1), request, timeout_s=5)
                assert answer.status is Status.OK
        await client.close()
        await server.stop()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())
