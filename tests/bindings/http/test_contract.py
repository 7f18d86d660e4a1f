"""The contract of bindings over HTTP in each serialisation, with and without a root path."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from bindings.http.client import HttpTransport
from bindings.http.server import HttpServer
from cse.primitive import Operation, ResponsePrimitive
from cse.settings import HttpSettings, JsonSettings
from resources.status import Status
from tests.bindings.contract import CONTENTS, RETRIEVE, TIMEOUT_S, Contract, Link
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
    @pytest.fixture(params=["", "/one/m2m"], ids=["root", "below a root path"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked("json", request.param) as link:
            yield link


class TestHttpCbor(Contract):
    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("cbor") as link:
            yield link


class TestHttpXml(Contract):
    """XML has no control characters and no empty list apart from nothing."""

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("xml") as link:
            yield link

    @pytest.mark.parametrize("name", [name for name in CONTENTS if name not in {"a resource", "text"}])
    async def test_content_returns_unchanged(self, link: Link, name: str) -> None:
        await super().test_content_returns_unchanged(link, name)

    async def test_a_resource_returns_but_for_its_empty_list(self, link: Link) -> None:
        content = {"m2m:cnt": {"rn": "전력", "x": None, "f": 1.5, "b": True, "o": {"a": [1, {"b": 2}]}}}
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content=content)
        assert (await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)).content == content

    async def test_a_control_character_is_not_acceptable(self, link: Link) -> None:
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cin": {"con": "\0"}})
        assert (await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)).status is Status.NOT_ACCEPTABLE
