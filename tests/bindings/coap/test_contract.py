"""The contract of bindings over CoAP, with both numberings of options and with messages that are sent once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bindings.coap.client import CoapTransport
from bindings.coap.server import CoapServer
from cse.settings import CoapSettings, JsonSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.small_cse import SmallCse

OPTIONS = {"new options": {}, "old options": {"old_options": True}, "non-confirmable": {"confirmable": False}}


class TestCoap(Contract):
    @pytest.fixture(params=OPTIONS)
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        cse = SmallCse()
        options = OPTIONS[request.param]
        settings = CoapSettings(port=0, old_options=options.get("old_options", False))
        server = CoapServer(cse.handle, settings, JsonSettings(), attributes={"rn": None})
        transport = CoapTransport(await server.start(), **options)
        yield Link(transport, cse)
        await transport.close()
        await server.stop()
