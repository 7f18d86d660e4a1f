"""The broker on either event loop: a service runs on uvloop, the tests on the loop of the standard library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from tests.bindings.broker.storm import storm
from tests.bindings.broker.wire import (
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    broker,
    connect,
    opened,
    puback,
    publish,
    subscribe,
)

TOPIC = "/oneM2M/req/Cae1/Cae1/json"


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_messages_sessions_and_bounds(loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    kept = connect("kept", clean=False)

    async def play() -> None:
        async with broker(tmp_path, write_timeout_s=0.5) as small:
            async with opened(small.port, kept) as ae:
                await ae.ask(subscribe(1, (TOPIC, 1)))
                ae.writer.write(publish(TOPIC, b"1", 5) + DISCONNECT)
                assert {await ae.packet(), await ae.packet()} == {puback(5), publish(TOPIC, b"1", 1)}
                assert await ae.is_cut()
            async with opened(small.port, kept) as ae, opened(small.port, connect("other")) as other:
                assert await ae.packet() == publish(TOPIC, b"1", 1, again=True)
                ae.writer.transport.pause_reading()  # type: ignore[attr-defined]
                for number in range(1, 101):
                    assert await other.ask(publish(TOPIC, b"x" * 100_000, number)) == puback(number)
                async with asyncio.timeout(10.0):
                    while len(small.gate.lines) > 1:  # noqa: ASYNC110 - it has no event for that
                        await asyncio.sleep(0.05)
                assert await other.ask(PINGREQ) == PINGRESP
            assert await small.serves()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())


def test_mutated_packets_on_uvloop(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(storm(tmp_path, 3, 300))
    assert outcome.unhandled == []
    assert (outcome.hung, outcome.left, outcome.serves) == (0, 0, True)
