"""A storm of malformed packets against a broker, in every state of a connection, and what is left of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.bindings.broker.malformed import mutated
from tests.bindings.broker.wire import ACCEPTED, PINGREQ, broker, connect, opened, subscribe

#: A connection that has not ended, and does not answer, after this time hangs.
_PATIENCE_S = 10.0
_AT_ONCE = 16
#: States in which a connection is when the packets come: what was sent before.
_STATES = (
    b"",
    connect("c1"),
    connect("c2", clean=False) + subscribe(9, ("/oneM2M/resp/Cae1/#", 1), ("/oneM2M/req/+/Cae1/#", 1)),
    connect("c3", will=("/oneM2M/req/Cae1/Cae1/json", b"bye")) + subscribe(9, ("/oneM2M/req/+/Cae1/#", 0)),
    connect("c4", password="wrong"),
)


@dataclass
class Outcome:
    """``unhandled``: what reached the event loop, or was logged as an error or by amqtt."""

    unhandled: list[str] = field(default_factory=list)
    connections: int = 0
    answered: int = 0
    hung: int = 0
    serves: bool = False
    left: int = -1
    growth_bytes: int = 0


class _Errors(logging.Handler):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(logging.WARNING)
        self._outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.name.startswith("amqtt"):
            self._outcome.unhandled.append(f"{record.name}: {record.getMessage()}")


async def storm(folder: Path, seed: int, count: int, warm_up: int = 0) -> Outcome:
    """Send so many packets; growth is measured after ``warm_up`` of them."""
    outcome, chance = Outcome(), random.Random(seed)
    errors = _Errors(outcome)
    logging.getLogger().addHandler(errors)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: outcome.unhandled.append(str(context)))
    try:
        async with broker(folder) as small:
            packets = mutated(seed, count)
            await _all(small.port, chance, islice(packets, warm_up), outcome)
            before = resident_bytes()
            await _all(small.port, chance, packets, outcome)
            outcome.serves = await small.serves()
            async with asyncio.timeout(_PATIENCE_S):
                while small.gate.lines:  # noqa: ASYNC110 - it has no event for that
                    await asyncio.sleep(0.01)
            outcome.left = len(small.gate.lines)
            outcome.growth_bytes = resident_bytes() - before
    finally:
        logging.getLogger().removeHandler(errors)
    return outcome


async def _all(port: int, chance: random.Random, packets: Iterator[bytes], outcome: Outcome) -> None:
    """Send each packet, most of them over a connection of their own: after a malformed one nothing is looked at."""

    async def some() -> None:
        while batch := list(islice(packets, chance.choice((1, 1, 1, 2, 3)))):
            await _send(port, chance, batch, outcome)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def _send(port: int, chance: random.Random, batch: list[bytes], outcome: Outcome) -> None:
    outcome.connections += 1
    async with opened(port) as client:
        with contextlib.suppress(OSError):
            client.writer.write(chance.choice(_STATES))
            for data in batch:
                if client.writer.transport.is_closing():
                    break
                client.writer.write(data)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
            if chance.random() < 0.1:
                client.abort()
                return
            client.writer.write(PINGREQ)
            client.writer.write_eof()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while got := await client.packet():
                    outcome.answered += got[:1] != ACCEPTED[:1]
        except TimeoutError:
            outcome.hung += 1


def resident_bytes() -> int:
    """The memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
