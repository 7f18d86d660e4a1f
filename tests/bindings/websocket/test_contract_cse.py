"""A whole CSE over WebSocket in each serialisation; the AE is told over its own connection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.websocket.client import WebSocketTransport
from cse.app import Node
from cse.settings import WebSocketSettings
from tests.bindings.contract_cse import CseContract, Ear, World, settings
from tests.codecs.serialisations import CODECS, REGISTRY


@contextlib.asynccontextmanager
async def worlds(serialisation: str) -> AsyncIterator[World]:
    ear = Ear()
    node = Node(settings(websocket=WebSocketSettings(enabled=True, port=0)), registry=REGISTRY)
    await node.start()
    transport = WebSocketTransport(node.urls[0], subprotocol=f"oneM2M.{serialisation}", codecs=CODECS)
    await transport.listen(ear.hear)
    yield World(node, transport, ear, [], CODECS.by_name[serialisation].media_type)
    await transport.close()
    await node.stop()


class TestWholeWebSocket(CseContract):
    pair = ("ws", "json")

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        async with worlds(self.pair[1]) as world:
            yield world


class TestWholeWebSocketCbor(TestWholeWebSocket):
    pair = ("ws", "cbor")


class TestWholeWebSocketXml(TestWholeWebSocket):
    pair = ("ws", "xml")
