"""The contract of bindings over WebSocket, in each serialisation."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.websocket.client import WebSocketTransport
from cse.settings import WebSocketSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_xml import XmlPrimitiveContract
from tests.bindings.small_cse import SmallCse
from tests.bindings.websocket.served import served
from tests.codecs.serialisations import CODECS


@contextlib.asynccontextmanager
async def linked(subprotocol: str) -> AsyncIterator[Link]:
    cse = SmallCse()
    settings = WebSocketSettings(port=0, handshake_timeout_s=0.5, write_timeout_s=0.5, ping_s=0.4)
    async with served(cse.handle, settings, codecs=CODECS) as url:
        transport = WebSocketTransport(url, subprotocol=subprotocol, codecs=CODECS)
        yield Link(transport, cse)
        await transport.close()


class TestWebSocket(Contract):
    pair = ("ws", "json")

    @pytest.fixture(params=["oneM2M.json", "oneM2M.R2.0.json"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked(request.param) as link:
            yield link


class TestWebSocketCbor(Contract):
    pair = ("ws", "cbor")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("oneM2M.cbor") as link:
            yield link


class TestWebSocketXml(XmlPrimitiveContract):
    pair = ("ws", "xml")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("oneM2M.xml") as link:
            yield link
