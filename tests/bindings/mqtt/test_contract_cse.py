"""A whole CSE over MQTT in each serialisation, through a real broker; the AE is told over the same."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.mqtt.client import MqttTransport
from cse.app import Node
from cse.settings import MqttSettings
from tests.bindings.contract_cse import CseContract, Ear, World, settings
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.served import cse_id
from tests.codecs.serialisations import CODECS, REGISTRY


@contextlib.asynccontextmanager
async def worlds(broker: Mosquitto, serialisation: str) -> AsyncIterator[World]:
    ear, name = Ear(), cse_id()
    node = Node(settings(name, mqtt=MqttSettings(enabled=True, url=f"{broker.url}{name}")), registry=REGISTRY)
    await node.start()
    transport = MqttTransport(f"{broker.url}{name}?cse={name}", serialisation=serialisation, codecs=CODECS)
    await transport.listen(ear.hear)
    yield World(node, transport, ear, [f"{broker.url}{name}"], CODECS.by_name[serialisation].media_type)
    await transport.close()
    await node.stop()


class TestWholeMqtt(CseContract):
    pair = ("mqtt", "json")

    @pytest.fixture
    async def world(self, broker: Mosquitto) -> AsyncIterator[World]:
        async with worlds(broker, self.pair[1]) as world:
            yield world


class TestWholeMqttCbor(TestWholeMqtt):
    pair = ("mqtt", "cbor")


class TestWholeMqttXml(TestWholeMqtt):
    pair = ("mqtt", "xml")
