"""A whole CSE over HTTP in each serialisation; the AE is told over the same."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.http.client import HttpTransport
from bindings.http.receiver import NotificationServer
from cse.app import Node
from cse.codecs import Codecs
from cse.settings import HttpSettings
from tests.bindings.contract_cse import CseContract, Ear, World, settings
from tests.codecs.serialisations import CODECS, REGISTRY


@contextlib.asynccontextmanager
async def worlds(serialisation: str) -> AsyncIterator[World]:
    codec, ear = CODECS.by_name[serialisation], Ear()
    node = Node(settings(http=HttpSettings(port=0)), registry=REGISTRY)
    await node.start()
    server = NotificationServer("127.0.0.1", 0, ear.hear, codecs=Codecs(codec))
    poa = await server.start()
    transport = HttpTransport(f"{node.url}?ct={serialisation}", codecs=CODECS)
    yield World(node, transport, ear, [poa], codec.media_type)
    await transport.close()
    await node.stop()
    await server.stop()


class TestWholeHttp(CseContract):
    pair = ("http", "json")

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        async with worlds(self.pair[1]) as world:
            yield world


class TestWholeHttpCbor(TestWholeHttp):
    pair = ("http", "cbor")


class TestWholeHttpXml(TestWholeHttp):
    pair = ("http", "xml")
