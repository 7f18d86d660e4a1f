"""The contract of bindings over WebSocket, in each serialisation."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bindings.websocket.client import WebSocketTransport
from cse.client.transport import Unreachable
from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from cse.settings import WebSocketSettings
from resources.status import Status
from tests.bindings.contract import CONTENTS, REQUESTS, RETRIEVE, TIMEOUT_S, Contract, Link
from tests.bindings.small_cse import SmallCse
from tests.bindings.websocket.served import served
from tests.codecs.serialisations import CODECS


@contextlib.asynccontextmanager
async def linked(subprotocol: str) -> AsyncIterator[Link]:
    cse = SmallCse()
    settings = WebSocketSettings(port=0, handshake_timeout_s=0.5, write_timeout_s=0.5, ping_s=0.4)
    async with served(cse.handle, settings, codecs=CODECS) as url:
        transport = WebSocketTransport(url, subprotocol=subprotocol, codecs=CODECS)
        yield Link(transport, cse)
        await transport.close()


class TestWebSocket(Contract):
    @pytest.fixture(params=["oneM2M.json", "oneM2M.cbor", "oneM2M.R2.0.json"])
    async def link(self, request: pytest.FixtureRequest) -> AsyncIterator[Link]:
        async with linked(request.param) as link:
            yield link


class TestWebSocketXml(Contract):
    """XML has no list elements with blanks, no control characters, and no empty list apart from nothing."""

    @pytest.fixture
    async def link(self) -> AsyncIterator[Link]:
        async with linked("oneM2M.xml") as link:
            yield link

    @pytest.mark.parametrize("name", [name for name in REQUESTS if name != "discovery"])
    async def test_request_arrives_unchanged(self, link: Link, name: str) -> None:
        await super().test_request_arrives_unchanged(link, name)

    @pytest.mark.parametrize("name", [name for name in CONTENTS if name not in {"a resource", "text"}])
    async def test_content_returns_unchanged(self, link: Link, name: str) -> None:
        await super().test_content_returns_unchanged(link, name)

    async def test_criteria_arrive(self, link: Link) -> None:
        given = REQUESTS["discovery"].filter_criteria
        assert given is not None
        criteria = FilterCriteria({**given.conditions, "lbl": ["room:101", "a+b"]}, usage=1, limit=10)
        await link.transport.send(replace(RETRIEVE, filter_criteria=criteria), timeout_s=TIMEOUT_S)
        assert link.cse.seen[0].filter_criteria == criteria

    async def test_a_request_that_xml_cannot_say_is_not_sent(self, link: Link) -> None:
        with pytest.raises(Unreachable, match="cannot stand in a list"):
            await link.transport.send(REQUESTS["discovery"], timeout_s=TIMEOUT_S)

    async def test_an_answer_that_xml_cannot_say_is_5207(self, link: Link) -> None:
        content = {"m2m:cin": {"con": "a\u0000"}}
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content=content)
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert (response.status, response.request_id) == (Status.NOT_ACCEPTABLE, "r1")
