"""What every binding must carry unchanged from a client to a CSE and back. A binding's tests inherit ``Contract``.

The fixture ``link`` gives a transport of the binding whose other end is served by a ``SmallCse``, with time-outs for
what a peer has to do that are shorter than ``LONG_POLL_S``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from cse.client.transport import Transport
from cse.codecs import Raw
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, Conflict
from resources.status import Status
from tests.bindings.small_cse import SmallCse

TIMEOUT_S = 5.0
#: Longer than every time-out of a served ``link``.
LONG_POLL_S = 0.7
RETRIEVE = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
CREATE = replace(RETRIEVE, operation=Operation.CREATE, resource_type=3, content={"m2m:cnt": {"rn": "전력", "mni": 5}})

REQUESTS: dict[str, RequestPrimitive] = {
    "retrieve": RETRIEVE,
    "create": CREATE,
    "update": replace(RETRIEVE, operation=Operation.UPDATE, content={"m2m:cnt": {"lbl": ["a"], "mni": None}}),
    "delete": replace(RETRIEVE, operation=Operation.DELETE),
    "notify": replace(RETRIEVE, operation=Operation.NOTIFY, content={"m2m:sgn": {"sur": "cse/c/s", "vrq": True}}),
    "release 1": replace(RETRIEVE, release_version=None),
    "first registration": replace(CREATE, originator="", resource_type=2, content={"m2m:ae": {"api": "N1"}}),
    "unstructured": replace(RETRIEVE, to="cin00856"),
    "SP-relative": replace(RETRIEVE, to="/other/cse/ae1"),
    "absolute": replace(RETRIEVE, to="//sp.example/other/cse/ae1"),
    "virtual": replace(RETRIEVE, to="cse/ae-1/c.1_x/la"),
    "partial": replace(RETRIEVE, attribute_list=["ri", "lbl"]),
    "times": replace(
        RETRIEVE,
        request_expiration="20301231T235959,5",
        result_expiration="60000",
        operation_execution="20301231T235900",
        originating_timestamp="20260131T120000",
    ),
    "modes": replace(
        RETRIEVE, response_type=2, notification_targets=["http://h:1/p?a=1", "cse/ae"], result_persistence="9"
    ),
    "asynchronous, nobody is told": replace(RETRIEVE, response_type=2, notification_targets=[]),
    "small parameters": replace(
        RETRIEVE, event_category=2, group_request_id="g1", vendor_information="v 1", delivery_aggregation=False
    ),
    "results": replace(RETRIEVE, result_content=4, result_type=2),
    "discovery": replace(
        RETRIEVE,
        filter_criteria=FilterCriteria(
            {
                "lbl": ["room:101", "a+b", "c d", "전력&=#%"],
                "ty": [2, 3],
                "crb": ["20260131T120000"],
                "sza": [10],
                "cty": ["application/json"],
                "atr": [("rn", "a*")],
                "catr": [("rn", "x")],
                "patr": [("rn", "y")],
            },
            usage=1,
            operation=2,
            limit=10,
            level=2,
            offset=1,
            relative_path="la",
        ),
    ),
}

CONTENTS: dict[str, object] = {
    "a resource": {"m2m:cnt": {"rn": "전력", "lbl": [], "x": None, "f": 1.5, "b": True, "o": {"a": [1, {"b": 2}]}}},
    "a list": {"m2m:uril": ["cse/a", "cse/b"]},
    "an address": {"m2m:uri": "cse/a"},
    "numbers": {"m2m:cnt": {"cbs": 2**53 + 1, "n": -1, "e": 1e300}},
    "text": {"m2m:cin": {"con": 'a "quoted"\n\\ {text}\u0000'}},
}

STATUSES = [status for status in Status if status not in {Status.OK, Status.CREATED}]


@dataclass(frozen=True, slots=True)
class Link:
    """A client's way to a served CSE."""

    transport: Transport
    cse: SmallCse


