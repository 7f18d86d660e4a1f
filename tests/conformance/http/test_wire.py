"""Wire cases against servers that are right, and against some that are wrong in one way each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from conformance_tests.http.client import HttpClient
from conformance_tests.http.raw import send_bytes
from conformance_tests.http.wire import WireContext, run_wire
from conformance_tests.http.wire_cases import Outcome, Permitted, WireCase, load_wire
from conformance_tests.primitive import NoAnswer
from conformance_tests.verdict import CaseResult, Verdict
from tests.conformance import suite

OK = b"HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nX-M2M-RI: %s\r\nContent-Length: 0\r\n%s\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\nX-M2M-RSC: 4000\r\nContent-Length: 0\r\n\r\n"
CREATED = b"HTTP/1.1 201 Created\r\nX-M2M-RSC: 2001\r\nContent-Location: /cse/odd\r\nContent-Length: 0\r\n\r\n"
CRASH = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
Odd = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peculiar:
    """Answers everything with 2000, but ``/odd`` and what is below in a way of its own."""

    odd: Odd
    alive: bool = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                ri = next((line[10:] for line in head.split(b"\r\n") if line.startswith(b"X-M2M-RI: ")), b"")
                if b"/odd" in head.partition(b"\r\n")[0]:
                    await self.odd(writer)
                elif self.alive:
                    writer.write(OK % (ri, b""))
                    await writer.drain()
                else:
                    break
        writer.close()


def saying(*parts: bytes, close: bool = False) -> Odd:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(parts))
        await writer.drain()
        if close:
            writer.close()

    return say


@contextlib.asynccontextmanager
async def peculiar(cse: Peculiar) -> AsyncIterator[WireContext]:
    server = await asyncio.start_server(cse.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, HttpClient(url, 1) as client:
        yield WireContext(client, "cse", "CAdmin", alive_within_s=0.3)


def case(*answers: Permitted, **changed: Any) -> WireCase:
    facts: dict[str, Any] = {
        "id": "WIRE/x",
        "area": "robustness",
        "purpose": "p",
        "refs": (),
        "needs": (),
        "note": "",
        "send": ({"request": {"target": "/odd"}},),
        "answers": answers or ((Outcome(rsc=("2000",)),),),
        "at_most": len(answers) or 1,
        "then": None,
        "absent": (),
        "present": (),
        "no_header": (),
        "within_s": 0.3,
        "linger_s": 0.05,
        "bodiless": False,
    }
    return WireCase(**(facts | changed))


async def judged(odd: Odd, one: WireCase, **how: Any) -> CaseResult:
    async with peculiar(Peculiar(odd, **how)) as context:
        return await run_wire(one, context)


REFUSED: Permitted = (Outcome(("4xx",), ("4000", "absent")), "closed")


@pytest.mark.parametrize(
    ("odd", "one", "observed"),
    [
        (saying(OK % (b"r", b"")), case(), ()),
        (saying(BAD), case(REFUSED), ("answer: 400/4000",)),
        (saying(BAD.replace(b"X-M2M-RSC: 4000\r\n", b"")), case(REFUSED), ("answer: 400 without X-M2M-RSC",)),
        (saying(close=True), case(REFUSED), ("answer: closed without an answer",)),
        (saying(), case(("silent",)), ()),
        (saying(b"\0\1"), case(("other",)), ()),
        (saying(BAD, BAD), case(REFUSED, REFUSED), ("answer 1: 400/4000", "answer 2: 400/4000")),
        (saying(BAD, close=True), case(REFUSED, REFUSED), ("answer 1: 400/4000", "answer 2: closed without an answer")),
        (saying(BAD, close=True), case(REFUSED, then="closed"), ("answer: 400/4000",)),
        (saying(BAD), case(REFUSED, then="usable"), ("answer: 400/4000",)),
    ],
)
async def test_what_is_permitted_passes(odd: Odd, one: WireCase, observed: tuple[str, ...]) -> None:
    got = await judged(odd, one)
    assert (got.verdict, got.reason, got.observed) == (Verdict.PASS, "", observed)
    assert got.exchanges == []


@pytest.mark.parametrize(
    ("odd", "one", "reason"),
    [
        (saying(BAD), case(), "answer: 400/4000; permitted: X-M2M-RSC 2000"),
        (saying(), case(REFUSED), "answer: no answer; permitted"),
        (saying(CRASH), case((Outcome(),)), "the CSE broke on it: 500 without X-M2M-RSC"),
        (saying(b"rubbish"), case(REFUSED), "no HTTP answer"),
        (saying(BAD[:30], close=True), case(REFUSED), "not a whole one"),
        (saying(BAD, BAD), case(REFUSED), "2 answers came, at most 1"),
        (saying(BAD), case(REFUSED, then="closed"), "the connection is still open"),
        (saying(BAD, close=True), case(REFUSED, then="usable"), "not usable for the next request: closed"),
        (saying(OK % (b"r", b"X-Injected: a\r\n")), case(no_header=("x-injected",)), "x-injected"),
        (saying(BAD.replace(b"4000", b"40OO")), case((Outcome(),)), "'40OO' is no response status code"),
        (saying(OK % (b"other", b"")), case((Outcome(rsc=("2000",), ri="${ri}"),)), "permitted: X-M2M-RSC 2000 with"),
        (saying(BAD), case(REFUSED, absent=("cse/x",)), "afterwards there is cse/x"),
        (saying(BAD), case(REFUSED, present=("odd",)), "afterwards odd is gone"),
    ],
)
async def test_what_is_not_permitted_fails(odd: Odd, one: WireCase, reason: str) -> None:
    got = await judged(odd, one)
    assert got.verdict is Verdict.FAIL
    assert reason in got.reason
    assert got.exchanges[0].request.startswith("GET /odd HTTP/1.1\r\n")


async def test_a_cse_that_does_not_live_on_fails() -> None:
    got = await judged(saying(BAD), case(REFUSED), alive=False)
    assert (got.verdict, got.reason) == (
        Verdict.FAIL,
        "afterwards a normal request failed: the connection was closed without an answer",
    )


async def test_what_is_created_must_be_readable() -> None:
    answers = [CREATED, CRASH]

    async def once(writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    got = await judged(once, case((Outcome(rsc=("2001",)),)))
    assert got.verdict is Verdict.FAIL
    assert got.reason.startswith("what was created cannot be retrieved: 500")


async def test_a_wrong_case_says_nothing_about_the_cse() -> None:
    got = await judged(saying(BAD), case(send=("${nobody}",)))
    assert (got.verdict, "${nobody}" in got.reason) == (Verdict.INCONCLUSIVE, True)


async def test_nobody_listens() -> None:
    async with peculiar(Peculiar(saying(BAD))) as context:
        pass
    assert (await run_wire(case(), context)).verdict is Verdict.INCONCLUSIVE
    async with context:
        assert context.missing is not None
        working = case(send=("GET /${parent}",))
        assert "nothing to work in" in (await run_wire(working, context)).reason
    await context.client.close()
    with pytest.raises(NoAnswer, match="no connection"):
        await send_bytes(context.client.host, context.client.port, b"x", 0.1)


async def test_bytes_that_nobody_reads_do_not_hold_the_suite_up() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    began = time.monotonic()
    async with server:
        got = await send_bytes("127.0.0.1", server.sockets[0].getsockname()[1], b"x" * (16 << 20), 0.2)
        assert (got.answers, got.closed) == ([], False)
        assert time.monotonic() - began < 1.5


async def test_a_right_cse_passes_every_quick_case() -> None:
    async with (
        suite.serving() as url,
        HttpClient(url) as client,
        WireContext(client, "cse", suite.ADMIN) as context,
    ):
        cases = [one for one in load_wire() if "pause" not in str(one.send) and one.within_s == 5]
        waiting = iter(cases)
        results: list[CaseResult] = []

        async def work() -> None:
            results.extend([await run_wire(one, context) for one in waiting])

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(work())
    assert {result.id: result.reason for result in results if result.verdict is not Verdict.PASS} == {}
    assert len(results) > 250
