"""A storm of mutated datagrams or streams against a whole CSE, and what is left of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bindings.coap.mapping import Message
from bindings.coap.server import CoapServer
from bindings.coap.stream import write_frame
from cse.app import Node, running
from cse.settings import CoapSettings, CseSettings, HttpSettings, Settings, StoreSettings
from tests.bindings.coap import streams
from tests.bindings.coap.datagrams import mutated
from tests.bindings.coap.plain import PlainPeer, datagram

#: Datagrams on their way before the server has a turn: what a socket holds.
_AT_ONCE = 20
#: A connection that is not over after this time hangs.
_PATIENCE_S = 5.0
SETTINGS = Settings(
    cse=CseSettings(administrators=["CAdmin"]),
    store=StoreSettings(kind="memory"),
    http=HttpSettings(enabled=False),
    coap=CoapSettings(enabled=True, port=0, max_rate=0, max_kept_bytes=2_000_000, old_options=True),
)
RETRIEVE = [(11, b"cse"), (271, b"3"), (279, b"CAdmin"), (283, b"r1")]


@dataclass
class Outcome:
    """``unhandled``: what reached the event loop or was logged as an error. ``answers`` by their code."""

    unhandled: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    serves: bool = False
    serves_streams: bool = False
    growth_bytes: int = 0


class _Errors(logging.Handler):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(logging.ERROR)
        self._outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        self._outcome.unhandled.append(record.getMessage())


@contextlib.asynccontextmanager
async def stormed(settings: Settings) -> AsyncIterator[tuple[Node, Outcome]]:
    """A CSE that is asked for its CSEBase in the end, over UDP, and an account of what it could not handle."""
    outcome = Outcome()
    errors = _Errors(outcome)
    logging.getLogger().addHandler(errors)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: outcome.unhandled.append(str(context)))
    try:
        async with running(settings) as [node]:
            yield node, outcome
            fresh = await PlainPeer.to(node.urls[0])
            outcome.serves = (await fresh.ask(datagram(1, RETRIEVE)))[1] == 0x45
            fresh.close()
    finally:
        logging.getLogger().removeHandler(errors)


async def storm(seed: int, count: int, warm_up: int = 0) -> Outcome:
    """Send ``count`` datagrams; growth is measured after ``warm_up`` of them."""
    async with stormed(SETTINGS) as (node, outcome):
        peer = await PlainPeer.to(node.urls[0])
        before = 0
        for number, data in enumerate(mutated(seed, count)):
            if number == warm_up:
                before = resident_bytes()
            peer.send(data)
            if number % _AT_ONCE == 0:
                await _turns(node._coap)
                _count(peer, outcome)
        await asyncio.sleep(0.3)
        outcome.growth_bytes = resident_bytes() - before
        _count(peer, outcome)
        peer.close()
    return outcome


async def storm_of_streams(seed: int, count: int, warm_up: int = 0) -> Outcome:
    """Send so many mutated streams, each over a connection of its own; answers are counted by connection."""
    coap = replace(SETTINGS.coap, tcp=True)
    async with stormed(replace(SETTINGS, coap=coap)) as (node, outcome):
        parts = urlsplit(node.urls[1])
        before = 0
        for number, pieces in enumerate(streams.mutated(seed, count)):
            if number == warm_up:
                before = resident_bytes()
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            answer = await _talk(reader, writer, pieces)
            outcome.answers[len(answer) > 0] = outcome.answers.get(len(answer) > 0, 0) + 1
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        asked = streams.SETTINGS + write_frame(b"t", Message(1, RETRIEVE))
        writer.write(asked)
        async with asyncio.timeout(_PATIENCE_S):
            outcome.serves_streams = bool(await reader.readuntil(b"m2m:cb"))
        writer.close()
        outcome.growth_bytes = resident_bytes() - before
    return outcome


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pieces: list[bytes]) -> bytes:
    """Send, say that there is no more, and return what comes until the CSE closes or has no more to say."""
    received = b""
    async with asyncio.timeout(_PATIENCE_S):
        with contextlib.suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            writer.write_eof()
            while more := await reader.read(65536):
                received += more
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return received


def _count(peer: PlainPeer, outcome: Outcome) -> None:
    while not peer.received.empty():
        answer = peer.received.get_nowait()
        outcome.answers[answer[1]] = outcome.answers.get(answer[1], 0) + 1


async def _turns(server: Any) -> None:
    """Let the server read what was sent and finish what it began."""
    assert isinstance(server, CoapServer)
    for _ in range(30):
        await asyncio.sleep(0)
    while server.running:  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(0)


def resident_bytes() -> int:
    """The memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
