"""An answer as bytes, with nothing that an oneM2M answer does not need."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

from bindings.http.mapping import Headers, refusal, response_to
from resources.errors import CseError
from resources.status import Status

_STATUS_LINE = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}


class Answer:
    """What is answered to one request. ``keep_alive`` False closes the connection after it."""

    __slots__ = ("body", "headers", "keep_alive", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.keep_alive = True

    @classmethod
    def refusal(cls, http_status: int, error: CseError, headers: Headers = ()) -> Answer:
        """Answer an error with an HTTP status of its own."""
        _, written, body = response_to(refusal(error, headers))
        return cls(http_status, written, body)

    def force_close(self) -> None:
        """Close the connection after this answer."""
        self.keep_alive = False

    def to_bytes(self, method: str, version: tuple[int, int]) -> bytes:
        """Write head and body; raises ValueError when a header holds a line break."""
        headers = self.headers
        headers["Content-Length"] = str(len(self.body))
        headers["Date"] = _date()
        if not self.keep_alive:
            headers["Connection"] = "close"
        elif version < (1, 1):
            headers["Connection"] = "keep-alive"
        head = _head(self.status, headers)
        return head if method == "HEAD" else head + self.body


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = "\r\n".join([_STATUS_LINE[status], *map(": ".join, headers.items())])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    return f"{lines}\r\n\r\n".encode()


def refuse_bytes(http_status: int, status: Status, reason: str) -> bytes:
    """Write a complete answer for a connection that has no request yet."""
    _, headers, body = response_to(refusal(CseError(reason, status)))
    headers |= {"Content-Length": str(len(body)), "Connection": "close"}
    return _head(http_status, headers) + body


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
