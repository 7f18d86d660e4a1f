"""The suite's own CBOR and XML, beside the examples of RFC 8949 and what another library writes."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from conformance_tests.http import cbor, xml
from conformance_tests.http.content import Undecodable, decode, encode
from conformance_tests.http.mapping import to_http
from conformance_tests.primitive import CREATE, Request

NAMESPACE = 'xmlns:m2m="http://www.onem2m.org/xml/protocols"'


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1bffffffffffffffff", 2**64 - 1), ("3863", -100),
        ("fb3ff199999999999a", 1.1), ("f4", False), ("f5", True), ("f6", None), ("62c3bc", "ü"), ("80", []),
        ("8301820203820405", [1, [2, 3], [4, 5]]), ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ],
)  # fmt: skip
def test_cbor_both_ways(data: str, value: Any) -> None:
    assert cbor.decode(bytes.fromhex(data)) == value
    assert cbor.encode(value).hex() == data == cbor2.dumps(value).hex()


@pytest.mark.parametrize(
    ("data", "value"),
    [("f93c00", 1.0), ("fa47c35000", 100000.0), ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
     ("7f657374726561646d696e67ff", "streaming"), ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]})],
)  # fmt: skip
def test_other_forms_of_cbor_are_read(data: str, value: Any) -> None:
    assert cbor.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [("", "too early"), ("82", "too early"), ("0000", "1 bytes behind"), ("4101", "byte string"), ("c074", "a tag"),
     ("f97e00", "nan"), ("f7", "simple value"), ("1c", "means nothing"), ("ff", "end of nothing"),
     ("82ff", "ends before"), ("a10102", "no text"), ("a2616101616102", "twice"), ("bf6161ff", "without a value"),
     ("7f01ff", "no text"),
     ("62c328", "decode"), ("81" * 70 + "00", "deeper")],
)  # fmt: skip
def test_cbor_that_is_refused(data: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize("value", [2**64, -(2**64) - 1, b"x", {1}])
def test_what_cbor_of_onem2m_has_not(value: Any) -> None:
    with pytest.raises(ValueError, match="CBOR"):
        cbor.encode(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f'<m2m:cnt {NAMESPACE} rn="a"><mni>5</mni><lbl/></m2m:cnt>', {"m2m:cnt": {"rn": "a", "mni": "5", "lbl": ""}}),
        (f'<m2m:rrl {NAMESPACE}><rrf nm="a">x</rrf><rrf nm="b">y</rrf><rrf nm="c">z</rrf></m2m:rrl>',
         {"m2m:rrl": {"rrf": [{"nm": "a", "val": "x"}, {"nm": "b", "val": "y"}, {"nm": "c", "val": "z"}]}}),
        (f"<m2m:a {NAMESPACE}><m2m:b>&lt;</m2m:b></m2m:a>", {"m2m:a": {"m2m:b": "<"}}),
        ('<x:a xmlns:x="http://u/home"/>', {"home:a": ""}),
    ],
)
def test_xml_is_read_as_texts(text: str, value: Any) -> None:
    assert xml.decode(text.encode()) == value


@pytest.mark.parametrize("text", ["", "<a", "<a:b/>", "<!DOCTYPE a><a/>"])
def test_xml_that_is_none(text: str) -> None:
    with pytest.raises(Undecodable, match="no XML"):
        decode(text.encode(), "application/xml")


def test_content_is_written_by_the_media_type_of_the_case() -> None:
    assert encode({"a": 1}, "application/cbor").hex() == "a1616101"
    assert encode("<a/>", "application/vnd.onem2m-res+xml") == b"<a/>"
    assert encode({"a": 1}, "application/xml") == encode({"a": 1}, "text/plain") == b'{"a":1}'
    request = Request(CREATE, "cse", "C", "r", 3, {"a": 1}, headers={"content-type": "application/cbor;ty=3"})
    _, _, headers, body = to_http(request)
    assert (headers["content-type"], body.hex()) == ("application/cbor;ty=3", "a1616101")
