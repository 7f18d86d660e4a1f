"""Topics, identifiers and payloads as TS-0010 writes them, to the byte."""

from __future__ import annotations

import pytest

from bindings.mqtt.mapping import (
    Address,
    Refused,
    Topic,
    address_of,
    lead_of,
    level_of,
    request_filters,
    request_of,
    request_payload,
    response_filter,
    response_of,
    response_payload,
    topic_of,
)
from cse.codecs import JSON, Limits
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest
from resources.status import Status

LIMITS = Limits(max_depth=8, max_members=100)


@pytest.mark.parametrize(
    ("identifier", "level"),
    [
        ("/in-cse", "in-cse"),
        ("Cae1", "Cae1"),
        ("/in-cse/Cae1", "in-cse:Cae1"),
        ("/Sae1", "Sae1"),
        ("//sp.example/in-cse", ":sp.example:in-cse"),
        ("//sp.example/in-cse/Cae1", ":sp.example:in-cse:Cae1"),
        ("NAME/of/credential", "NAME:of:credential"),
    ],
)
def test_identifiers_in_levels(identifier: str, level: str) -> None:
    assert level_of(identifier) == level


@pytest.mark.parametrize("identifier", ["", "/", "//", "C+", "C#", "#", "+", "C\u0000", "C\n"])
def test_what_cannot_be_a_level(identifier: str) -> None:
    with pytest.raises(BadRequest, match="cannot be a level"):
        level_of(identifier)


@pytest.mark.parametrize(
    ("text", "topic", "answer"),
    [
        (
            "/oneM2M/req/Cae1/in-cse/json",
            Topic("req", "Cae1", "in-cse", "json"),
            "/oneM2M/resp/Cae1/in-cse/json",
        ),
        (
            "/oneM2M/reg_req/2001:db8/in-cse/cbor",
            Topic("reg_req", "2001:db8", "in-cse", "cbor"),
            "/oneM2M/reg_resp/2001:db8/in-cse/cbor",
        ),
        (
            "abc/def/oneM2M/req/:sp:mn/in-cse/xml",
            Topic("req", ":sp:mn", "in-cse", "xml", "abc/def/"),
            "abc/def/oneM2M/resp/:sp:mn/in-cse/xml",
        ),
        ("oneM2M/req/a/b/json", Topic("req", "a", "b", "json", ""), "oneM2M/resp/a/b/json"),
    ],
)
def test_a_request_and_where_it_is_answered(text: str, topic: Topic, answer: str) -> None:
    assert topic_of(text) == topic
    assert str(topic) == text
    assert str(topic.answer()) == answer


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "/oneM2M", "/oneM2M/req", "/oneM2M/req/a/b", "/oneM2M/req/a/b/json/more", "/oneM2M/req//b/json"),
        *("/oneM2M/ask/a/b/json", "/onem2m/req/a/b/json", "site/power", "xoneM2M/req/a/b/json"),
        "/oneM2M/req/" + "a" * 1024 + "/b/json",
    ],
)
def test_topics_that_are_not_of_the_profile(text: str) -> None:
    assert topic_of(text) is None


def test_what_is_listened_to() -> None:
    assert request_filters("/", "in-cse") == ("/oneM2M/req/+/in-cse/#", "/oneM2M/reg_req/+/in-cse/#")
    assert request_filters("a/b/", "in-cse")[0] == "a/b/oneM2M/req/+/in-cse/#"
    assert response_filter("/", "Cae1") == "/oneM2M/resp/Cae1/#"
    assert response_filter("a/", "cred", "reg_resp") == "a/oneM2M/reg_resp/cred/#"


@pytest.mark.parametrize(
    ("prefix", "lead"), [("", "/"), ("/", "/"), ("abc", "abc/"), ("abc/def", "abc/def/"), ("a/", "a/")]
)
def test_the_prefix_of_a_point_of_access(prefix: str, lead: str) -> None:
    assert lead_of(prefix) == lead


