"""The contract of bindings over the broker inside: the binding alone, and a whole CSE with an AE that logs in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bindings.broker import logins
from bindings.broker.logins import OWN
from bindings.mqtt.client import MqttClient, MqttTransport
from bindings.mqtt.server import MqttServer
from cse.app import Node
from cse.primitive import RequestPrimitive, ResponsePrimitive
from cse.settings import BrokerSettings, JsonSettings, MqttSettings
from tests.bindings.broker.wire import OWN_PASSWORD, broker
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_cse import ADMIN, AE, CseContract, Ear, World, settings
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS, REGISTRY


class TestMqttOverTheBrokerInside(Contract):
    """Both sides have the rights of the CSE: the originators of the contract are many."""

    source_addresses = (None,)

    @pytest.fixture(params=["json", "cbor"])
    async def link(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Link]:
        cse, secret = SmallCse(), tmp_path / "secret"
        secret.write_text(OWN_PASSWORD)
        async with broker(tmp_path) as small:
            url = f"mqtt://127.0.0.1:{small.port}"
            client = MqttClient(MqttSettings(url=url, user=OWN), JsonSettings(), "/cse", CODECS, OWN_PASSWORD)
            server = MqttServer(cse.handle, client)
            await server.start()
            transport = MqttTransport(f"{url}?cse=/cse", user=OWN, password_file=str(secret),
                                      serialisation=request.param, codecs=CODECS)  # fmt: skip
            yield Link(transport, cse)
            await transport.close()
            await server.stop()
            await client.close()


class Several:
    """Each originator over a connection with its own login."""

    def __init__(self, by_user: dict[str, MqttTransport]) -> None:
        self.by_user = by_user

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        return await self.by_user[request.originator].send(request, timeout_s=timeout_s)

    async def close(self) -> None:
        for one in self.by_user.values():
            await one.close()


class TestWholeMqttOverTheBrokerInside(CseContract):
    """A CSE that is its own broker; the AE logs in as itself."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        file, secret, ear = tmp_path / "logins", tmp_path / "secret", Ear()
        secret.write_text("hush")
        logins.write(file, {user: logins.hash_of("hush", 10) for user in (AE, ADMIN)})
        inside = BrokerSettings(enabled=True, port=0, logins=str(file))
        node = Node(replace(settings("/cse"), broker=inside), registry=REGISTRY)
        await node.start()
        [url] = [one for one in node.urls if one.startswith("mqtt:")]
        transport = Several({user: MqttTransport(f"{url}?cse=/cse", user=user, password_file=str(secret), codecs=CODECS)
                             for user in (AE, ADMIN)})  # fmt: skip
        await transport.by_user[AE].listen(ear.hear)
        yield World(node, transport, ear, [url], CODECS.by_name["json"].media_type)
        await transport.close()
        await node.stop()
