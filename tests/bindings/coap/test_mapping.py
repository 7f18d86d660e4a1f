"""Messages and primitives, byte by byte, in both directions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bindings.coap.content import MEDIA_TYPES, number_of
from bindings.coap.datagram import read, write_options
from bindings.coap.mapping import (
    Answering,
    Context,
    Message,
    answering_of,
    refusal,
    request_from,
    request_to,
    response_from,
    response_to,
)
from bindings.coap.options import NEW, OLD, ONEM2M, Numbering, known_options
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import CseError
from resources.status import Status
from tests.codecs.serialisations import CODECS

CONTEXT = Context(CODECS, attributes={"rn": None})
RETRIEVE = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
#: oneM2M-RVI, oneM2M-FR, oneM2M-RQI; before them one byte of Accept: JSON.
ENDING = "61 32 d1 f1 33 86 43 41 64 6d 69 6e 42 72 31"


@dataclass(frozen=True)
class Case:
    """``wire`` is options and payload as they are behind the token."""

    request: RequestPrimitive
    code: int
    wire: str
    numbering: Numbering = NEW


REQUESTS = {
    "RETRIEVE": Case(RETRIEVE, 1, "b3 63 73 65  " + ENDING),
    "RETRIEVE, old options": Case(
        RETRIEVE, 1, "b3 63 73 65  61 32  d6 e2 43 41 64 6d 69 6e  12 72 31  d1 01 33", OLD),
    "SP-relative": Case(replace(RETRIEVE, to="/in/cse"), 1, "b1 7e 02 69 6e 03 63 73 65  " + ENDING),
    "absolute": Case(replace(RETRIEVE, to="//sp/in/cse"), 1, "b1 5f 02 73 70 02 69 6e 03 63 73 65  " + ENDING),
    "no originator": Case(replace(RETRIEVE, originator=""), 1, "b3 63 73 65  61 32  d1 f1 33  c2 72 31"),
    "query": Case(
        replace(RETRIEVE, result_content=6, filter_criteria=FilterCriteria({"lbl": ["a+b", "%2"]}, usage=1)), 1,
        "b3 63 73 65  45 72 63 6e 3d 36  0c 6c 62 6c 3d 61 25 32 42 62 2b 25 32  04 66 75 3d 31  21 32"
        "  d1 f1 33 86 43 41 64 6d 69 6e 42 72 31"),
    "CREATE": Case(
        replace(RETRIEVE, operation=Operation.CREATE, resource_type=3, content={"m2m:cnt": {}}), 2,
        "b3 63 73 65  11 32  51 32  d1 ed 03  41 33  86 43 41 64 6d 69 6e  42 72 31"
        "  ff 7b 22 6d 32 6d 3a 63 6e 74 22 3a 7b 7d 7d"),
    "UPDATE": Case(
        replace(RETRIEVE, operation=Operation.UPDATE, content={"m2m:cnt": {}}), 3,
        "b3 63 73 65  11 32  51 32  d1 f1 33  86 43 41 64 6d 69 6e  42 72 31"
        "  ff 7b 22 6d 32 6d 3a 63 6e 74 22 3a 7b 7d 7d"),
    "DELETE": Case(replace(RETRIEVE, operation=Operation.DELETE), 4, "b3 63 73 65  " + ENDING),
    "NOTIFY": Case(
        replace(RETRIEVE, operation=Operation.NOTIFY, content={"m2m:sgn": {}}), 2,
        "b3 63 73 65  11 32  51 32  d1 f1 33  86 43 41 64 6d 69 6e  42 72 31"
        "  ff 7b 22 6d 32 6d 3a 73 67 6e 22 3a 7b 7d 7d"),
    "non-blocking": Case(
        replace(RETRIEVE, response_type=1), 2,
        "b3 63 73 65  44 72 74 3d 31  04 6f 70 3d 32  21 32  d1 f1 33 86 43 41 64 6d 69 6e 42 72 31"),
    "targets and category": Case(
        replace(RETRIEVE, notification_targets=["Ca", "Cb"], event_category=2), 1,
        "b3 63 73 65  61 32  d5 e9 43 61 26 43 62  81 33  86 43 41 64 6d 69 6e  42 72 31  d1 07 02"),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_written_byte_for_byte(name: str) -> None:
    case = REQUESTS[name]
    message = request_to(case.request, numbering=case.numbering)
    wire = write_options(message.options) + (b"\xff" + message.payload if message.payload else b"")
    assert (message.code, wire.hex(" ")) == (case.code, bytes.fromhex(case.wire).hex(" "))


@pytest.mark.parametrize("name", REQUESTS)
def test_and_read_back(name: str) -> None:
    case = REQUESTS[name]
    data = read(bytes((0x40, case.code, 0, 1)) + bytes.fromhex(case.wire), known_options(old=True))
    request, answering = request_from(CONTEXT, Message(data.code, data.options, data.payload))
    assert request == case.request
    assert answering.numbering is case.numbering


def text(value: str) -> bytes:
    return value.encode()


PARTS = [(11, b"cse"), (283, b"r1")]


@pytest.mark.parametrize(
    ("code", "options", "payload", "status", "reason"),
    [
        (5, PARTS, b"", 4005, "0.05"),
        (1, [(11, b"cse")], b"", 4000, "oneM2M-RQI"),
        (1, [(11, b"cse"), (283, b"")], b"", 4000, "oneM2M-RQI"),
        (1, [(11, b"cse"), (283, b"r 1")], b"", 4000, "blanks"),
        (1, [(11, b"cse"), (283, b"r\n")], b"", 4000, "printable"),
        (1, [(11, b""), (11, b"cse"), (283, b"r1")], b"", 4000, "Uri-Path"),
        (1, [(11, b"c/e"), (283, b"r1")], b"", 4000, "Uri-Path"),
        (1, [(11, b"~"), (283, b"r1")], b"", 4000, "names no CSE"),
        (1, [*PARTS, (15, b"rcn")], b"", 4000, "no value"),
        (1, [*PARTS, (15, b"rcn=99")], b"", 4000, "rcn"),
        (1, [*PARTS, (15, b"xyz=1")], b"", 4000, "xyz"),
        (1, [*PARTS, (15, b"op=3")], b"", 4000, "op"),
        (2, [*PARTS, (15, b"op=9")], b"", 4000, "op"),
        (2, [*PARTS, (15, b"op=2"), (15, b"op=2")], b"", 4000, "more than once"),
        (3, [*PARTS, (267, b"\x03")], b"", 4000, "oneM2M-TY"),
        (1, PARTS, b"{}", 4000, "no payload"),
        (2, PARTS, b"{}", 4015, "missing"),
        (2, [*PARTS, (12, b"")], b"{}", 4015, "Content-Format: 0"),
        (2, [*PARTS, (12, b"\x32")], b"{", 4000, "JSON"),
        (2, [*PARTS, (12, b"\x32")], b"[]", 4000, "pc"),
        (1, [*PARTS, (17, b"")], b"", 5207, "Accept: 0"),
        (1, [*PARTS, (303, b"\x01")], b"", 4000, "ec"),
        (1, [*PARTS, (259, b"yesterday")], b"", 4000, "ot"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    code: int, options: list[tuple[int, bytes]], payload: bytes, status: int, reason: str
) -> None:
    with pytest.raises(CseError, match=reason) as caught:
        request_from(CONTEXT, Message(code, options, payload))
    assert caught.value.status == status


def test_a_refusal_echoes_what_can_be_echoed() -> None:
    for options, expected in [
        ([(271, b"3"), (283, b"r1")], [(271, b"3"), (283, b"r1"), (307, b"\x0f\xa0")]),
        ([(257, b"r1")], [(257, b"r1"), (265, b"\x0f\xa0")]),
        ([(283, b"r\n")], [(307, b"\x0f\xa0")]),
    ]:
        message = Message(1, options)
        answer = response_to(refusal(CseError("so", Status.BAD_REQUEST), message), answering_of(CONTEXT, message))
        assert answer == Message(0x80, sorted([(12, b"\x32"), *expected]), b'{"m2m:dbg":"so"}')


@pytest.mark.parametrize(
    ("response", "notified", "code", "options"),
    [
        (ResponsePrimitive(Status.OK, "r1", {"m2m:cb": {}}), False, "2.05", [(12, b"\x32"), (283, b"r1")]),
        (ResponsePrimitive(Status.OK, "r1"), True, "2.04", [(283, b"r1")]),
        (
            ResponsePrimitive(Status.CREATED, "r1", {"m2m:cnt": {}}, created_address="/in/cse/c"), False, "2.01",
            [(8, b"~"), (8, b"in"), (8, b"cse"), (8, b"c"), (12, b"\x32"), (283, b"r1")],
        ),
        (ResponsePrimitive(Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH, "r1"), False, "2.04", [(283, b"r1")]),
        (
            ResponsePrimitive(Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH, "r1", created_address="cse/q"), False,
            "2.01", [(8, b"cse"), (8, b"q"), (283, b"r1")],
        ),
        (
            ResponsePrimitive(Status.OK, content={"m2m:cb": {}}, content_status=1, content_offset=300), False, "2.05",
            [(12, b"\x32"), (319, b"\x01\x2c"), (323, b"\x01")],
        ),
    ],
)  # fmt: skip
def test_an_answer_is_written(
    response: ResponsePrimitive, notified: bool, code: str, options: list[tuple[int, bytes]]
) -> None:
    message = response_to(response, Answering(notified=notified))
    status = [(307, int(response.status).to_bytes(2, "big"))]
    assert f"{message.code >> 5}.{message.code & 31:02}" == code
    assert message.options == sorted(options + status, key=lambda each: each[0])
    assert [number for number, _ in message.options] == sorted(number for number, _ in message.options)


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_every_status_has_its_code_and_its_number(status: Status) -> None:
    message = response_to(ResponsePrimitive(status, content={"m2m:dbg": "x"}), Answering())
    assert f"{message.code >> 5}.{message.code & 31:02}" == status.coap
    assert response_from(message, CONTEXT).status is status


@pytest.mark.parametrize("number", sorted(MEDIA_TYPES))
def test_every_content_format_is_read_and_answered_as_asked(number: int) -> None:
    codec = CODECS.by_media_type[MEDIA_TYPES[number]]
    content: dict[str, Any] = {"m2m:uril": ["cse/a"]}
    declared = number.to_bytes(2, "big")
    options = [(11, b"cse"), (12, declared), (17, declared), (283, b"r1")]
    request, answering = request_from(CONTEXT, Message(2, options, codec.encode(content)))
    assert request.content == content
    message = response_to(ResponsePrimitive(Status.OK, content=content), answering)
    assert dict(message.options)[12] == number.to_bytes(2, "big").lstrip(b"\0")
    assert response_from(message, CONTEXT).content == content


def test_without_accept_the_answer_is_in_the_serialisation_of_the_request() -> None:
    cbor = CODECS.by_name["cbor"]
    message = Message(3, [(11, b"cse"), (12, b"\x3c"), (283, b"r1")], cbor.encode({"m2m:cnt": {}}))
    assert request_from(CONTEXT, message)[1].codec is cbor
    assert number_of(cbor) == 60


def test_an_answer_of_a_plain_server_is_read_by_its_code() -> None:
    assert response_from(Message(0x45, [], b"hello"), CONTEXT) == ResponsePrimitive(Status.OK)
    assert response_from(Message(0x84, [(12, b"")], b"no"), CONTEXT).status is Status.NOT_FOUND
    assert response_from(Message(0xA0, []), CONTEXT).status is Status.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("request_", [
    replace(RETRIEVE, originator="C" * 256),
    replace(RETRIEVE, originator="a\nb"),
    replace(RETRIEVE, to="cse/" + "x" * 256),
    replace(RETRIEVE, filter_criteria=FilterCriteria({"lbl": ["x" * 255]})),
])  # fmt: skip
def test_what_no_option_can_hold_is_not_sent(request_: RequestPrimitive) -> None:
    with pytest.raises(CseError, match=r"255|cannot travel"):
        request_to(request_)


def test_numbers_of_both_tables_do_not_contradict() -> None:
    for number in NEW.names.keys() & OLD.names.keys():
        assert NEW.names[number] == OLD.names[number]
    assert all(row.number & 3 == 3 for row in ONEM2M.values())  # critical and unsafe to forward
    assert len(NEW.names) == len(ONEM2M)
