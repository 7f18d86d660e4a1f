"""Primitives as HTTP and back, as bytes and headers prescribed by the binding."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.http.content import Undecodable, decode
from conformance_tests.http.mapping import address_of, from_http, path_of, to_http
from conformance_tests.http.status import http_status
from conformance_tests.primitive import CREATE, DELETE, NOTIFY, RETRIEVE, UPDATE, Request


def target(**parameters: Any) -> str:
    return to_http(Request(RETRIEVE, "cse", "C", "r", parameters=parameters))[1]


def headers(**parameters: Any) -> dict[str, str]:
    return to_http(Request(RETRIEVE, "cse", "C", "r", parameters=parameters))[2]


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("CSEBase/ae1/c1", "/CSEBase/ae1/c1"),
        ("cin00856", "/cin00856"),
        ("/cse178/CSEBase/ae1", "/~/cse178/CSEBase/ae1"),
        ("//sp.org/cse178/cin00856", "/_/sp.org/cse178/cin00856"),
        ("-/a b/ä?x", "/-/a%20b/%C3%A4%3Fx"),
        ("a%2Fb/50%", "/a%252Fb/50%25"),
        ("a/../b", "/a/../b"),
        ("", "/"),
    ],
)
def test_addresses_and_paths(to: str, path: str) -> None:
    assert path_of(to) == path
    assert path_of(to, "/root/") == "/root" + path
    assert address_of(path) == to
    assert address_of("/root" + path, "/root") == to


def test_a_url_stands_for_the_address_in_its_path() -> None:
    assert address_of("http://host:8080/~/cse/x") == "/cse/x"
    assert address_of("https://host/root/cse/x", "/root/") == "cse/x"


@pytest.mark.parametrize(
    ("op", "method", "ty", "content_type"),
    [
        (CREATE, "POST", 3, "application/json;ty=3"),
        (UPDATE, "PUT", None, "application/json"),
        (NOTIFY, "POST", None, "application/json"),
    ],
)
def test_methods_with_content(op: int, method: str, ty: int | None, content_type: str) -> None:
    got = to_http(Request(op, "cse", "Cae", "r1", ty, {"m2m:cnt": {"lbl": ["ä"]}}))
    assert got[0] == method
    assert got[2] == {
        "X-M2M-Origin": "Cae",
        "X-M2M-RI": "r1",
        "Accept": "application/json",
        "Content-Type": content_type,
    }
    assert got[3] == '{"m2m:cnt":{"lbl":["ä"]}}'.encode()


@pytest.mark.parametrize(("op", "method"), [(RETRIEVE, "GET"), (DELETE, "DELETE")])
def test_methods_without_content(op: int, method: str) -> None:
    got = to_http(Request(op, "cse", None, None, parameters={"accept": None}))
    assert got == (method, "/cse", {}, b"")


def test_query_fields() -> None:
    assert target(rcn=4, drt=2, rp="PT1M", da=True) == "/cse?rcn=4&drt=2&rp=PT1M&da=true"
    assert target(atrl=["lbl", "ri"]) == "/cse?atrl=lbl+ri"
    assert target(atrl=["lbl", "ri"], lists="repeated") == "/cse?atrl=lbl&atrl=ri"
    assert target(rt=2) == "/cse?rt=2"
    assert target(sqi=False) == "/cse?sqi=false"
    assert target(rcn=None) == "/cse"
    assert target(rcn=1, query="foo=%zz") == "/cse?rcn=1&foo=%zz"


def test_filter_criteria() -> None:
    assert target(fc={"fu": 1, "ty": [3, 4]}) == "/cse?fu=1&ty=3+4"
    assert target(fc={"ty": [3, 4]}, lists="repeated") == "/cse?ty=3&ty=4"
    assert target(fc={"lbl": ["a b", "c+d", "k:v"]}) == "/cse?lbl=a%20b+c%2Bd+k:v"
    assert target(fc={"lbl": "x&y=z"}) == "/cse?lbl=x%26y%3Dz"
    assert target(fc={"atr": {"rn": "x*", "mni": [1, 2]}}) == "/cse?rn=x*&mni=1&mni=2"
    assert target(fc={"atr": [{"nm": "rn", "val": "x"}, {"cni": 0}]}) == "/cse?rn=x&cni=0"
    assert target(fc={"catr": {"rn": "x"}, "patr": {"rn": "y"}, "c.cs": 3}) == "/cse?c.rn=x&p.rn=y&c.cs=3"
    assert target(fc={"cty": ["a:0", "b:1"]}) == "/cse?cty=a:0&cty=b:1"
    assert target(fc={"geom": [[1.5, 2], [3, 4]]}) == "/cse?geom=%5B%5B1.5,2%5D,%5B3,4%5D%5D"
    assert target(fc={"cfq": "$.a[?@ > 1]"}) == "/cse?cfq=$.a%5B%3F@%20%3E%201%5D"


def test_an_attribute_after_the_address_travels_in_the_query() -> None:
    assert to_http(Request(RETRIEVE, "cse/x#lbl", "C", "r"))[1] == "/cse/x?atrl=lbl"


def test_parameters_in_headers() -> None:
    got = headers(
        rvi="3",
        rt={"rtv": 2, "nu": ["http://a", "http://b"]},
        rqet=5000,
        rset="20300101T000000",
        oet="P1D",
        ot="x",
        ec=4,
        gid="g",
        vsi="v",
        aus=["a", "b"],
        tkns=["t"],
        accept="application/xml",
    )
    assert got == {
        "X-M2M-Origin": "C",
        "X-M2M-RI": "r",
        "X-M2M-RVI": "3",
        "X-M2M-RTU": "http://a&http://b",
        "X-M2M-RET": "5000",
        "X-M2M-RST": "20300101T000000",
        "X-M2M-OET": "P1D",
        "X-M2M-OT": "x",
        "X-M2M-EC": "4",
        "X-M2M-GID": "g",
        "X-M2M-VSI": "v",
        "X-M2M-AS": "a+b",
        "Authorization": "t",
        "Accept": "application/xml",
    }


def test_headers_of_a_case_win_whatever_their_case() -> None:
    request = Request(RETRIEVE, "cse", "C", "r", headers={"x-m2m-ri": None, "accept": "text/plain", "X-New": "1"})
    assert to_http(request)[2] == {"X-M2M-Origin": "C", "accept": "text/plain", "X-New": "1"}


def test_bytes_are_the_body_as_they_are() -> None:
    assert to_http(Request(UPDATE, "cse", "C", "r", pc=b"{]"))[3] == b"{]"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"rnc": 1}, "rnc"),
        ({"fc": {"lbel": ["x"]}}, "lbel"),
        ({"fc": {"rn": "x"}}, "rn"),
        ({"fc": {"atr": "rn=x"}}, "rn=x"),
        ({"rt": {"rtv": 1, "x": 2}}, "x"),
        ({"lists": "odd"}, "odd"),
    ],
)
def test_what_http_does_not_carry_is_named(parameters: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        target(**parameters)


def test_an_unknown_operation_is_an_error_of_the_case() -> None:
    with pytest.raises(ValueError, match="op 7"):
        to_http(Request(7, "cse", "C", "r"))


def test_an_answer() -> None:
    got = from_http(
        201,
        [
            ("X-M2M-RSC", "2001"),
            ("x-m2m-ri", "r1"),
            ("X-M2M-RVI", "3"),
            ("X-M2M-CTS", "1"),
            ("Content-Type", "application/vnd.onem2m-res+json; charset=utf-8"),
            ("Content-Location", "/cse/x"),
            ("Vary", "a"),
            ("vary", "b"),
        ],
        b'{"m2m:cnt":{}}',
    )
    assert (got.rsc, got.rqi, got.pc, got.status, got.broken) == (2001, "r1", {"m2m:cnt": {}}, 201, None)
    assert got.parameters == {"rvi": "3", "cnst": 1}
    assert got.headers["content-location"] == "/cse/x"
    assert got.headers["vary"] == "a, b"


@pytest.mark.parametrize("code", ["", "200", "20000", "OK", "٢٠٠٠", "-200"])
def test_an_answer_without_a_valid_status_code(code: str) -> None:
    assert from_http(200, [("X-M2M-RSC", code)], b"").rsc is None


@pytest.mark.parametrize(
    ("media_type", "body", "why"),
    [
        ("application/json", b"{", "no JSON"),
        ("application/json", b'{"a":NaN}', "NaN"),
        ("application/json", b'{"a":1,"a":2}', "'a' occurs twice"),
        ("application/json", b"\xff", "no UTF-8"),
        ("application/json", "{}".encode("utf-16"), "no UTF-8"),
        ("application/json", b"\xef\xbb\xbf{}", "no JSON"),
        ("application/json", b"[" * 100_000, "no JSON"),
        ("application/xml", b"<a", "no XML"),
        ("application/vnd.onem2m-res+cbor", b"\x82", "no CBOR"),
        ("text/html", b"<html>", "text/html"),
    ],
)
def test_content_that_cannot_be_read(media_type: str, body: bytes, why: str) -> None:
    got = from_http(200, [("Content-Type", media_type)], body)
    assert got.pc is None
    assert got.broken is not None
    assert why in got.broken


def test_content_without_a_media_type_is_read_and_told() -> None:
    got = from_http(200, [], b'{"a":1}')
    assert (got.pc, got.broken) == ({"a": 1}, "content without Content-Type")


def test_decoding_keeps_numbers_and_booleans_apart() -> None:
    assert decode(b'[1,1.0,true,null,"1"]', "Application/JSON;ty=3") == [1, 1.0, True, None, "1"]
    with pytest.raises(Undecodable):
        decode(b"", "application/json")


@pytest.mark.parametrize(
    ("rsc", "status"),
    [
        (1001, 202),
        (2000, 200),
        (2001, 201),
        (2004, 200),
        (4000, 400),
        (4004, 404),
        (4105, 409),
        (5001, 501),
        (5204, 500),
        (6999, 500),
        (9999, 500),
    ],
)
def test_http_status_of_a_status_code(rsc: int, status: int) -> None:
    assert http_status(rsc) == status
