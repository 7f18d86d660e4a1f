"""Mutated bodies against a whole CSE over HTTP: each gets an answer that is no failure of the CSE; then it goes on."""

from __future__ import annotations

import asyncio
import gc
import logging

import aiohttp
import pytest

from cse.app import running
from cse.codecs import Codec
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from tests.codecs.mutants import bodies, resident_mib
from tests.codecs.serialisations import CODECS

HEADERS = {"X-M2M-Origin": "CAdmin", "X-M2M-RI": "1", "X-M2M-RVI": "4"}
WORKERS = 8


@pytest.mark.parametrize("codec", CODECS.by_name.values(), ids=CODECS.names)
@pytest.mark.parametrize("count", [400, pytest.param(20_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
async def test_mutated_bodies(codec: Codec, count: int, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"], verify_subscriptions=False), store=StoreSettings(kind="memory"),
        http=HttpSettings(port=0),
    )
    statuses: dict[int, int] = {}
    async with running(settings) as [node], aiohttp.ClientSession(headers=HEADERS) as session:
        work = enumerate(bodies(codec, count, count))
        gc.collect()
        before = resident_mib()

        async def worker() -> None:
            for number, body in work:
                # Types that are there once, so that what is accepted does not grow the tree without end.
                type_, accept = (3, 23, 1, 9, 13)[number % 5], list(CODECS.by_name.values())[number % 3].media_type
                headers = {"Content-Type": f"{codec.media_type};ty={type_}", "Accept": accept}
                async with session.post(f"{node.url}/cse", data=body, headers=headers) as answer:
                    statuses[answer.status] = statuses.get(answer.status, 0) + 1
                    await answer.read()

        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        async with session.get(f"{node.url}/cse") as answer:
            assert answer.status == 200
        gc.collect()
        assert resident_mib() - before < 32
    assert sum(statuses.values()) == count
    assert 500 not in statuses
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
