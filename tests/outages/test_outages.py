"""Broker, network path and CSE end at random while AEs create and are told over MQTT and WebSocket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.outages.paths import Proxies, Side
from tests.outages.world import Variant, play


async def test_nothing_is_lost_or_done_twice_in_twenty_rounds(tmp_path: Path) -> None:
    variants = [Variant(seed=1, rounds=10, broker=Side.FAR), Variant(seed=2, rounds=10, broker=Side.NEAR)]
    folders = [tmp_path / f"{one.seed}" for one in variants]
    for folder in folders:
        folder.mkdir()
    print(*await asyncio.gather(*map(play, folders, variants)), sep="\n")


async def test_a_broker_that_forgets_and_a_path_that_resets_lose_nothing_either(tmp_path: Path) -> None:
    print(await play(tmp_path, Variant(seed=3, rounds=3, persistent=False, version="5", link=Proxies)))
