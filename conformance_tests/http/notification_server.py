"""The tester as a receiver: endpoints for notifications and for requests that a CSE passes on to an AE (TS-0009 7)."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from conformance_tests.http.content import JSON, encode
from conformance_tests.http.received import Received, read
from conformance_tests.http.status import http_status
from conformance_tests.http.wire_text import request_text, response_text
from conformance_tests.primitive import NOTIFY

#: A longer body is not read.
_LONGEST = 16 << 20
#: Requests to nobody that are kept.
_STRAYS = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """How an endpoint answers: at once with 2000, unless told otherwise.

    ``silence`` never answers, ``close`` closes the connection without an answer, ``delay_s`` waits before. ``headers``
    are put over those of the binding, None takes one out. ``rsc`` None sends no X-M2M-RSC.
    """

    rsc: int | None = 2000
    pc: Any = None
    delay_s: float = 0.0
    silence: bool = False
    close: bool = False
    headers: Mapping[str, str | None] = field(default_factory=dict)


class _Queue:
    """What came and was not asked for yet, in order of arrival."""

    def __init__(self) -> None:
        self._waiting: deque[Received] = deque()
        self._came = asyncio.Condition()

    async def put(self, received: Received) -> None:
        async with self._came:
            self._waiting.append(received)
            self._came.notify_all()

    async def next(self, within_s: float) -> Received | None:
        try:
            async with asyncio.timeout(max(within_s, 0)), self._came:
                await self._came.wait_for(lambda: bool(self._waiting))
                return self._waiting.popleft()
        except TimeoutError:
            return None

    def look(self) -> tuple[Received, ...]:
        return tuple(self._waiting)


class Endpoint:
    """One address of the tester, with its own queues. ``answer`` and ``verification_answer`` may change at any time.

    ``verification_answer`` None: verification requests are answered as everything else. ``received`` is everything
    that came, in order, consumed or not.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self.answer = Answer()
        self.verification_answer: Answer | None = None
        self.received: list[Received] = []
        self._requests = _Queue()
        self._verifications = _Queue()
        self.closed = asyncio.Event()

    async def next(self, within_s: float) -> Received | None:
        """Return the next request that is no verification request and take it out; None when none comes in time."""
        return await self._requests.next(within_s)

    async def next_verification(self, within_s: float) -> Received | None:
        """Return the next verification request and take it out; None when none comes in time."""
        return await self._verifications.next(within_s)

    def pending(self) -> tuple[Received, ...]:
        """Return what ``next`` would give, without taking it out."""
        return self._requests.look()

    def pending_verifications(self) -> tuple[Received, ...]:
        """Return what ``next_verification`` would give, without taking it out."""
        return self._verifications.look()

    async def take(self, received: Received) -> Answer:
        """Keep a request and return how to answer it."""
        self.received.append(received)
        if received.is_verification:
            await self._verifications.put(received)
            return self.verification_answer or self.answer
        await self._requests.put(received)
        return self.answer


class NotificationServer:
    """Listens for what a CSE sends. ``public_host`` is the name by which the CSE reaches this machine.

    Port 0 takes any free one; ``port`` tells which. ``strays`` are the last requests to no endpoint.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, public_host: str | None = None) -> None:
        self.host, self.port = host, port
        self.public_host = public_host or host
        self.strays: deque[Received] = deque(maxlen=_STRAYS)
        self._endpoints: dict[str, Endpoint] = {}
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen. Raises OSError when the address is in use or not of this machine."""
        silent = logging.getLogger(f"{__name__}.http")
        silent.propagate = False
        silent.addHandler(logging.NullHandler())
        server = web.Server(self._handle, access_log=None, logger=silent, handler_cancellation=True)
        runner = web.ServerRunner(server, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        """End everything; requests that wait for an answer get none."""
        for endpoint in self._endpoints.values():
            endpoint.closed.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def endpoint(self, name: str) -> Endpoint:
        """Make a new endpoint; the name is for people, its address cannot be guessed."""
        token = secrets.token_urlsafe(12)
        host = f"[{self.public_host}]" if ":" in self.public_host else self.public_host
        endpoint = Endpoint(name, f"http://{host}:{self.port}/{token}")
        self._endpoints[token] = endpoint
        return endpoint

    def remove(self, endpoint: Endpoint) -> None:
        """Forget an endpoint; what waits for its answer gets none, what comes from now on is not found."""
        self._endpoints.pop(endpoint.url.rpartition("/")[2], None)
        endpoint.closed.set()

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        token, _, rest = http.raw_path.removeprefix("/").partition("?")[0].partition("/")
        received = await _receive(http, rest)
        endpoint = self._endpoints.get(token)
        if endpoint is None:
            self.strays.append(received)
            return _respond(received, Answer(4004, pc={"m2m:dbg": "this endpoint is not, or no longer, used"}))
        answer = await endpoint.take(received)
        ended = await _ends_within(endpoint, None if answer.silence else answer.delay_s)
        if ended or answer.close:
            if http.transport is not None:
                http.transport.close()
            return web.Response(status=500)
        return _respond(received, answer)


async def _ends_within(endpoint: Endpoint, delay_s: float | None) -> bool:
    """Wait, without end when ``delay_s`` is None; return whether the endpoint was closed meanwhile."""
    if delay_s == 0:
        return False
    try:
        async with asyncio.timeout(delay_s):
            await endpoint.closed.wait()
    except TimeoutError:
        return False
    return True


async def _receive(http: web.BaseRequest, path: str) -> Received:
    arrived_s = time.monotonic()
    if http.headers.get("Expect", "").lower() == "100-continue" and http.transport is not None:
        http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _body(http)
    headers = {name.lower(): ", ".join(http.headers.getall(name)) for name in http.headers}
    request, faults = read(http.method, f"/{path}", http.raw_path.partition("?")[2], headers, body)
    faults += [
        f"{name} occurs {count} times"
        for name in ("X-M2M-Origin", "X-M2M-RI", "X-M2M-RVI", "Content-Type")
        if (count := len(http.headers.getall(name, []))) > 1
    ]
    text = request_text(http.method, http.raw_path, http.headers.items(), body)
    return Received(request, faults, arrived_s, text, headers.get("content-type", ""), headers=headers)


async def _body(http: web.BaseRequest) -> bytes:
    parts, length = [], 0
    async for part in http.content.iter_chunked(65_536):
        length += len(part)
        if length > _LONGEST:
            raise web.HTTPRequestEntityTooLarge(_LONGEST, length)
        parts.append(part)
    return b"".join(parts)


def _respond(received: Received, answer: Answer) -> web.Response:
    """Write an answer; content that cannot be read is refused, whatever the endpoint would say."""
    request = received.request
    rsc, pc = answer.rsc, answer.pc
    if rsc == 2000 and received.faults and request.pc is None and request.op == NOTIFY:
        rsc, pc = 4000, {"m2m:dbg": "; ".join(received.faults)}
    body = b"" if pc is None else encode(pc)
    written = {
        "X-M2M-RSC": None if rsc is None else str(rsc),
        "X-M2M-RI": request.rqi,
        "X-M2M-RVI": request.parameters.get("rvi"),
        "Content-Type": JSON if body else None,
        **answer.headers,
    }
    headers = {name: value for name, value in written.items() if value is not None}
    status = 200 if rsc is None else http_status(rsc)
    received.rsc = rsc
    received.wire_response = response_text(status, headers.items(), body)
    return web.Response(status=status, headers=headers, body=body or None)
