"""Broker, network path and CSE end hundreds of times at random while AEs work over MQTT and WebSocket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outages.paths import Proxies, Side
from tests.outages.world import CSE, INSIDE_EVENTS, Variant, play

VARIANTS = {
    "broker at the CSE": Variant(seed=21, rounds=50, broker=Side.FAR),
    "broker at the AEs": Variant(seed=22, rounds=50, broker=Side.NEAR),
    "broker that forgets": Variant(seed=23, rounds=50, persistent=False, version="5"),
    "path that resets": Variant(seed=24, rounds=50, broker=Side.NEAR, link=Proxies, version="5"),
    "broker inside": Variant(seed=25, rounds=50, inside=True, events=INSIDE_EVENTS),
    "kill after kill": Variant(seed=26, rounds=100, dense=True, events=((CSE,),)),
}


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
async def test_nothing_is_lost_or_done_twice(tmp_path: Path, variant: Variant) -> None:
    print(await play(tmp_path, variant))
