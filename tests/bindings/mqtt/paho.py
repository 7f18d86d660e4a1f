"""An AE made of Eclipse Paho's client: an MQTT peer in both versions that is not ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.bindings.mqtt.mosquitto import Mosquitto

_TIMEOUT_S = 10.0


class PahoAe:
    """One connection. ``asked`` has the requests of the CSE that have come, ``answered`` the answers, with topics.

    ``first`` is the level in topics of who has no AE-ID yet. ``wire`` has QoS, retain and dup of each message.
    """

    def __init__(self, broker: Mosquitto, cse_id: str, stem: str, version: str, *, first: bool = False) -> None:
        self.stem = stem
        self.asked: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.answered: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.wire: set[tuple[int, bool, bool]] = set()
        self._broker = broker
        self._cse = cse_id.removeprefix("/")
        self._five = version == "5"
        self._kinds = ("reg_req", "reg_resp") if first else ("req", "resp")
        self._loop = asyncio.get_running_loop()
        self._subscribed = asyncio.Event()
        self._client: Client
        self.tls: ssl.SSLContext | None = None

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[PahoAe]:
        """Be connected and listen; the session stays with the broker afterwards."""
        self._subscribed.clear()
        self._client = self._made()
        more: dict[str, Any] = {}
        if self._five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 600
            more = {"clean_start": False, "properties": properties}
        await asyncio.to_thread(self._client.connect, "127.0.0.1", self._broker.port, 30, **more)
        self._client.loop_start()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._subscribed.wait()
            yield self
        finally:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def publish(self, topic: str, payload: str | bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish anything."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def send(self, op: int, to: str, rqi: str, *, fr: str | None = None, qos: int = 1, **more: Any) -> None:
        """Ask, and wait for nothing."""
        request = {"op": op, "to": to, "fr": self.stem if fr is None else fr, "rqi": rqi, "rvi": "3", **more}
        self.publish(f"/oneM2M/{self._kinds[0]}/{self.stem}/{self._cse}/json", json.dumps(request), qos=qos)

    async def ask(self, op: int, to: str, rqi: str, **more: Any) -> dict[str, Any]:
        """Ask and return the answer."""
        self.send(op, to, rqi, **more)
        async with asyncio.timeout(_TIMEOUT_S):
            topic, answer = await self.answered.get()
        assert (topic, answer["rqi"]) == (f"/oneM2M/{self._kinds[1]}/{self.stem}/{self._cse}/json", rqi)
        return answer

    async def told(self, status: int = 2000, **more: Any) -> dict[str, Any]:
        """The next request of the CSE, which is answered."""
        async with asyncio.timeout(_TIMEOUT_S):
            topic, request = await self.asked.get()
        assert topic == f"/oneM2M/req/{self._cse}/{self.stem}/json"
        answer = {"rsc": status, "rqi": request["rqi"], "rvi": "3", **more}
        self.publish(topic.replace("/req/", "/resp/", 1), json.dumps(answer))
        return request

    def _made(self) -> Client:
        """A client is for one connection: it does not close all that it has when it is connected again."""
        more: dict[str, Any] = {} if self._five else {"clean_session": False}
        client = Client(CallbackAPIVersion.VERSION2, f"A::{self.stem}-{self._cse}",  # sessions stay
                        protocol=MQTTv5 if self._five else MQTTv311, **more)  # fmt: skip
        if self.tls is not None:
            client.tls_set_context(self.tls)
        client.on_connect = self._connected
        client.on_subscribe = self._listens
        client.on_message = self._arrived
        return client

    def _connected(self, client: Client, *_: Any) -> None:
        asked, answered = "req", self._kinds[1]
        client.subscribe([(f"/oneM2M/{asked}/{self._cse}/{self.stem}/#", 2),
                          (f"/oneM2M/{answered}/{self.stem}/{self._cse}/#", 2)])  # fmt: skip

    def _listens(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._subscribed.set)

    def _arrived(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        if not message.topic.endswith("/json"):
            return
        self.wire.add((message.qos, message.retain, message.dup))
        queue = self.asked if message.topic.split("/")[2] == "req" else self.answered
        self._loop.call_soon_threadsafe(queue.put_nowait, (message.topic, json.loads(message.payload)))
