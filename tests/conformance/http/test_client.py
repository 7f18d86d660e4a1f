"""The suite's client against servers of this test: what goes out, what comes back, what does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from conformance_tests.http.client import HttpClient
from conformance_tests.primitive import CREATE, RETRIEVE, NoAnswer, Request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nX-M2M-RI: r1\r\nContent-Length: 0\r\n\r\n"


@contextlib.asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answering(answer: bytes, seen: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
        body = await reader.readexactly(length)
        if seen is not None:
            seen.append(head + body)
        writer.write(answer)
        await writer.drain()

    return serve


async def test_the_message_goes_out_as_written() -> None:
    seen: list[bytes] = []
    request = Request(CREATE, "/in/cse/a b", "Cae", "r1", 3, {"m2m:cnt": {}}, {"rvi": "3", "fc": {"lbl": ["x+y", "z"]}})
    async with serving(answering(OK, seen)) as url, HttpClient(url + "/root/") as client:
        response, sent, got = await client.send(request)
        planned = client.text_of(request)
    assert response.rsc == 2000
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "POST /root/~/in/cse/a%20b?lbl=x%2By+z HTTP/1.1"
    assert sorted(lines[1:-2]) == sorted(
        [
            f"Host: {url.partition('://')[2]}",
            "X-M2M-Origin: Cae",
            "X-M2M-RI: r1",
            "X-M2M-RVI: 3",
            "Accept: application/json",
            "Content-Type: application/json;ty=3",
            "Content-Length: 14",
        ]
    )
    assert lines[-1] == '{"m2m:cnt":{}}'
    assert sent == planned == "\n".join(lines)
    assert got.startswith("HTTP/1.1 200 OK\nX-M2M-RSC: 2000\n")


async def test_a_path_is_not_normalised() -> None:
    seen: list[bytes] = []
    async with serving(answering(OK, seen)) as url, HttpClient(url) as client:
        await client.send(Request(RETRIEVE, "cse/../x//y/./%2e", "C", "r1"))
    assert seen[0].startswith(b"GET /cse/../x//y/./%252e HTTP/1.1\r\n")


async def test_credentials_go_out_and_stay_out_of_texts() -> None:
    seen: list[bytes] = []
    async with (
        serving(answering(OK, seen)) as url,
        HttpClient(url, basic="me:secret", headers={"X-All": "1"}) as client,
    ):
        _, sent, _ = await client.send(Request(RETRIEVE, "cse", "C", "r1"))
    assert b"Authorization: Basic bWU6c2VjcmV0\r\n" in seen[0]
    assert b"X-All: 1\r\n" in seen[0]
    assert "bWU6" not in sent
    assert "Authorization: (not shown)" in sent


async def test_a_case_takes_a_header_of_the_run_out() -> None:
    seen: list[bytes] = []
    async with serving(answering(OK, seen)) as url, HttpClient(url, bearer="t") as client:
        await client.send(Request(RETRIEVE, "cse", "C", "r1", headers={"authorization": None}))
    assert b"uthorization" not in seen[0]


async def test_redirects_are_answers() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(moved)) as url, HttpClient(url) as client:
        response, _, _ = await client.send(Request(RETRIEVE, "cse", "C", "r1"))
    assert (response.status, response.rsc, response.headers["location"]) == (302, None, "/other")


async def test_a_long_answer_is_read_whole_and_shown_cut() -> None:
    body = b'{"m2m:dbg":"' + b"x" * 50_000 + b'"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with serving(answering(answer)) as url, HttpClient(url) as client:
        response, _, got = await client.send(Request(RETRIEVE, "cse", "C", "r1"))
    assert len(response.pc["m2m:dbg"]) == 50_000
    assert len(got) < 20_300
    assert got.endswith(f"[... {len(body) - 20_000} more bytes]")


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (answering(b""), "the connection was closed without an answer"),
        (answering(b"SSH-2.0-x\r\n\r\n"), "the answer is no HTTP"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), "closed within the answer"),
        (_silent, r"no answer in 0\.2 s"),
    ],
)
async def test_no_answer_says_why(serve: Serve, why: str) -> None:
    async with serving(serve) as url, HttpClient(url, 0.2) as client:
        with pytest.raises(NoAnswer, match=why):
            await client.send(Request(CREATE, "cse", "C", "r1", 3, {"m2m:cnt": {}}))


async def test_nobody_listens() -> None:
    async with serving(_silent) as url:
        pass
    async with HttpClient(url) as client:
        with pytest.raises(NoAnswer, match="connection refused"):
            await client.send(Request(RETRIEVE, "cse", "C", "r1"))


@pytest.mark.parametrize("url", ["localhost:8080", "mqtt://host", "http://", ""])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="expected http://"):
        HttpClient(url)
