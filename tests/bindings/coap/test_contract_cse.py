"""A whole CSE over CoAP on UDP and TCP, in each serialisation; the AE is told over the same."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.coap.client import CoapTransport
from bindings.coap.receiver import NotificationServer
from cse.app import Node
from cse.codecs import Codecs
from cse.settings import CoapSettings
from tests.bindings.contract_cse import CseContract, Ear, World, settings
from tests.codecs.serialisations import CODECS, REGISTRY


@contextlib.asynccontextmanager
async def worlds(scheme: str, serialisation: str) -> AsyncIterator[World]:
    codec, ear = CODECS.by_name[serialisation], Ear()
    tcp = scheme == "coap+tcp"
    node = Node(settings(coap=CoapSettings(enabled=True, port=0, tcp=tcp)), registry=REGISTRY)
    await node.start()
    server = NotificationServer("127.0.0.1", 0, ear.hear, CoapSettings(tcp=tcp), Codecs(codec))
    poa = await server.start()
    transport = CoapTransport(f"{node.urls[-1]}?ct={serialisation}", codecs=CODECS)
    yield World(node, transport, ear, [poa], codec.media_type)
    await transport.close()
    await node.stop()
    await server.stop()


class TestWholeCoap(CseContract):
    pair = ("coap", "json")

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        async with worlds(*self.pair) as world:
            yield world


class TestWholeCoapCbor(TestWholeCoap):
    pair = ("coap", "cbor")


class TestWholeCoapXml(TestWholeCoap):
    pair = ("coap", "xml")


class TestWholeCoapTcp(TestWholeCoap):
    pair = ("coap+tcp", "json")


class TestWholeCoapTcpCbor(TestWholeCoap):
    pair = ("coap+tcp", "cbor")


class TestWholeCoapTcpXml(TestWholeCoap):
    pair = ("coap+tcp", "xml")
