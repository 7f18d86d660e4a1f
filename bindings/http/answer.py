"""An answer as aiohttp's low-level server sends it, with nothing that an oneM2M answer does not need."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from bindings.http.mapping import Headers, refusal, response_to
from resources.errors import CseError
from resources.status import Status

_STATUS_LINE = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}


class Answer:
    """Takes the place of ``web.Response``: the same three members that the server uses, at a third of the cost."""

    __slots__ = ("_body", "_headers", "_status", "_writer", "keep_alive")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body
        self._writer: AbstractStreamWriter | None = None
        self.keep_alive: bool | None = None

    @classmethod
    def refusal(cls, http_status: int, error: CseError, headers: Headers = ()) -> Answer:
        """Answer an error with an HTTP status of its own."""
        _, written, body = response_to(refusal(error, headers))
        return cls(http_status, written, body)

    def as_response(self) -> web.StreamResponse:
        """Return itself under the type that aiohttp names."""
        return cast("web.StreamResponse", self)

    def force_close(self) -> None:
        """Close the connection after this answer."""
        self.keep_alive = False

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write the head."""
        headers = self._headers
        headers["Content-Length"] = str(len(self._body))
        headers["Date"] = _date()
        if self.keep_alive is None:
            self.keep_alive = request.keep_alive
        if not self.keep_alive:
            headers["Connection"] = "close"
        elif request.version < (1, 1):
            headers["Connection"] = "keep-alive"
        if request.method == "HEAD":
            self._body = b""
        self._writer = request.writer
        await self._writer.write_headers(_STATUS_LINE[self._status], headers)  # type: ignore[arg-type]

    async def write_eof(self) -> None:
        """Write the body, in one piece with the head."""
        assert self._writer is not None
        await self._writer.write_eof(self._body)


def refuse_bytes(http_status: int, status: Status, reason: str) -> bytes:
    """Write a complete answer for a connection that has no request yet."""
    _, headers, body = response_to(refusal(CseError(reason, status)))
    headers |= {"Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{_STATUS_LINE[http_status]}\r\n{head}\r\n".encode() + body


class _Date:
    """The Date header, written once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def __call__(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


_date = _Date()
