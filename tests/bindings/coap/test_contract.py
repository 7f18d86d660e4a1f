"""The contract of bindings over CoAP on UDP and TCP: each serialisation, both numberings, messages sent once."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bindings.coap.client import CoapTransport
from bindings.coap.server import CoapServer
from cse.settings import CoapSettings, JsonSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_xml import XmlContract
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS

OPTIONS: dict[str, dict[str, Any]] = {
    "new options": {},
    "old options": {"old_options": True},
    "non-confirmable": {"confirmable": False},
}


@contextlib.asynccontextmanager
async def linked(scheme: str, serialisation: str, **options: Any) -> AsyncIterator[Link]:
    cse = SmallCse()
    settings = CoapSettings(port=0, tcp=scheme != "coap", old_options=options.get("old_options", False))
    server = CoapServer(cse.handle, settings, JsonSettings(), attributes={"rn": None}, codecs=CODECS)
    url = (await server.start()).replace("coap", scheme, 1)
    transport = CoapTransport(f"{url}?ct={serialisation}", codecs=CODECS, **options)
    yield Link(transport, cse)
    await transport.close()
    await server.stop()


class TestCoap(Contract):
    pair = ("coap", "json")

    @pytest.fixture(params=OPTIONS)
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked("coap", "json", **OPTIONS[request.param]) as link:
            yield link


class TestCoapCbor(Contract):
    pair = ("coap", "cbor")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("coap", "cbor") as link:
            yield link


class TestCoapXml(XmlContract):
    pair = ("coap", "xml")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("coap", "xml") as link:
            yield link


class TestCoapTcp(Contract):
    pair = ("coap+tcp", "json")

    @pytest.fixture(params=["new options", "old options"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked("coap+tcp", "json", **OPTIONS[request.param]) as link:
            yield link


class TestCoapTcpCbor(Contract):
    pair = ("coap+tcp", "cbor")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("coap+tcp", "cbor") as link:
            yield link


class TestCoapTcpXml(XmlContract):
    pair = ("coap+tcp", "xml")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("coap+tcp", "xml") as link:
            yield link