class Contract:
    """The suite; inherit it as ``TestHttp(Contract)``."""

    #: The binding and the serialisation that a class plays; see tests/bindings/pairs.py.
    pair: tuple[str, str]
    #: What is known of where a request comes from; None behind a broker.
    source_addresses: tuple[str | None, ...] = ("127.0.0.1", "::1")

    @pytest.mark.parametrize("name", REQUESTS)
    async def test_request_arrives_unchanged(self, link: Link, name: str) -> None:
        sent = REQUESTS[name]
        await link.transport.send(sent, timeout_s=TIMEOUT_S)
        [arrived] = link.cse.seen
        assert replace(arrived, source_address=None, authenticated=None) == sent

    async def test_source_address_is_known(self, link: Link) -> None:
        await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert link.cse.seen[0].source_address in self.source_addresses

    @pytest.mark.parametrize("name", CONTENTS)
    async def test_content_returns_unchanged(self, link: Link, name: str) -> None:
        content = CONTENTS[name]
        assert isinstance(content, dict)
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content=content)
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert response.content == content
        assert (response.status, response.request_id, response.release_version) == (Status.OK, "r1", "3")

    async def test_large_content_travels_both_ways(self, link: Link) -> None:
        content = {"m2m:cin": {"con": "가 large text " * 8000}}
        link.cse.answers[Operation.CREATE] = ResponsePrimitive(Status.CREATED, content=content)
        response = await link.transport.send(replace(CREATE, resource_type=4, content=content), timeout_s=TIMEOUT_S)
        assert (link.cse.seen[0].content, response.content) == (content, content)

    async def test_encoded_parts_are_embedded(self, link: Link) -> None:
        part = Raw(b'{"rn":"x","con":"1"}')
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cin": part})
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert response.content == {"m2m:cin": {"rn": "x", "con": "1"}}

    @pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.name)
    async def test_every_status_returns(self, link: Link, status: Status) -> None:
        link.cse.answers[Operation.DELETE] = ResponsePrimitive(status, content={"m2m:dbg": "why"})
        response = await link.transport.send(REQUESTS["delete"], timeout_s=TIMEOUT_S)
        assert (response.status, response.content) == (status, {"m2m:dbg": "why"})

    async def test_partial_content_is_marked(self, link: Link) -> None:
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(
            Status.OK, content={"m2m:uril": []}, content_status=1, content_offset=7
        )
        response = await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)
        assert (response.content_status, response.content_offset) == (1, 7)

    async def test_release_1_gets_no_release_back(self, link: Link) -> None:
        response = await link.transport.send(REQUESTS["release 1"], timeout_s=TIMEOUT_S)
        assert response.release_version is None

    @pytest.mark.parametrize("error", [BadRequest("so"), Conflict("so")], ids=["4000", "4105"])
    async def test_errors_carry_their_reason(self, link: Link, error: BadRequest | Conflict) -> None:
        link.cse.answers[Operation.CREATE] = error
        response = await link.transport.send(CREATE, timeout_s=TIMEOUT_S)
        assert (response.status, response.content) == (error.status, {"m2m:dbg": "so"})

    async def test_no_content_stays_no_content(self, link: Link) -> None:
        response = await link.transport.send(REQUESTS["delete"], timeout_s=TIMEOUT_S)
        assert (response.status, response.content) == (Status.DELETED, None)

    async def test_rtp_3_an_acknowledgement_refers_to_the_request(self, link: Link) -> None:
        for status in (Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH, Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH):
            link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(
                status, content={"m2m:uri": "/banyan/cse/req-1"}, created_address="cse/req-1"
            )
            response = await link.transport.send(replace(RETRIEVE, response_type=1), timeout_s=TIMEOUT_S)
            assert (response.status, response.content) == (status, {"m2m:uri": "/banyan/cse/req-1"})

    async def test_pch_2_a_long_poll_outlives_the_time_outs_of_the_binding(self, link: Link) -> None:
        link.cse.pause_s = LONG_POLL_S
        request = replace(RETRIEVE, to="cse/ae/pch/pcu", request_expiration="60000")
        link.cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:rqp": {"op": 5}})
        response = await link.transport.send(request, timeout_s=TIMEOUT_S)
        assert response.content == {"m2m:rqp": {"op": 5}}
        link.cse.pause_s = 0.0
        assert (await link.transport.send(RETRIEVE, timeout_s=TIMEOUT_S)).status == Status.OK

    async def test_many_at_once_get_their_own_answers(self, link: Link) -> None:
        async def ask(number: int) -> str:
            request = replace(RETRIEVE, request_id=f"r{number}")
            return (await link.transport.send(request, timeout_s=TIMEOUT_S)).request_id

        assert await asyncio.gather(*(ask(number) for number in range(50))) == [f"r{number}" for number in range(50)]
