"""The contract of bindings over MQTT, in each version and serialisation, through a real broker."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bindings.mqtt.client import MqttTransport
from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from resources.status import Status
from tests.bindings.contract import CONTENTS, REQUESTS, RETRIEVE, TIMEOUT_S, Contract, Link
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


class TestMqtt(Contract):
    source_addresses = (None,)

    @pytest.fixture(params=[("3.1.1", "json", ""), ("5", "json", "site/1"), ("3.1.1", "cbor", "site")], ids=str)
    async def link(self, request: pytest.FixtureRequest, broker: Mosquitto) -> AsyncIterator[Link]:
        async with linked(broker, *request.param) as link:
            yield link


class TestMqttXml(Contract):
    """XML has no list elements with blanks, no control characters, and no empty list apart from nothing."""

    source_addresses = (None,)

    @pytest.fixture
    async def link(self, broker: Mosquitto) -> AsyncIterator[Link]:
        async with linked(broker, "5", "xml") as link:
            yield link

    @pytest.mark.parametrize("name", [name for name in REQUESTS if name != "discovery"])
    async def test_request_arrives_unchanged(self, link: Link, name: str) -> None:
        await super().test_request_arrives_unchanged(link, name)

    @pytest.mark.parametrize("name", [name for name in CONTENTS if name not in {"a resource", "text"}])
    async def test_content_returns_unchanged(self, link: Link, name: str) -> None:
        await super().test_content_returns_unchanged(link, name)

    async def test_criteria_arrive(self, link: Link) -> None:
        given = REQUESTS["discovery"].filter_criteria
        assert given is not None
        criteria = FilterCriteria({**given.conditions, "lbl": ["room:101", "a+b"]}, usage=1, limit=10)
        await link.transport.send(replace(RETRIEVE, filter_criteria=criteria), timeout_s=TIMEOUT_S)
        assert link.cse.seen[0].filter_criteria == criteria

    async def test_an_answer_that_xml_cannot_say_is_5207(self, link: Link) -> None:
        content = {"m2m:cin": {"con": "a\u0000"}}
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content=content)
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert (response.status, response.request_id) == (Status.NOT_ACCEPTABLE, "r1")
