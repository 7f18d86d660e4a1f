"""The contract of bindings in XML: the one place that says what XML cannot.

No control characters, no empty list apart from nothing, and in a list no text with a blank in it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cse.client.transport import Unreachable
from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from resources.status import Status
from tests.bindings.contract import CONTENTS, REQUESTS, RETRIEVE, TIMEOUT_S, Contract, Link

#: Contents of the contract that XML cannot say as they are.
BEYOND = frozenset({"a resource", "text"})
#: Requests of the contract that XML cannot say as they are, where all of a request is in the payload.
BEYOND_WHOLE = frozenset({"discovery"})


class XmlContract(Contract):
    """For bindings with the content of a primitive in the payload: HTTP and CoAP."""

    @pytest.mark.parametrize("name", [name for name in CONTENTS if name not in BEYOND])
    async def test_content_returns_unchanged(self, link: Link, name: str) -> None:
        await super().test_content_returns_unchanged(link, name)

    async def test_a_resource_returns_but_for_its_empty_list(self, link: Link) -> None:
        content = {"m2m:cnt": {"rn": "전력", "x": None, "f": 1.5, "b": True, "o": {"a": [1, {"b": 2}]}}}
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content=content)
        assert (await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)).content == content

    async def test_an_answer_that_xml_cannot_say_is_5207(self, link: Link) -> None:
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cin": {"con": "a\u0000"}})
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert (response.status, response.request_id) == (Status.NOT_ACCEPTABLE, "r1")


class XmlPrimitiveContract(XmlContract):
    """For bindings with the whole primitive in the payload: MQTT and WebSocket."""

    @pytest.mark.parametrize("name", [name for name in REQUESTS if name not in BEYOND_WHOLE])
    async def test_request_arrives_unchanged(self, link: Link, name: str) -> None:
        await super().test_request_arrives_unchanged(link, name)

    async def test_criteria_arrive_without_blanks(self, link: Link) -> None:
        given = REQUESTS["discovery"].filter_criteria
        assert given is not None
        criteria = FilterCriteria({**given.conditions, "lbl": ["room:101", "a+b"]}, usage=1, limit=10)
        await link.transport.send(replace(RETRIEVE, filter_criteria=criteria), timeout_s=TIMEOUT_S)
        assert link.cse.seen[0].filter_criteria == criteria

    async def test_a_request_that_xml_cannot_say_is_not_sent(self, link: Link) -> None:
        with pytest.raises(Unreachable, match="cannot stand in a list"):
            await link.transport.send(REQUESTS["discovery"], timeout_s=TIMEOUT_S)
        assert link.cse.seen == []
