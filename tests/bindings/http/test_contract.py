"""The contract of bindings over HTTP in each serialisation, with and without a root path."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.http.client import HttpTransport
from bindings.http.server import HttpServer
from cse.settings import HttpSettings, JsonSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_xml import XmlContract
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS


@contextlib.asynccontextmanager
async def linked(serialisation: str, root_path: str = "") -> AsyncIterator[Link]:
    cse = SmallCse()
    settings = HttpSettings(port=0, root_path=root_path, header_timeout_s=0.5, body_timeout_s=0.5, idle_timeout_s=0.5)
    server = HttpServer(cse.handle, settings, JsonSettings(), attributes={"rn": None}, codecs=CODECS)
    transport = HttpTransport(f"{await server.start()}?ct={serialisation}", codecs=CODECS)
    yield Link(transport, cse)
    await transport.close()
    await server.stop()


class TestHttp(Contract):
    pair = ("http", "json")

    @pytest.fixture(params=["", "/one/m2m"], ids=["root", "below a root path"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked("json", request.param) as link:
            yield link


class TestHttpCbor(Contract):
    pair = ("http", "cbor")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("cbor") as link:
            yield link


class TestHttpXml(XmlContract):
    pair = ("http", "xml")

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("xml") as link:
            yield link
