"""HTTP byte by byte: what is sent is written out, what comes back is read without an HTTP library."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer from the wire; ``rsc`` is X-M2M-RSC, 0 when absent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def rsc(self) -> int:
        return int(self.headers.get("x-m2m-rsc", "0"))


@dataclass(slots=True)
class Exchange:
    """What came back on one connection."""

    answers: list[RawAnswer] = field(default_factory=list)
    closed: bool = False


def message(
    method: str = "GET",
    target: str = "/cse",
    body: bytes = b"",
    *,
    headers: dict[str, str | None] | None = None,
    extra: str = "",
    version: str = "HTTP/1.1",
) -> bytes:
    """Write a correct request; ``headers`` replaces or (None) removes, ``extra`` is put into the head as it is."""
    fields: dict[str, str | None] = {
        "Host": "localhost",
        "X-M2M-Origin": "CAdmin",
        "X-M2M-RI": "r1",
        "X-M2M-RVI": "3",
    }
    if body or method in {"POST", "PUT"}:
        fields["Content-Length"] = str(len(body))
        fields["Content-Type"] = "application/json"
    fields |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"{method} {target} {version}\r\n{head}{extra}\r\n".encode("latin-1") + body


async def exchange(
    host: str,
    port: int,
    *pieces: bytes | float,
    expected: int = 1,
    until_closed: bool = False,
    half_close: bool = False,
    timeout_s: float = 2.0,
) -> Exchange:
    """Send pieces (a number waits that many seconds) and collect ``expected`` answers, or all until the peer closes."""
    reader, writer = await asyncio.open_connection(host, port)
    result = Exchange()
    try:
        async with asyncio.timeout(timeout_s):
            reading = asyncio.create_task(_collect(reader, result, expected, until_closed))
            await _send(writer, pieces, half_close)
            await reading
    except TimeoutError:
        pass
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return result


async def _send(writer: asyncio.StreamWriter, pieces: tuple[bytes | float, ...], half_close: bool) -> None:
    try:
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            else:
                await asyncio.sleep(piece)
        if half_close:
            writer.write_eof()
    except (ConnectionError, RuntimeError):
        return


async def _collect(reader: asyncio.StreamReader, result: Exchange, expected: int, until_closed: bool) -> None:
    try:
        while until_closed or len(result.answers) < expected:
            head = await reader.readuntil(b"\r\n\r\n")
            status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            status = int(status_line.split()[1])
            if status == 100:
                result.answers.append(RawAnswer(status, headers, b""))
                continue
            body = await reader.readexactly(int(headers["content-length"]))
            result.answers.append(RawAnswer(status, headers, body))
    except (asyncio.IncompleteReadError, ConnectionError):
        result.closed = True
