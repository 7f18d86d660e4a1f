"""The contract of bindings over CoAP: both numberings, messages that are sent once, CBOR."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bindings.coap.client import CoapTransport
from bindings.coap.server import CoapServer
from cse.settings import CoapSettings, JsonSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS

OPTIONS: dict[str, dict[str, Any]] = {
    "new options": {},
    "old options": {"old_options": True},
    "non-confirmable": {"confirmable": False},
    "CBOR": {"codecs": CODECS},
}


class TestCoap(Contract):
    @pytest.fixture(params=OPTIONS)
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        cse = SmallCse()
        options = OPTIONS[request.param]
        settings = CoapSettings(port=0, old_options=options.get("old_options", False))
        server = CoapServer(cse.handle, settings, JsonSettings(), attributes={"rn": None}, codecs=CODECS)
        target = "?ct=cbor" if "codecs" in options else ""
        transport = CoapTransport(await server.start() + target, **options)
        yield Link(transport, cse)
        await transport.close()
        await server.stop()
