"""The contract of bindings over CoAP: both numberings, messages sent once, CBOR, TCP."""

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
    "TCP": {"scheme": "coap+tcp"},
    "TCP, CBOR": {"scheme": "coap+tcp", "codecs": CODECS},
}


class TestCoap(Contract):
    @pytest.fixture(params=OPTIONS)
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        cse = SmallCse()
        options = dict(OPTIONS[request.param])
        scheme = options.pop("scheme", "coap")
        settings = CoapSettings(port=0, tcp=scheme != "coap", old_options=options.get("old_options", False))
        server = CoapServer(cse.handle, settings, JsonSettings(), attributes={"rn": None}, codecs=CODECS)
        target = "?ct=cbor" if "codecs" in options else ""
        url = (await server.start()).replace("coap", scheme, 1)
        transport = CoapTransport(url + target, **options)
        yield Link(transport, cse)
        await transport.close()
        await server.stop()
