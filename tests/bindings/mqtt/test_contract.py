"""The contract of bindings over MQTT, in each version and serialisation, through a real broker."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.mqtt.client import MqttTransport
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_xml import XmlPrimitiveContract
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.served import cse_id, served
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS


@contextlib.asynccontextmanager
async def linked(broker: Mosquitto, version: str, serialisation: str, prefix: str = "") -> AsyncIterator[Link]:
    cse, name = SmallCse(), cse_id()
    async with served(cse.handle, broker, name, CODECS, prefix, version=version):
        transport = MqttTransport(f"{broker.url}/{prefix}?cse={name}", version=version, serialisation=serialisation,
                                  codecs=CODECS)  # fmt: skip
        yield Link(transport, cse)
        await transport.close()


VERSIONS = ("3.1.1", "5")


class TestMqtt(Contract):
    pair = ("mqtt", "json")
    source_addresses = (None,)

    @pytest.fixture(params=VERSIONS)
    async def link(self, request: pytest.FixtureRequest, broker: Mosquitto) -> AsyncIterator[Link]:
        async with linked(broker, request.param, "json", prefix="site/1") as link:
            yield link


class TestMqttCbor(Contract):
    pair = ("mqtt", "cbor")
    source_addresses = (None,)

    @pytest.fixture(params=VERSIONS)
    async def link(self, request: pytest.FixtureRequest, broker: Mosquitto) -> AsyncIterator[Link]:
        async with linked(broker, request.param, "cbor") as link:
            yield link


class TestMqttXml(XmlPrimitiveContract):
    pair = ("mqtt", "xml")
    source_addresses = (None,)

    @pytest.fixture(params=VERSIONS)
    async def link(self, request: pytest.FixtureRequest, broker: Mosquitto) -> AsyncIterator[Link]:
        async with linked(broker, request.param, "xml", prefix="site") as link:
            yield link
