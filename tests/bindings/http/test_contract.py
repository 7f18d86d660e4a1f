"""The contract of bindings over HTTP, with and without a root path."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bindings.http.client import HttpTransport
from bindings.http.server import HttpServer
from cse.settings import HttpSettings, JsonSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.small_cse import SmallCse


class TestHttp(Contract):
    @pytest.fixture(params=["", "/one/m2m"], ids=["root", "below a root path"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        cse = SmallCse()
        settings = HttpSettings(port=0, root_path=request.param, header_timeout_s=0.5, body_timeout_s=0.5,
                                idle_timeout_s=0.5)
        server = HttpServer(cse.handle, settings, JsonSettings(), attributes={"rn": None})
        transport = HttpTransport(await server.start())
        yield Link(transport, cse)
        await transport.close()
        await server.stop()
