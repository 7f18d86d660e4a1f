"""A storm of mutated datagrams against a whole CSE, and what is left of it afterwards."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bindings.coap.server import CoapServer
from cse.app import running
from cse.settings import CoapSettings, CseSettings, HttpSettings, Settings, StoreSettings
from tests.bindings.coap.datagrams import mutated
from tests.bindings.coap.plain import PlainPeer, datagram

#: Datagrams on their way before the server has a turn: what a socket holds.
_AT_ONCE = 20
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
    growth_bytes: int = 0


class _Errors(logging.Handler):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(logging.ERROR)
        self._outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        self._outcome.unhandled.append(record.getMessage())


async def storm(seed: int, count: int, warm_up: int = 0) -> Outcome:
    """Send ``count`` datagrams and ask for the CSEBase afterwards; growth is measured after ``warm_up`` of them."""
    outcome = Outcome()
    errors = _Errors(outcome)
    logging.getLogger().addHandler(errors)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: outcome.unhandled.append(str(context)))
    try:
        async with running(SETTINGS) as [node]:
            peer = await PlainPeer.to(node.urls[0])
            before = 0
            for number, data in enumerate(mutated(seed, count)):
                if number == warm_up:
                    before = resident_bytes()
                peer.send(data)
                if number % _AT_ONCE == 0:
                    await _turns(node._coap)
            await asyncio.sleep(0.3)
            outcome.growth_bytes = resident_bytes() - before
            while not peer.received.empty():
                answer = peer.received.get_nowait()
                outcome.answers[answer[1]] = outcome.answers.get(answer[1], 0) + 1
            peer.close()
            fresh = await PlainPeer.to(node.urls[0])
            outcome.serves = (await fresh.ask(datagram(1, RETRIEVE)))[1] == 0x45
            fresh.close()
    finally:
        logging.getLogger().removeHandler(errors)
    return outcome


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
