"""Messages with exact bytes, where the standard fixes them, and names of sub-protocols."""

from __future__ import annotations

import pytest

from bindings.websocket.mapping import Unreadable, chosen, codec_of, message_of, primitive_of, subprotocol_of
from cse.codecs import JSON_ONLY, Codec, Limits
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.codecs.serialisations import CBOR, CODECS, JSON, XML

LIMITS = Limits()
CREATE = RequestPrimitive(Operation.CREATE, "/in-cse/CSEBase", "Cae1", "r1", "3", resource_type=3,
                          content={"m2m:cnt": {"rn": "c1"}}, result_content=1)  # fmt: skip
CREATED = ResponsePrimitive(Status.CREATED, "r1", {"m2m:cnt": {"rn": "c1"}}, "3")

MESSAGES: dict[str, tuple[Codec, RequestPrimitive | ResponsePrimitive, bytes]] = {
    "request": (
        JSON, CREATE,
        b'{"op":1,"to":"/in-cse/CSEBase","fr":"Cae1","rqi":"r1","ty":3,"rcn":1,"rvi":"3","pc":{"m2m:cnt":{"rn":"c1"}}}',
    ),
    "response": (JSON, CREATED, b'{"rsc":2001,"rqi":"r1","rvi":"3","pc":{"m2m:cnt":{"rn":"c1"}}}'),
    "response in CBOR": (CBOR, ResponsePrimitive(Status.OK, "r1"), bytes.fromhex("a2 63727363 1907d0 63727169 627231")),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_have_these_bytes(name: str) -> None:
    codec, primitive, data = MESSAGES[name]
    assert message_of(primitive, codec) == data
    assert primitive_of(data, codec, LIMITS) == primitive


@pytest.mark.parametrize("codec", [JSON, CBOR, XML], ids=lambda codec: codec.name)
def test_both_kinds_are_told_apart(codec: Codec) -> None:
    assert primitive_of(message_of(CREATE, codec), codec, LIMITS) == CREATE
    assert primitive_of(message_of(CREATED, codec), codec, LIMITS) == CREATED


@pytest.mark.parametrize("codec", [JSON, CBOR, XML], ids=lambda codec: codec.name)
def test_a_request_that_tells_of_a_response_is_a_request(codec: Codec) -> None:
    told = RequestPrimitive(Operation.NOTIFY, "Cae1", "/banyan", "n1", "3",
                            content={"m2m:rsp": {"rsc": 2001, "rqi": "r1", "rvi": "3"}})  # fmt: skip
    assert primitive_of(message_of(told, codec), codec, LIMITS) == told


@pytest.mark.parametrize("before", [b"", b'<?xml version="1.0"?>\n<!-- answers -->', b"\xef\xbb\xbf <!-- a > -->\n"])
def test_an_xml_response_may_have_a_prologue(before: bytes) -> None:
    body = message_of(CREATED, XML)
    assert primitive_of(before + body[body.index(b"<m2m:rsp") :], XML, LIMITS) == CREATED


@pytest.mark.parametrize(
    ("data", "rqi", "rvi"),
    [
        (b"{", "", None),
        (b'{"op":1}', "", None),
        (b'{"op":1,"rqi":"r1","rvi":"3"}', "r1", "3"),
        (b'{"op":1,"rqi":["r1"],"rvi":{}}', "", None),
        (b"null", "", None),
    ],
)
def test_a_request_that_cannot_be_read_is_answered_as_far_as_it_can(data: bytes, rqi: str, rvi: str | None) -> None:
    with pytest.raises(Unreadable) as refused:
        primitive_of(data, JSON, LIMITS)
    answer = refused.value.answer
    assert answer is not None
    assert (answer.status, answer.request_id, answer.release_version) == (Status.BAD_REQUEST, rqi, rvi)


@pytest.mark.parametrize("data", [b'{"rsc":"2000"}', b'{"rsc":2000,"pc":1}', b'{"rsc":null,"rqi":"r"}'])
def test_an_answer_that_cannot_be_read_is_not_answered(data: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        primitive_of(data, JSON, LIMITS)
    assert refused.value.answer is None


@pytest.mark.parametrize(
    ("offered", "name"),
    [
        (["oneM2M.json"], "oneM2M.json"),
        (["chat, oneM2M.cbor ,oneM2M.json"], "oneM2M.cbor"),
        (["chat", "oneM2M.xml"], "oneM2M.xml"),
        (["oneM2M.R2.0.json"], "oneM2M.R2.0.json"),
        (["onem2m.r2.0.xml"], "onem2m.r2.0.xml"),
        (["oneM2M.yaml", "oneM2M", "oneM2M.json.x", "", " , "], None),
        ([], None),
    ],
)
def test_the_first_that_is_spoken_is_chosen(offered: list[str], name: str | None) -> None:
    found = chosen(offered, CODECS)
    assert (found and found[0]) == name


def test_a_cse_with_json_alone_speaks_json_alone() -> None:
    assert codec_of("oneM2M.cbor", JSON_ONLY) is None
    assert chosen(["oneM2M.cbor, oneM2M.json"], JSON_ONLY) == ("oneM2M.json", JSON)
    assert subprotocol_of(CBOR) == "oneM2M.cbor"
