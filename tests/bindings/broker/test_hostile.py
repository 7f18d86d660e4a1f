"""Packets by hand and a fixed sample of mutated ones; tests/long sends many more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bindings.broker.packets import Refused, Splitter
from tests.bindings.broker.malformed import FIRST, LATER
from tests.bindings.broker.storm import storm
from tests.bindings.broker.wire import PINGREQ, PINGRESP, broker, connect, opened

COUNT = 600


def feed(splitter: Splitter, data: bytes, step: int) -> None:
    """Feed a packet that is none in pieces."""
    for begin in range(0, len(data), step):
        assert list(splitter.feed(data[begin : begin + step])) == []


@pytest.mark.parametrize("name", FIRST)
def test_what_cannot_be_a_first_packet_is_refused_however_it_is_cut(name: str) -> None:
    for step in (1, 3, 100_000):
        splitter, data = Splitter(100_000), FIRST[name]
        with pytest.raises(Refused) as refused:
            feed(splitter, data, step)
        assert refused.value.answer == b""


@pytest.mark.parametrize("name", LATER)
def test_what_cannot_follow_a_connect_is_refused_however_it_is_cut(name: str) -> None:
    for step in (1, 3, 100_000):
        splitter, data = Splitter(100_000), LATER[name]
        assert [packet.type for packet in splitter.feed(connect() + PINGREQ)] == [1, 12]
        with pytest.raises(Refused):
            feed(splitter, data, step)


async def test_whoever_sends_them_is_cut_off_and_nobody_else(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, connect("other")) as other:
        for data in FIRST.values():
            async with opened(small.port) as client:
                client.writer.write(data)
                assert await client.is_cut()
        for data in LATER.values():
            async with opened(small.port, connect("c")) as client:
                client.writer.write(PINGREQ + data)
                assert await client.packet() in {PINGRESP, b""}
                assert await client.is_cut()
        assert await other.ask(PINGREQ) == PINGRESP
        assert await small.serves()


async def test_mutated_packets_raise_nothing_and_the_service_goes_on(tmp_path: Path) -> None:
    outcome = await storm(tmp_path, 1, COUNT)
    assert outcome.unhandled == []
    assert (outcome.hung, outcome.left, outcome.serves) == (0, 0, True)
    assert outcome.answered > outcome.connections // 50


async def test_a_first_packet_that_does_not_come_ends_the_connection(tmp_path: Path) -> None:
    async with (
        broker(tmp_path, connect_timeout_s=0.2) as small,
        opened(small.port) as silent,
        opened(small.port) as begun,
    ):
        begun.writer.write(connect()[:5])
        assert await silent.is_cut()
        assert await begun.is_cut()


async def test_a_packet_that_does_not_end_ends_the_connection(tmp_path: Path) -> None:
    async with broker(tmp_path, packet_timeout_s=0.2) as small, opened(small.port, connect()) as client:
        client.writer.write(bytes.fromhex("30 8008"))
        async with asyncio.timeout(5.0):
            assert await client.is_cut()
