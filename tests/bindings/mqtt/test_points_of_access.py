"""An AE that can be reached in several ways is told over the first that answers, over real sockets (AE-7, AE-8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bindings.coap.server import CoapServer
from bindings.http.server import HttpServer
from bindings.websocket.client import WebSocketTransport
from cse.app import Node
from cse.client.transport import ANSWER_LIMITS, Handler
from cse.clock import SystemClock
from cse.codecs import decode, encode
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import (
    CoapSettings,
    CseSettings,
    HttpSettings,
    JsonSettings,
    MqttSettings,
    Settings,
    StoreSettings,
    WebSocketSettings,
)
from resources.status import Status
from tests.bindings.mqtt import served as over_mqtt
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.websocket import served as over_websocket

AE = "Cmeter"


class LaterClock(SystemClock):
    """The clock of the machine, and so many seconds more."""

    later_s = 0.0

    def time(self) -> float:
        return super().time() + self.later_s


class Meter:
    """The AE: which notification came in which way."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def over(self, way: str) -> Handler:
        async def handle(request: RequestPrimitive) -> ResponsePrimitive:
            notification = (request.content or {})["m2m:sgn"]
            if "vrq" not in notification:
                self.told.append((way, notification["nev"]["rep"]["m2m:cin"]["con"]))
            return ResponsePrimitive(Status.OK, request.request_id, release_version="3")

        return handle

    async def heard(self, count: int) -> list[tuple[str, int]]:
        async with asyncio.timeout(15):
            while len(self.told) < count:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.01)
        return self.told


class Cse:
    """A CSE with all bindings, and an AE whose instances it is told of."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.numbers = 0

    async def ask(self, operation: Operation, to: str, **parameters: Any) -> ResponsePrimitive:
        self.numbers += 1
        request = RequestPrimitive(operation, to, AE, f"r{self.numbers}", "3", **parameters)
        response = await self.node.cse.handle(request)
        assert response.status.succeeded, response
        return response

    async def create(self, to: str, ty: int, content: dict[str, Any]) -> None:
        await self.ask(Operation.CREATE, to, resource_type=ty, content=content)

    async def put(self, *values: int) -> None:
        for value in values:
            await self.create("cse/meter/box", 4, {"m2m:cin": {"con": value}})


@pytest.fixture
async def clock() -> LaterClock:
    return LaterClock()


@pytest.fixture
async def cse(broker: Mosquitto, clock: LaterClock) -> AsyncIterator[Cse]:
    settings = Settings(
        cse=CseSettings(cse_id=over_mqtt.cse_id(), administrators=["CAdmin"], notification_timeout_s=1.0),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(port=0),
        coap=CoapSettings(enabled=True, port=0),
        mqtt=MqttSettings(enabled=True, url=broker.url),
        websocket=WebSocketSettings(enabled=True, port=0),
    )
    node = Node(settings, clock=clock)
    await node.start()
    yield Cse(node)
    await node.stop()


async def http(meter: Meter, port: int = 0) -> tuple[HttpServer, str]:
    server = HttpServer(meter.over("http"), HttpSettings(port=port), JsonSettings())
    return server, await server.start()


async def coap(meter: Meter, port: int = 0) -> tuple[CoapServer, str]:
    server = CoapServer(meter.over("coap"), CoapSettings(port=port), JsonSettings())
    return server, await server.start()


async def prepare(cse: Cse, *points_of_access: str) -> None:
    given = {"api": "N1", "rr": True, "srv": ["3"], "rn": "meter", "poa": [*points_of_access]}
    await cse.create("cse", 2, {"m2m:ae": given})
    await cse.create("cse/meter", 3, {"m2m:cnt": {"rn": "box"}})
    await cse.create("cse/meter/box", 23, {"m2m:sub": {"rn": "s", "nu": [AE], "enc": {"net": [3]}}})


async def test_ae_7_points_of_access_in_four_bindings(cse: Cse, clock: LaterClock, broker: Mosquitto) -> None:
    meter = Meter()
    first, http_url = await http(meter)
    second, coap_url = await coap(meter)
    async with over_websocket.served(meter.over("ws")) as websocket_url:
        async with over_mqtt.served(meter.over("mqtt"), broker, f"/{AE}"):
            await prepare(cse, http_url, coap_url, broker.url, websocket_url)
            await cse.put(1, 2)
            await meter.heard(2)
            await first.stop()
            await cse.put(3, 4)
            await meter.heard(4)
            await second.stop()
            await cse.put(5, 6)
            await meter.heard(6)
        await cse.put(7, 8)
        await meter.heard(8)
        first, _ = await http(meter, int(http_url.rpartition(":")[2]))
        await cse.put(9)
        await meter.heard(9)
        clock.later_s = 120.0
        await cse.put(10)
        assert await meter.heard(10) == [("http", 1), ("http", 2), ("coap", 3), ("coap", 4), ("mqtt", 5), ("mqtt", 6),
                                         ("ws", 7), ("ws", 8), ("ws", 9), ("http", 10)]  # fmt: skip
    await first.stop()


async def test_ae_8_polling_channel_then_connection_then_points_of_access(cse: Cse) -> None:
    meter = Meter()
    server, url = await http(meter)
    await prepare(cse, url)
    await cse.put(1)
    await meter.heard(1)
    transport = WebSocketTransport(next(one for one in cse.node.urls if one.startswith("ws")))
    await transport.listen(meter.over("connection"))
    hello = RequestPrimitive(Operation.RETRIEVE, "cse/meter", AE, "hello", "3")
    assert (await transport.send(hello, timeout_s=5)).status is Status.OK
    await cse.put(2)
    await meter.heard(2)
    await cse.create("cse/meter", 15, {"m2m:pch": {"rn": "pch"}})
    await cse.put(3)
    polled = decode(encode((await cse.ask(Operation.RETRIEVE, "cse/meter/pch/pcu")).content), ANSWER_LIMITS)
    notification = polled["m2m:rqp"]
    assert notification["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] == 3
    answer = {"m2m:rsp": {"rsc": 2000, "rqi": notification["rqi"]}}
    await cse.ask(Operation.NOTIFY, "cse/meter/pch/pcu", content=answer)
    await cse.ask(Operation.DELETE, "cse/meter/pch")
    await cse.put(4)
    await meter.heard(3)
    await transport.close()
    await cse.put(5)
    assert await meter.heard(4) == [("http", 1), ("connection", 2), ("connection", 4), ("http", 5)]
    await server.stop()
