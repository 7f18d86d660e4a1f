"""The server as a whole: pages, TLS, limits on connections, failures, stopping."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bindings.http.client import HttpTransport
from bindings.http.connection import entity_of
from bindings.http.pages import Page
from bindings.http.server import HttpServer
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import HttpSettings, JsonSettings
from resources.status import Status
from tests.bindings.http.raw import RawAnswer, exchange, message
from tests.bindings.small_cse import SmallCse

RETRIEVE = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
SETTINGS = HttpSettings(port=0)


async def metrics() -> Page:
    return Page(b"up 1\n")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    ui = tmp_path / "ui"
    (ui / "lib").mkdir(parents=True)
    (ui / "index.html").write_text("<p>console</p>")
    (ui / "lib" / "a.js").write_text("1")
    (ui / ".hidden").write_text("CLASSIFIED")
    (tmp_path / "secret.txt").write_text("CLASSIFIED")
    (ui / "link.txt").symlink_to(tmp_path / "secret.txt")
    return ui


@pytest.fixture
async def ask(folder: Path) -> AsyncIterator[Callable[..., object]]:
    server = HttpServer(SmallCse().handle, SETTINGS, JsonSettings(), routes={"/metrics": metrics}, ui=folder)
    parts = urlsplit(await server.start())
    assert parts.hostname

    async def asked(method: str, target: str) -> RawAnswer:
        raw = message(method, target)
        if method == "HEAD":
            got = await asyncio.open_connection(parts.hostname, parts.port)
            got[1].write(message(method, target, headers={"Connection": "close"}))
            head = await got[0].read()
            got[1].close()
            return RawAnswer(int(head.split()[1]), {}, head.partition(b"\r\n\r\n")[2])
        return (await exchange(str(parts.hostname), int(parts.port or 0), raw)).answers[0]

    yield asked
    await server.stop()


@pytest.mark.parametrize(
    ("method", "target", "status", "body"),
    [
        ("GET", "/metrics", 200, b"up 1\n"),
        ("GET", "/metrics?a=1", 200, b"up 1\n"),
        ("HEAD", "/metrics", 200, b""),
        ("HEAD", "/cse", 405, b""),
        ("POST", "/metrics", 405, b""),
        ("GET", "/ui/", 200, b"<p>console</p>"),
        ("GET", "/ui/index.html", 200, b"<p>console</p>"),
        ("GET", "/ui/lib/a.js", 200, b"1"),
    ],
)
async def test_pages(ask: Callable[..., object], method: str, target: str, status: int, body: bytes) -> None:
    answer = await ask(method, target)  # type: ignore[misc]
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    "target",
    [
        "/ui/.hidden",
        "/ui/link.txt",
        "/ui/../secret.txt",
        "/ui/%2e%2e/secret.txt",
        "/ui/lib/../index.html",
        "/ui//index.html",
        "/ui/lib/",
        "/UI/",
    ],
)
async def test_what_is_no_page_is_a_resource(ask: Callable[..., object], target: str) -> None:
    answer = await ask("GET", target)  # type: ignore[misc]
    assert answer.rsc in {4000, 4004}
    assert b"CLASSIFIED" not in answer.body


async def test_a_page_whose_file_went_away_is_404(ask: Callable[..., object], folder: Path) -> None:
    (folder / "lib" / "a.js").unlink()
    answer = await ask("GET", "/ui/lib/a.js")  # type: ignore[misc]
    assert answer.status == 404


async def test_pages_carry_security_headers(ask: Callable[..., object]) -> None:
    headers = (await ask("GET", "/ui/")).headers  # type: ignore[misc]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]


async def test_405_names_the_methods(ask: Callable[..., object]) -> None:
    answer = await ask("OPTIONS", "/cse")  # type: ignore[misc]
    assert (answer.status, answer.rsc, answer.headers["allow"]) == (405, 4005, "POST, GET, PUT, DELETE")


async def test_created_resource_is_located() -> None:
    server = HttpServer(SmallCse().handle, replace(SETTINGS, root_path="/m2m/"), JsonSettings())
    url = urlsplit(await server.start())
    raw = message("POST", "/m2m/cse", b'{"m2m:cnt":{}}', headers={"Content-Type": "application/json;ty=3"})
    [answer] = (await exchange(str(url.hostname), int(url.port or 0), raw)).answers
    await server.stop()
    assert url.path == "/m2m"
    assert (answer.status, answer.headers["content-location"]) == (201, "/m2m/cse/new")
    assert {"date", "content-length", "content-type"} < answer.headers.keys()


async def test_a_failing_handler_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    cse = SmallCse()
    cse.answers[Operation.RETRIEVE] = RuntimeError("secret detail")
    server = HttpServer(cse.handle, SETTINGS, JsonSettings())
    transport = HttpTransport(await server.start())
    response = await transport.send(RETRIEVE, timeout_s=5)
    await transport.close()
    await server.stop()
    assert (response.status, response.request_id) == (Status.INTERNAL_SERVER_ERROR, "r1")
    assert "secret" not in str(response.content)
    assert "GET '/cse' failed" in caplog.text


async def test_an_answer_that_cannot_be_written_is_500(caplog: pytest.LogCaptureFixture) -> None:
    cse = SmallCse()
    cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cnt": {"x": object()}})
    server = HttpServer(cse.handle, SETTINGS, JsonSettings())
    url = urlsplit(await server.start())
    got = await exchange(str(url.hostname), int(url.port or 0), message(), until_closed=True)
    await server.stop()
    assert [(answer.status, answer.rsc) for answer in got.answers] == [(500, 5000)]
    assert "GET '/cse' failed" in caplog.text


async def test_an_answer_with_a_line_break_in_a_header_is_500(caplog: pytest.LogCaptureFixture) -> None:
    cse = SmallCse()
    cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, originator="C\r\nSet-Cookie: a=b")
    server = HttpServer(cse.handle, SETTINGS, JsonSettings())
    url = urlsplit(await server.start())
    got = await exchange(str(url.hostname), int(url.port or 0), message(), until_closed=True)
    await server.stop()
    assert [(answer.status, answer.rsc) for answer in got.answers] == [(500, 5000)]
    assert "cookie" not in str(got.answers[0].headers).lower()
    assert "an answer cannot be written" in caplog.text


async def test_one_connection_too_many_gets_503() -> None:
    server = HttpServer(SmallCse().handle, replace(SETTINGS, max_connections=2), JsonSettings())
    url = urlsplit(await server.start())
    held = [await asyncio.open_connection(url.hostname, url.port) for _ in range(2)]
    while server.connections < 2:  # noqa: ASYNC110 - the server has no event for a test to wait for
        await asyncio.sleep(0)
    refused = await exchange(str(url.hostname), int(url.port or 0), until_closed=True)
    assert [(answer.status, answer.rsc) for answer in refused.answers] == [(503, 5000)]
    assert refused.closed
    held[0][1].close()
    while server.connections > 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    served = await exchange(str(url.hostname), int(url.port or 0), message())
    assert [answer.status for answer in served.answers] == [200]
    held[1][1].close()
    await server.stop()


async def test_a_peer_that_does_not_read_is_cut_off() -> None:
    cse = SmallCse()
    cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cnt": {"x": "x" * 20_000_000}})
    server = HttpServer(cse.handle, replace(SETTINGS, body_timeout_s=0.1), JsonSettings())
    url = urlsplit(await server.start())
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(message())
    async with asyncio.timeout(5):
        await reader.readexactly(1)
        while server.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    writer.close()
    await server.stop()


async def test_a_slow_reader_gets_all_of_a_large_answer() -> None:
    cse = SmallCse()
    cse.answers[Operation.RETRIEVE] = ResponsePrimitive(Status.OK, content={"m2m:cnt": {"x": "x" * 8_000_000}})
    server = HttpServer(cse.handle, replace(SETTINGS, body_timeout_s=0.5), JsonSettings())
    url = urlsplit(await server.start())
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(message(headers={"Connection": "close"}))
    received = 0
    async with asyncio.timeout(5):
        while chunk := await reader.read(800_000):
            received += len(chunk)
            await asyncio.sleep(0.005)
    writer.close()
    await server.stop()
    assert received > 8_000_000


async def test_running_requests_finish_before_the_server_stops() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: RequestPrimitive) -> ResponsePrimitive:
        started.set()
        await go_on.wait()
        return ResponsePrimitive(Status.OK, request.request_id)

    server = HttpServer(slow, SETTINGS, JsonSettings())
    url = await server.start()
    transport = HttpTransport(url)
    asking = asyncio.create_task(transport.send(RETRIEVE, timeout_s=5))
    await started.wait()
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    go_on.set()
    assert (await asking).status is Status.OK
    await stopping
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    await transport.close()
    await server.stop()
    assert server.connections == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_plain_http_stays_on_this_machine(host: str) -> None:
    with pytest.raises(ValueError, match="allow_plain"):
        HttpServer(SmallCse().handle, replace(SETTINGS, host=host), JsonSettings())
    HttpServer(SmallCse().handle, replace(SETTINGS, host=host, allow_plain=True), JsonSettings())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_loopback_needs_no_tls(host: str) -> None:
    server = HttpServer(SmallCse().handle, replace(SETTINGS, host=host), JsonSettings())
    url = await server.start()
    transport = HttpTransport(url)
    assert (await transport.send(RETRIEVE, timeout_s=5)).status is Status.OK
    await transport.close()
    await server.stop()


async def test_public_url_is_what_others_are_told() -> None:
    server = HttpServer(SmallCse().handle, replace(SETTINGS, public_url="https://m2m.example"), JsonSettings())
    assert await server.start() == "https://m2m.example"
    await server.stop()


@pytest.mark.parametrize("identified", [True, False], ids=["client certificate", "no client certificate"])
async def test_tls_proves_the_entity(certificates: Path, identified: bool) -> None:
    cse = SmallCse()
    settings = replace(
        SETTINGS,
        certificate=str(certificates / "server.pem"),
        private_key=str(certificates / "server.key"),
        client_ca=str(certificates / "ca.pem"),
    )
    server = HttpServer(cse.handle, settings, JsonSettings())
    url = await server.start()
    own = {"client_certificate": str(certificates / "client.pem"), "private_key": str(certificates / "client.key")}
    transport = HttpTransport(url, ca=str(certificates / "ca.pem"), **(own if identified else {}))
    assert url.startswith("https://")
    assert (await transport.send(RETRIEVE, timeout_s=5)).status is Status.OK
    await transport.close()
    await server.stop()
    assert cse.seen[0].authenticated == ("//banyan.example/banyan/Cae1" if identified else None)


async def test_a_certificate_that_is_not_trusted_is_named_as_the_reason(certificates: Path) -> None:
    certificate, key = str(certificates / "server.pem"), str(certificates / "server.key")
    server = HttpServer(SmallCse().handle, replace(SETTINGS, certificate=certificate, private_key=key), JsonSettings())
    transport = HttpTransport(await server.start())
    with pytest.raises(Unreachable, match="certificate verify failed"):
        await transport.send(RETRIEVE, timeout_s=5)
    await transport.close()
    await server.stop()


async def test_plain_http_on_the_tls_port_is_closed(certificates: Path) -> None:
    settings = replace(
        SETTINGS, certificate=str(certificates / "server.pem"), private_key=str(certificates / "server.key")
    )
    server = HttpServer(SmallCse().handle, settings, JsonSettings())
    url = urlsplit(await server.start())
    got = await exchange(str(url.hostname), int(url.port or 0), message(), until_closed=True)
    assert (got.answers, got.closed) == ([], True)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(url.hostname, url.port, ssl=old)
    assert writer.get_extra_info("ssl_object").version() in {"TLSv1.2", "TLSv1.3"}
    writer.close()
    await server.stop()


@pytest.mark.parametrize(
    ("certificate", "entity"),
    [
        (None, None),
        ({}, None),
        ({"subject": ((("commonName", "Cae1"),),)}, "Cae1"),
        ({"subject": ((("organizationName", "x"),), (("commonName", "Cae1"),))}, "Cae1"),
        ({"subject": ((("organizationName", "x"),),)}, None),
        ({"subject": ((("commonName", "x"),),), "subjectAltName": (("DNS", "d"), ("URI", "//s/c/Ca"))}, "//s/c/Ca"),
        ({"subjectAltName": (("IP Address", "::1"), ("DNS", "d"))}, "d"),
    ],
)  # fmt: skip
def test_entity_of_a_certificate(certificate: object, entity: str | None) -> None:
    assert entity_of(certificate) == entity
