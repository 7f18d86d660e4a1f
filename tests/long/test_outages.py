"""Broker, network path and CSE end 200 times at random while AEs create and are told over MQTT and WebSocket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outages.paths import Proxies, Side
from tests.outages.world import Variant, play


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "variant",
    [
        Variant(seed=21, rounds=50, broker=Side.FAR),
        Variant(seed=22, rounds=50, broker=Side.NEAR),
        Variant(seed=23, rounds=50, broker=Side.FAR, persistent=False, version="5"),
        Variant(seed=24, rounds=50, broker=Side.NEAR, link=Proxies, version="5"),
    ],
    ids=["broker at the CSE", "broker at the AEs", "broker that forgets", "path that resets"],
)
async def test_nothing_is_lost_or_done_twice(tmp_path: Path, variant: Variant) -> None:
    print(await play(tmp_path, variant))
