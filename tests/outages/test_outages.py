"""Broker, network path and CSE end at random while AEs create and are told over MQTT and WebSocket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.outages.paths import Proxies, Side
from tests.outages.world import CSE, INSIDE_EVENTS, Variant, play


async def played(folder: Path, *variants: Variant) -> None:
    """Play worlds at the same time."""
    folders = [folder / f"{one.seed}" for one in variants]
    for one in folders:
        one.mkdir()
    print(*await asyncio.gather(*map(play, folders, variants)), sep="\n")


async def test_nothing_is_lost_or_done_twice_in_twenty_rounds(tmp_path: Path) -> None:
    await played(tmp_path, Variant(seed=1, rounds=10, broker=Side.FAR), Variant(seed=2, rounds=10, broker=Side.NEAR))


async def test_the_same_with_the_broker_inside(tmp_path: Path) -> None:
    await played(tmp_path, *(Variant(seed=seed, rounds=5, inside=True, events=INSIDE_EVENTS) for seed in (3, 4)))


async def test_a_broker_that_forgets_paths_that_reset_and_kill_after_kill_lose_nothing_either(tmp_path: Path) -> None:
    await played(tmp_path, Variant(seed=5, rounds=4, persistent=False, version="5", link=Proxies),
                 Variant(seed=6, rounds=8, dense=True, events=((CSE,),)))  # fmt: skip
