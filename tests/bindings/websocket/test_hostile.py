"""Hostile frames: the right answer, the right close code, or silence, and the next peer is served as if nothing was."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.settings import JsonSettings, WebSocketSettings
from tests.bindings.small_cse import SmallCse
from tests.bindings.websocket.hostile import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, frames
from tests.bindings.websocket.served import served, url_of, whole_cse
from tests.bindings.websocket.storm import opened, serves, storm, text

LIMIT = 8192
REQUEST = {"op": 2, "to": "cse", "fr": "CAdmin", "rqi": "r1", "rvi": "3"}


@pytest.fixture
async def url() -> AsyncIterator[str]:
    settings = WebSocketSettings(port=0, handshake_timeout_s=0.2, write_timeout_s=0.3, ping_s=0.3,
                                 max_message_bytes=LIMIT, max_connections=10)  # fmt: skip
    async with served(SmallCse().handle, settings, JsonSettings(max_depth=16, max_members=300)) as url:
        yield url


async def received(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame of the server: opcode and payload."""
    first, second = await asyncio.wait_for(reader.readexactly(2), 5)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    return first & 0x0F, await reader.readexactly(size)


ANSWERED: dict[str, tuple[bytes, int, str]] = {
    "no JSON": (frame(b"hello"), 4000, ""),
    "nothing": (frame(b""), 4000, ""),
    "a list": (text([REQUEST]), 4000, ""),
    "a number": (text(7), 4000, ""),
    "no operation": (text({"to": "cse", "rqi": "r1"}), 4000, "r1"),
    "an unknown operation": (text({**REQUEST, "op": 9}), 4000, "r1"),
    "an operation that is text": (text({**REQUEST, "op": "2"}), 4000, "r1"),
    "no identifier": (text({"op": 2, "to": "cse"}), 4000, ""),
    "an identifier that is a number": (text({**REQUEST, "rqi": 5}), 4000, ""),
    "an unknown parameter": (text({**REQUEST, "zz": 1}), 4000, "r1"),
    "duplicate members": (frame(b'{"op":2,"op":3,"to":"cse","rqi":"r1"}'), 4000, ""),
    "too deep": (frame(b"[" * 500), 4000, ""),
    "too many members": (text({**REQUEST, "pc": {"m2m:cnt": {"lbl": ["a"] * 400}}}), 4000, ""),
    "not a number": (frame(b'{"op":NaN}'), 4000, ""),
    "a request and an answer": (text({**REQUEST, "rsc": 2000}), 4000, "r1"),
    "in fragments": (
        frame(json.dumps(REQUEST).encode()[:9], TEXT, fin=False) + frame(b"x", PING)
         + frame(json.dumps(REQUEST).encode()[9:], CONTINUATION), 2000, "r1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERED)
async def test_what_can_be_answered_is(url: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, rsc, rqi = ANSWERED[name]
    reader, writer = await opened(url)
    writer.write(sent)
    opcode, payload = await received(reader)
    while opcode in (PING, PONG):  # a slow machine is asked meanwhile whether it is there
        opcode, payload = await received(reader)
    answer: dict[str, Any] = json.loads(payload)
    assert (opcode, answer["rsc"], answer.get("rqi", "")) == (TEXT, rsc, rqi)
    writer.write(text({**REQUEST, "rqi": "next"}))
    _, payload = await received(reader)
    assert json.loads(payload)["rqi"] == "next", "the connection goes on"
    writer.close()
    assert not caplog.records, "input of a peer is no incident"


IGNORED = {
    "an answer nobody waits for": {"rsc": 2000, "rqi": "other"},
    "an answer without identifier": {"rsc": 2000},
    "an answer with an odd status": {"rsc": "2000", "rqi": "r1"},
    "an answer with an odd content": {"rsc": 2000, "rqi": "r1", "pc": 7},
}


@pytest.mark.parametrize("name", IGNORED)
async def test_answers_are_never_answered(url: str, name: str) -> None:
    reader, writer = await opened(url)
    writer.write(text(IGNORED[name]) + text({**REQUEST, "rqi": "next"}))
    _, payload = await received(reader)
    assert json.loads(payload)["rqi"] == "next"
    writer.close()


CLOSED = {
    "binary": (frame(b"\x01", BINARY), 1003),
    "not UTF-8": (frame(b"\xff\xfe"), 1007),
    "too large": (frame(b"x" * (LIMIT + 1)), 1009),
    "too large in fragments": (frame(b"x" * LIMIT, fin=False) + frame(b"x" * 10, CONTINUATION), 1009),
    "reserved bits": (frame(b"{}", rsv=4), 1002),
    "compressed without agreement": (frame(b"{}", rsv=1 << 2), 1002),
    "an unknown opcode": (frame(b"{}", 7), 1002),
    "a ping in fragments": (frame(b"x", PING, fin=False), 1002),
    "a ping that is too long": (frame(b"x" * 126, PING), 1002),
    "a continuation of nothing": (frame(b"{}", CONTINUATION), 1002),
    "a close of one byte": (frame(b"\x03", CLOSE), 1002),
    "a close with an unknown code": (frame(struct.pack("!H", 42), CLOSE), 1002),
    "a good-bye": (frame(struct.pack("!H", 1000), CLOSE), 1000),
}


@pytest.mark.parametrize("name", CLOSED)
async def test_what_is_no_protocol_closes_with_its_code(
    url: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent, code = CLOSED[name]
    reader, writer = await opened(url)
    writer.write(sent)
    opcode, payload = await received(reader)
    assert (opcode, struct.unpack("!H", payload[:2])[0]) == (CLOSE, code)
    writer.close()
    assert await serves(url)
    assert not [one for one in caplog.records if one.levelno > logging.WARNING]


async def test_a_peer_that_says_nothing_is_cut_off(url: str) -> None:
    host, port = url.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    assert await asyncio.wait_for(reader.read(), 2) == b""
    writer.close()


async def test_a_peer_that_does_not_answer_pings_is_cut_off(url: str) -> None:
    reader, writer = await opened(url)
    assert (await received(reader))[0] == PING
    async with asyncio.timeout(3):
        while await reader.read(100):
            pass
    writer.close()


async def test_too_many_connections_are_turned_away(url: str) -> None:
    kept = [await opened(url) for _ in range(10)]
    host, port = url.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    assert (await asyncio.wait_for(reader.read(), 2)).startswith(b"HTTP/1.1 503 ")
    writer.close()
    for _, one in kept:
        one.close()


UPGRADE = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "


@pytest.mark.parametrize("head", [
    b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", UPGRADE + b"12\r\n\r\n",
    UPGRADE + b"13\r\nSec-WebSocket-Protocol: oneM2M.json\r\nSec-WebSocket-Key: short\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 20_000 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
])  # fmt: skip
async def test_what_is_no_handshake_is_refused(url: str, head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    host, port = url.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head)
    answer = await asyncio.wait_for(reader.read(), 2)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer
    writer.close()
    assert await serves(url)
    assert not caplog.records


async def test_a_sample_of_hostile_frames_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    async with whole_cse() as node:
        assert await storm(url_of(node), frames(600)) > 10
        assert await serves(url_of(node))
    assert failures == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
