"""The tables of TS-0009 6 in both directions, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from bindings.http.mapping import Context, refusal, request_from, request_to, response_from, response_to, status_of_http
from bindings.http.uri import path_of, to_of
from cse.codecs import Limits
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError, NotFound
from resources.status import Status

HEADERS = {"X-M2M-Origin": "Cae1", "X-M2M-RI": "r1", "X-M2M-RVI": "3"}
JSON = "application/json"
BODY = b'{"m2m:cnt":{}}'


def read(
    method: str = "GET", target: str = "/cse", body: bytes = b"", root: str = "", **headers: str
) -> RequestPrimitive:
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return request_from(Context(root), method, target, given.items(), body)[0]


@pytest.mark.parametrize(
    ("method", "content_type", "operation", "resource_type"),
    [
        ("POST", "application/json;ty=3", Operation.CREATE, 3),
        ("POST", "application/json ; ty = 4", Operation.CREATE, 4),
        ("POST", 'application/json; charset=UTF-8; TY="23"', Operation.CREATE, 23),
        ("POST", "application/vnd.onem2m-res+json;ty=2", Operation.CREATE, 2),
        ("POST", "APPLICATION/JSON", Operation.NOTIFY, None),
        ("POST", "application/vnd.onem2m-ntfy+json", Operation.NOTIFY, None),
        ("PUT", "application/json", Operation.UPDATE, None),
    ],
)
def test_methods_with_a_body(method: str, content_type: str, operation: Operation, resource_type: int | None) -> None:
    request = read(method, body=BODY, Content_Type=content_type)
    assert (request.operation, request.resource_type) == (operation, resource_type)
    assert request.content == {"m2m:cnt": {}}


@pytest.mark.parametrize(("method", "operation"), [("GET", Operation.RETRIEVE), ("DELETE", Operation.DELETE)])
def test_methods_without_a_body_ignore_its_type(method: str, operation: Operation) -> None:
    request = read(method, Content_Type="text/html")
    assert (request.operation, request.content) == (operation, None)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/CSEBase/ae1/c1", "CSEBase/ae1/c1"),
        ("/cin00856", "cin00856"),
        ("/-/ae1", "-/ae1"),
        ("/~/cse178/CSEBase/ae1", "/cse178/CSEBase/ae1"),
        ("/~/cse178", "/cse178"),
        ("/_/sp.org/cse178/cin00856", "//sp.org/cse178/cin00856"),
        ("/~odd", "~odd"),
    ],
)
def test_paths_in_both_directions(path: str, to: str) -> None:
    assert to_of(path) == to
    assert path_of(to) == path
    assert to_of(f"{path}/") == to
    assert to_of(f"/m2m/in{path}", "/m2m/in") == to
    assert path_of(to, "http://h:1/m2m") == f"http://h:1/m2m{path}"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/%7E/cse178/x", "/cse178/x"),
        ("/cse/a%2Db", "cse/a-b"),
        ("/cse/%41", "cse/A"),
        ("/", ""),
        ("http://host/cse/a", "cse/a"),
        ("HTTPS://host:8080/~/c/x", "/c/x"),
        ("http://host", ""),
    ],
)
def test_other_ways_to_write_a_path(path: str, to: str) -> None:
    assert to_of(path) == to


def test_path_is_decoded_once() -> None:
    assert to_of("/a%252Fb") == "a%2Fb"


@pytest.mark.parametrize("path", ["/other/cse", "/m2m2/cse", "/", "/m2"])
def test_outside_of_the_root_path(path: str) -> None:
    with pytest.raises(NotFound, match="/m2m/"):
        to_of(path, "/m2m")


def test_every_header() -> None:
    request = read(
        X_M2M_RTU="http://a/b&http://c/d",
        x_m2m_ot="20260131T120000",
        X_M2M_RET="5000",
        X_M2M_RST="20260131T120100",
        X_M2M_OET="20260131T120030,5",
        X_M2M_EC="2",
        X_M2M_GID="g1",
        X_M2M_VSI="v",
        X_M2M_AS="s+t",
        Authorization="a.b.c",
        X_Unknown="ignored",
        X_M2M_Unknown="ignored",
    )
    assert request == RequestPrimitive(
        Operation.RETRIEVE,
        "cse",
        "Cae1",
        "r1",
        "3",
        notification_targets=["http://a/b", "http://c/d"],
        originating_timestamp="20260131T120000",
        request_expiration="5000",
        result_expiration="20260131T120100",
        operation_execution="20260131T120030,5",
        event_category=2,
        group_request_id="g1",
        vendor_information="v",
        unsupported=["aus", "tkns"],
    )


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer abc"])
def test_credentials_for_something_in_front_are_ignored(value: str) -> None:
    assert read(Authorization=value).unsupported == []


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*;q=0.5", JSON),
        ("text/html, application/json;q=0.1", JSON),
        ("application/xml, */*;q=0.1", JSON),
        ("application/vnd.onem2m-res+json", "application/vnd.onem2m-res+json"),
        ("application/json;q=0.0, application/vnd.onem2m-prsp+json", "application/vnd.onem2m-prsp+json"),
    ],
)
def test_answer_type(accept: str, answered: str) -> None:
    headers = [*HEADERS.items(), *((("Accept", accept),) if accept else ())]
    assert request_from(Context(), "GET", "/cse", headers, b"")[1].media_type == answered


def test_accept_in_several_headers() -> None:
    headers = [*HEADERS.items(), ("Accept", "text/html"), ("accept", JSON)]
    assert request_from(Context(), "GET", "/cse", headers, b"")[1].media_type == JSON


@pytest.mark.parametrize("accept", ["application/xml", "application/cbor", "application/json;q=0", "text/*"])
def test_v10_no_acceptable_answer(accept: str) -> None:
    with pytest.raises(CseError) as caught:
        read(Accept=accept)
    assert caught.value.status is Status.NOT_ACCEPTABLE


def test_limits_of_the_context_apply() -> None:
    context = Context(limits=Limits(max_depth=2))
    headers = {**HEADERS, "Content-Type": JSON}
    with pytest.raises(BadRequest, match="deeper than 2"):
        request_from(context, "PUT", "/cse", headers.items(), b'{"a":{"b":{}}}')


@pytest.mark.parametrize("status", list(Status), ids=lambda status: status.name)
def test_status_table(status: Status) -> None:
    http_status, headers, body = response_to(ResponsePrimitive(status, "r1"))
    assert (http_status, headers, body) == (status.http, {"X-M2M-RSC": str(int(status)), "X-M2M-RI": "r1"}, b"")
    assert response_from(http_status, headers, b"", Limits()).status is status


def test_every_response_header() -> None:
    response = ResponsePrimitive(
        Status.CREATED, "r1", {"m2m:cnt": {}}, "3", None, "/in-cse", 1, 5, created_address="cse/ae1/c1"
    )
    assert response_to(response, root_path="/m2m") == (
        201,
        {
            "X-M2M-RSC": "2001",
            "X-M2M-RI": "r1",
            "X-M2M-RVI": "3",
            "X-M2M-Origin": "/in-cse",
            "X-M2M-CTS": "1",
            "X-M2M-CTO": "5",
            "Content-Location": "/m2m/cse/ae1/c1",
            "Content-Type": JSON,
        },
        BODY,
    )


def test_response_is_read_as_it_was_written() -> None:
    response = ResponsePrimitive(Status.OK, "r1", {"m2m:cnt": {}}, "3", None, "/in-cse", 1, 5)
    assert response_from(*response_to(response), Limits()) == response


@pytest.mark.parametrize(
    ("http_status", "status"),
    [
        (200, Status.OK),
        (201, Status.CREATED),
        (204, Status.OK),
        (400, Status.BAD_REQUEST),
        (403, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
        (404, Status.NOT_FOUND),
        (418, Status.BAD_REQUEST),
        (500, Status.INTERNAL_SERVER_ERROR),
        (503, Status.INTERNAL_SERVER_ERROR),
    ],
)
def test_answer_of_a_plain_web_server(http_status: int, status: Status) -> None:
    assert status_of_http(http_status) is status
    response = response_from(http_status, {"Content-Type": "text/html"}, b"<p>", Limits())
    assert (response.status, response.content) == (status, None)


@pytest.mark.parametrize("rsc", ["", "x", "²", "-1"])
def test_unreadable_status_header_falls_back(rsc: str) -> None:
    assert response_from(404, {"X-M2M-RSC": rsc}, b"", Limits()).status is Status.NOT_FOUND


def test_refusal_echoes_what_can_be_echoed() -> None:
    headers = [("x-m2m-ri", "r1"), ("X-M2M-RVI", "3")]
    assert refusal(BadRequest("why"), headers) == ResponsePrimitive(Status.BAD_REQUEST, "r1", {"m2m:dbg": "why"}, "3")
    assert refusal(BadRequest("why"), [("X-M2M-RI", "\udcff")]).request_id == ""


@pytest.mark.parametrize("changes", [{"originator": "C\r\nX: 1"}, {"request_id": "a\nb"}, {"vendor_information": "\0"}])
def test_headers_cannot_be_smuggled(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="cannot travel"):
        request_to(RequestPrimitive(Operation.RETRIEVE, "cse", **{"request_id": "r1", **changes}))


@pytest.mark.parametrize(
    ("to", "base", "target"),
    [
        ("cse/a", "", "/cse/a?rcn=4"),
        ("/c/x", "http://h:1/p", "http://h:1/p/~/c/x?rcn=4"),
        ("", "http://h:1/p", "http://h:1/p?rcn=4"),
        ("http://h:1/p?a=1", "http://h:1/p?a=1", "http://h:1/p?a=1&rcn=4"),
        ("", "", "/?rcn=4"),
    ],
)
def test_target_of_a_request(to: str, base: str, target: str) -> None:
    request = RequestPrimitive(Operation.RETRIEVE, to, "Cae1", "r1", result_content=4)
    assert request_to(request, base)[:2] == ("GET", target)
