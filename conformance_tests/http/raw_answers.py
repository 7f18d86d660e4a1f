"""Answers of HTTP/1 out of a stream of bytes (RFC 9112), without an HTTP library."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance_tests.http.mapping import from_http
from conformance_tests.http.wire_text import response_text
from conformance_tests.primitive import Response

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r?\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*\r?\n")
_END = re.compile(rb"\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer as it was on the wire; chunks are put together."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def response(self) -> Response:
        """The answer as a primitive."""
        return from_http(self.status, self.headers, self.body)

    @property
    def text(self) -> str:
        """The answer for people."""
        return response_text(self.status, self.headers, self.body, self.reason)


def read_answers(received: bytes, *, closed: bool, bodiless: bool = False) -> tuple[list[RawAnswer], bytes]:
    """Return all final answers and what is left over: part of an answer, or what is no HTTP.

    Interim answers (100 and the like) are passed over. ``closed``: no more comes, which ends an answer without a
    length. ``bodiless``: answers have no body whatever they say (HEAD).
    """
    answers: list[RawAnswer] = []
    at = 0
    while (found := _read(received, at, closed, bodiless)) is not None:
        answer, at = found
        if answer.status >= 200:
            answers.append(answer)
    return answers, received[at:]


def _read(received: bytes, at: int, closed: bool, bodiless: bool) -> tuple[RawAnswer, int] | None:
    line = _STATUS_LINE.match(received, at)
    if line is None:
        return None
    headers: list[tuple[str, str]] = []
    at = line.end()
    while header := _HEADER.match(received, at):
        headers.append((header[1].decode("latin-1"), header[2].decode("utf-8", "backslashreplace")))
        at = header.end()
    end = _END.match(received, at)
    if end is None:
        return None
    status = int(line[1])
    named = {name.lower(): value for name, value in headers}
    none = bodiless or status < 200 or status in (204, 304)
    body = (b"", end.end()) if none else _body(received, end.end(), named, closed)
    if body is None:
        return None
    return RawAnswer(status, (line[2] or b"").decode("latin-1"), tuple(headers), body[0]), body[1]


def _body(received: bytes, at: int, headers: dict[str, str], closed: bool) -> tuple[bytes, int] | None:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(received, at)
    length = headers.get("content-length")
    if length is None:
        return (received[at:], len(received)) if closed else None
    if not (length.isascii() and length.isdigit()):
        return None
    end = at + int(length)
    return (received[at:end], end) if end <= len(received) else None


def _chunks(received: bytes, at: int) -> tuple[bytes, int] | None:
    parts: list[bytes] = []
    while size := _CHUNK.match(received, at):
        length, start = int(size[1], 16), size.end()
        if length == 0:
            return _after_trailers(received, start, b"".join(parts))
        if received[start + length : start + length + 2] != b"\r\n":
            return None
        parts.append(received[start : start + length])
        at = start + length + 2
    return None


def _after_trailers(received: bytes, at: int, body: bytes) -> tuple[bytes, int] | None:
    while header := _HEADER.match(received, at):
        at = header.end()
    end = _END.match(received, at)
    return (body, end.end()) if end else None
