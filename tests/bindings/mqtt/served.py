"""CSEs at a broker for tests: the binding alone and a whole CSE."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator

from bindings.mqtt.client import MqttClient
from bindings.mqtt.server import MqttServer
from cse.app import Node, running
from cse.client.transport import Handler
from cse.codecs import JSON_ONLY, Codecs
from cse.settings import CseSettings, HttpSettings, JsonSettings, MqttSettings, Settings, StoreSettings
from tests.bindings.mqtt.mosquitto import Mosquitto

ADMIN = "CAdmin"
_NUMBERS = itertools.count(1)


def cse_id() -> str:
    """A CSE-ID that no other test of this session has at the broker."""
    return f"/cse-{next(_NUMBERS)}"


@contextlib.asynccontextmanager
async def served(
    handler: Handler, broker: Mosquitto, name: str, codecs: Codecs = JSON_ONLY, prefix: str = "", **mqtt: object
) -> AsyncIterator[MqttServer]:
    """Serve a handler as the CSE ``name``."""
    given: dict[str, object] = {"url": f"{broker.url}/{prefix}", **mqtt}
    settings = MqttSettings(**given)  # type: ignore[arg-type]
    client = MqttClient(settings, JsonSettings(), name, codecs)
    server = MqttServer(handler, client, check_originator=settings.check_originator)
    await server.start()
    yield server
    await server.stop()
    await client.close()


def whole(broker: Mosquitto, name: str, store: StoreSettings | None = None, **mqtt: object) -> Settings:
    """Settings of a whole CSE at a broker."""
    given: dict[str, object] = {"enabled": True, "url": broker.url, **mqtt}
    return Settings(
        cse=CseSettings(cse_id=name, administrators=[ADMIN], notification_timeout_s=2.0),
        store=store or StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        mqtt=MqttSettings(**given),  # type: ignore[arg-type]
    )


@contextlib.asynccontextmanager
async def whole_cse(broker: Mosquitto, name: str, **mqtt: object) -> AsyncIterator[Node]:
    """Serve a whole CSE that keeps its tree in memory."""
    async with running(whole(broker, name, **mqtt)) as [node]:  # type: ignore[arg-type]
        yield node
