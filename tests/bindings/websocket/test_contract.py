"""The contract of bindings over WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bindings.websocket.client import WebSocketTransport
from cse.settings import WebSocketSettings
from tests.bindings.contract import Contract, Link
from tests.bindings.small_cse import SmallCse
from tests.bindings.websocket.served import served


class TestWebSocket(Contract):
    @pytest.fixture(params=["oneM2M.json", "oneM2M.R2.0.json"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        cse = SmallCse()
        settings = WebSocketSettings(port=0, handshake_timeout_s=0.5, write_timeout_s=0.5, ping_s=0.4)
        async with served(cse.handle, settings) as url:
            transport = WebSocketTransport(url, subprotocol=request.param)
            yield Link(transport, cse)
            await transport.close()
