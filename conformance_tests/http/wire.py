"""Runs wire cases: sends bytes that are broken or hostile, and judges what the CSE makes of them."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from conformance_tests.case import CatalogueError
from conformance_tests.http.client import HttpClient
from conformance_tests.http.mapping import address_of
from conformance_tests.http.raw import Address, Connection, Conversation, Piece
from conformance_tests.http.raw_answers import RawAnswer
from conformance_tests.http.wire_cases import CLOSED, OTHER, SILENT, Message, Outcome, Permitted, WireCase
from conformance_tests.http.wire_text import body_text
from conformance_tests.primitive import CREATE, DELETE, RETRIEVE, NoAnswer, Request, Response
from conformance_tests.verdict import CaseResult, Exchange, Verdict


@dataclass(slots=True)
class WireContext:
    """The CSE as wire cases address it. Use with ``async with``: that makes a container to work in, and removes it.

    ``cse`` is the name of the CSEBase, ``originator`` may do everything below it. ``alive_within_s``: in that time the
    CSE must answer a normal request after each case.
    """

    client: HttpClient
    cse: str
    originator: str
    csi: str = ""
    spid: str = ""
    rvi: str | None = "3"
    alive_within_s: float = 5.0
    parent: str = field(default_factory=lambda: f"bct-wire-{secrets.token_hex(4)}")
    #: Why there is no container; cases that need it are inconclusive.
    missing: str | None = None

    async def __aenter__(self) -> WireContext:
        content = {"m2m:cnt": {"rn": self.parent}}
        try:
            response, _, _ = await self.client.send(self._request(CREATE, self.cse, 3, content))
            self.missing = None if response.rsc == 2001 else f"a container under the CSEBase got {response.rsc}"
        except NoAnswer as error:
            self.missing = str(error)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.client.send(self._request(DELETE, f"{self.cse}/{self.parent}"))
        except NoAnswer:
            return

    @property
    def address(self) -> Address:
        """Where to connect."""
        return Address(self.client.host, self.client.port, self.client.tls)

    def message(self) -> Message:
        """Return how correct requests look, with a request identifier of their own."""
        host = f"[{self.client.host}]" if ":" in self.client.host else self.client.host
        request_id = f"w{secrets.token_hex(5)}"
        variables = {
            "host": f"{host}:{self.client.port}",
            "cse": quote(self.cse),
            "cse_encoded": "".join(f"%{byte:02X}" for byte in self.cse.encode()),
            "cse_encoded_twice": "".join(f"%25{byte:02X}" for byte in self.cse.encode()),
            "csi": self.csi,
            "spid": self.spid,
            "admin": self.originator,
            "root": self.client.root,
            "parent": f"{quote(self.cse)}/{self.parent}",
            "ri": request_id,
            "rvi": self.rvi or "",
            "unique": f"u{secrets.token_hex(5)}",
        }
        headers = {
            "Host": variables["host"],
            "X-M2M-Origin": self.originator,
            "X-M2M-RI": request_id,
            **({} if self.rvi is None else {"X-M2M-RVI": self.rvi}),
            "Accept": "application/json",
            **self.client.extra_headers,
        }
        return Message(variables, self.client.root, headers)

    async def retrieve(self, address: str) -> Response:
        """Retrieve a resource as any originator would. Raises NoAnswer."""
        response, _, _ = await self.client.send(self._request(RETRIEVE, address), self.alive_within_s)
        return response

    def _request(self, op: int, to: str, ty: int | None = None, content: object = None) -> Request:
        parameters = {} if self.rvi is None else {"rvi": self.rvi}
        return Request(op, to, self.originator, f"w{secrets.token_hex(5)}", ty, content, parameters)


class _Wrong(Exception):
    """What the CSE did is not permitted; the text says what it was."""


async def run_wire(case: WireCase, context: WireContext) -> CaseResult:
    """Run one case; never raises but when cancelled."""
    result = CaseResult(case.id, case.area, case.purpose, case.refs, case.needs, Verdict.PASS, note=case.note)
    began = time.monotonic()
    try:
        if case.uses_parent and context.missing is not None:
            raise CatalogueError(f"nothing to work in: {context.missing}")
        await _judge(case, context, result, began)
    except _Wrong as wrong:
        result.verdict, result.reason = Verdict.FAIL, str(wrong)
    except (CatalogueError, ValueError, NoAnswer) as error:
        result.verdict, result.reason = Verdict.INCONCLUSIVE, str(error)
    result.duration_s = time.monotonic() - began
    if result.verdict is Verdict.PASS:
        result.exchanges.clear()
    return result


async def _judge(case: WireCase, context: WireContext, result: CaseResult, began: float) -> None:
    message = context.message()
    pieces = message.pieces(case.send)
    async with Connection(context.address, case.bodiless) as connection:
        linger_s = max(case.linger_s, min(case.within_s, 2.0)) if case.then == "closed" else case.linger_s
        got = await connection.talk(pieces, len(case.answers), case.within_s, linger_s)
        result.exchanges.append(Exchange("out", time.monotonic() - began, "send", _shown(pieces), _answered(got)))
        _judge_answers(case, got, message, result)
        if case.then == "closed" and not got.closed:
            raise _Wrong("the connection is still open, and had to be closed")
        if case.then == "usable":
            await _judge_usable(connection, context)
    await _judge_afterwards(case, context, message, got)


def _judge_answers(case: WireCase, got: Conversation, message: Message, result: CaseResult) -> None:
    for answer in got.answers:
        _judge_any(answer, case)
    if got.rubbish and OTHER not in case.answers[min(len(got.answers), len(case.answers) - 1)]:
        raise _Wrong(f"what came is no HTTP answer, or not a whole one: {got.rubbish[:100]!r}")
    for place, permitted in enumerate(case.answers):
        seen = got.answers[place] if place < len(got.answers) else _end(got)
        name = f"answer {place + 1}" if len(case.answers) > 1 else "answer"
        if not _is_permitted(seen, permitted, message):
            raise _Wrong(f"{name}: {_named(seen)}; permitted: {', or '.join(map(str, permitted))}")
        if len(permitted) > 1 or _is_open(permitted[0]):
            result.observed += (f"{name}: {_named(seen)}",)
        if isinstance(seen, str):
            return
    if len(got.answers) > case.at_most:
        raise _Wrong(f"{len(got.answers)} answers came, at most {case.at_most} are right: the bytes were cut wrongly")


def _end(got: Conversation) -> str:
    """Return what happened instead of an answer."""
    return OTHER if got.rubbish else CLOSED if got.closed else SILENT


def _judge_any(answer: RawAnswer, case: WireCase) -> None:
    """Judge what no CSE may answer, whatever it got."""
    code = answer.response.headers.get("x-m2m-rsc")
    if answer.status == 500 and code in (None, "5000"):
        raise _Wrong(f"the CSE broke on it: {_named(answer)}")
    if code is not None and not re.fullmatch(r"[1-6][0-9]{3}", code):
        raise _Wrong(f"X-M2M-RSC {code!r} is no response status code")
    if injected := [name for name in case.no_header if name in answer.response.headers]:
        raise _Wrong(f"the answer has a header that the request put into it: {', '.join(injected)}")


async def _judge_usable(connection: Connection, context: WireContext) -> None:
    got = await connection.talk([context.message().request()], 1, context.alive_within_s, 0)
    if not got.answers or got.answers[0].response.rsc != 2000:
        seen = _named(got.answers[0] if got.answers else _end(got))
        raise _Wrong(f"the connection is not usable for the next request: {seen}")


async def _judge_afterwards(case: WireCase, context: WireContext, message: Message, got: Conversation) -> None:
    """Judge whether the CSE is as it was: it answers, nothing was made that must not be."""
    try:
        alive = await context.retrieve(context.cse)
    except NoAnswer as error:
        raise _Wrong(f"afterwards a normal request failed: {error}") from None
    if alive.rsc != 2000:
        raise _Wrong(f"afterwards a normal request got {alive.status}/{alive.rsc}")
    for address in case.absent:
        if (await context.retrieve(message.text(address))).rsc == 2000:
            raise _Wrong(f"afterwards there is {address}, which no request of the tester asked for")
    for address in case.present:
        if (await context.retrieve(message.text(address))).rsc != 2000:
            raise _Wrong(f"afterwards {address} is gone, which no request of the tester removed")
    for answer in got.answers:
        await _judge_created(answer, context)


async def _judge_created(answer: RawAnswer, context: WireContext) -> None:
    """Judge whether what was created can be read: content that is accepted must not break the CSE later."""
    response = answer.response
    location = response.headers.get("content-location")
    if response.rsc != 2001 or location is None:
        return
    try:
        again = await context.retrieve(address_of(location, context.client.root))
    except NoAnswer as error:
        raise _Wrong(f"what was created cannot be retrieved: {error}") from None
    if again.status == 500 or again.broken is not None:
        raise _Wrong(f"what was created cannot be retrieved: {again.status}/{again.rsc} {again.broken or ''}")


def _is_permitted(seen: RawAnswer | str, permitted: Permitted, message: Message) -> bool:
    if isinstance(seen, str):
        return seen in permitted
    return any(_fits(seen, one, message) for one in permitted if isinstance(one, Outcome))


def _fits(seen: RawAnswer, outcome: Outcome, message: Message) -> bool:
    response = seen.response
    rsc = "absent" if response.rsc is None else str(response.rsc)
    return (
        (outcome.status is None or any(_matches(str(seen.status), one) for one in outcome.status))
        and (outcome.rsc is None or any(_matches(rsc, one) for one in outcome.rsc))
        and (outcome.ri is None or response.rqi == message.text(outcome.ri))
    )


def _is_open(outcome: Outcome | str) -> bool:
    """Whether one outcome stands for several."""
    if isinstance(outcome, str):
        return False
    return outcome.rsc is None or len(outcome.rsc) > 1 or "x" in outcome.rsc[0]


def _matches(value: str, pattern: str) -> bool:
    """Whether a value is the pattern, in which ``x`` stands for any digit."""
    if value == pattern:
        return True
    return len(value) == len(pattern) and all(p in ("x", v) for v, p in zip(value, pattern, strict=True))


def _named(seen: RawAnswer | str) -> str:
    if isinstance(seen, str):
        return {CLOSED: "closed without an answer", SILENT: "no answer", OTHER: "no HTTP/1 answer"}[seen]
    rsc = seen.response.rsc
    return f"{seen.status}/{rsc}" if rsc is not None else f"{seen.status} without X-M2M-RSC"


def _shown(pieces: list[Piece]) -> str:
    return body_text(b"".join(piece if isinstance(piece, bytes) else f"[{piece}]".encode() for piece in pieces))


def _answered(got: Conversation) -> str:
    parts = [answer.text for answer in got.answers]
    if got.rubbish:
        parts.append(body_text(got.rubbish))
    return "\n\n".join([*parts, "[closed by the CSE]" if got.closed else "[open]"])
