"""A keep-alive connection of HTTP that keeps up: requests are cut apart, nothing more is looked at."""

from __future__ import annotations

import asyncio
import re
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_REQUEST_ID = re.compile(rb"\r\nx-m2m-ri: *([^\r]+)", re.IGNORECASE)


class Requests(asyncio.Protocol):
    """One connection; a subclass says in ``asked`` what becomes of a request."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Take every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            body, self._buffer = self._buffer[end + 4 : total], self._buffer[total:]
            self.asked(head, body)

    def asked(self, head: bytes, body: bytes) -> None:
        """Treat one request."""
        raise NotImplementedError

    def answer(self, head: bytes, content: bytes = b"") -> None:
        """Say OK to a request."""
        request_id = _REQUEST_ID.search(head)
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nX-M2M-RI: %b\r\nContent-Length: %d\r\n\r\n%b"
            % (request_id[1] if request_id else b"", len(content), content)
        )