@pytest.mark.parametrize(
    ("url", "address", "path", "query"),
    [
        ("mqtt://h", Address("h", 1883, tls=False), "", {}),
        ("mqtts://h", Address("h", 8883, tls=True), "", {}),
        ("mqtt://h:1/abc/def", Address("h", 1, tls=False), "abc/def", {}),
        ("mqtt://h//oneM2M/req/a/b/json", Address("h", 1883, tls=False), "/oneM2M/req/a/b/json", {}),
        ("mqtt://[::1]:1883/a%20b?cse=/c", Address("::1", 1883, tls=False), "a b", {"cse": "/c"}),
    ],
)
def test_points_of_access(url: str, address: Address, path: str, query: dict[str, str]) -> None:
    assert address_of(url) == (address, path, query)


def test_an_address_is_written_as_it_is_read() -> None:
    for url in ("mqtt://h:1", "mqtts://[::1]:8883"):
        assert str(address_of(url)[0]) == url


@pytest.mark.parametrize(
    "url",
    ["http://h", "mqtt://", "mqtt:/h", "mqtt://u:p@h", "mqtt://h:99999", "mqtt://h/a/+/b", "mqtt://h/%23", "mqtt://h/%00"],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        address_of(url)
    assert "u:p" not in str(error.value)


REQUESTS = [
    (
        RequestPrimitive(Operation.CREATE, "/in-cse/CSEBase", "Cae1", "r1", "3", resource_type=3, result_content=1,
                         content={"m2m:cnt": {"rn": "c1"}}),
        b'{"op":1,"to":"/in-cse/CSEBase","fr":"Cae1","rqi":"r1","ty":3,"rcn":1,"rvi":"3","pc":{"m2m:cnt":{"rn":"c1"}}}',
    ),
    (
        RequestPrimitive(Operation.RETRIEVE, "cse", "Cae1", "r2", "3", response_type=2,
                         notification_targets=["mqtt://h/t"], filter_criteria=FilterCriteria({"ty": [2]}, usage=1)),
        (b'{"op":2,"to":"cse","fr":"Cae1","rqi":"r2","rvi":"3","rt":{"rtv":2,"nu":["mqtt://h/t"]},'
         b'"fc":{"ty":[2],"fu":1}}'),
    ),
    (RequestPrimitive(Operation.DELETE, "cse/ae1", "Cae1", "r3", None),
     b'{"op":4,"to":"cse/ae1","fr":"Cae1","rqi":"r3"}'),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "payload"), REQUESTS)
def test_requests_are_whole_primitives(request_: RequestPrimitive, payload: bytes) -> None:
    assert request_payload(request_, JSON) == payload
    assert request_of(payload, JSON, LIMITS) == request_


def test_responses_are_whole_primitives() -> None:
    response = ResponsePrimitive(Status.CREATED, "r1", {"m2m:cnt": {"rn": "c1"}}, "3", "Cae1", "/in-cse")
    payload = b'{"rsc":2001,"rqi":"r1","rvi":"3","to":"Cae1","fr":"/in-cse","pc":{"m2m:cnt":{"rn":"c1"}}}'
    assert response_payload(response, JSON) == payload
    assert response_of(payload, JSON, LIMITS) == response


@pytest.mark.parametrize(
    ("payload", "request_id"),
    [
        (b"", ""),
        (b"\xff", ""),
        (b"[]", ""),
        (b'{"rqi":"r1"}', "r1"),
        (b'{"m2m:rqp":{"op":2,"to":"cse","rqi":"r1"}}', ""),
        (b'{"op":2,"to":"cse","rqi":"r1","rqi":"r1"}', ""),
        (b'{"op":9,"to":"cse","rqi":"r1"}', "r1"),
        (b'{"op":2,"to":"cse","rqi":"r1","what":1}', "r1"),
        (b'{"op":2,"to":"cse","rqi":1}', ""),
        (b"[" * 1000, ""),
    ],
)
def test_a_payload_that_is_no_request_is_answered(payload: bytes, request_id: str) -> None:
    with pytest.raises(Refused) as refused:
        request_of(payload, JSON, LIMITS)
    answer = refused.value.answer
    assert (answer.status, answer.request_id) == (Status.BAD_REQUEST, request_id)
