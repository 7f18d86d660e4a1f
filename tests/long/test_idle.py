"""What a thousand idle AEs cost over WebSocket, and over MQTT with each broker."""

from __future__ import annotations

import pytest

from bench.idle import WAYS, allow_connections
from tests.bindings.mqtt.mosquitto import program

MOST_BYTES = 60_000
AES = 1000


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
async def test_an_idle_ae_costs_at_most_60_kb(way: str) -> None:
    if way == "mosquitto":
        program("mosquitto")
    allow_connections(2 * AES + 1000)
    cost = await WAYS[way](AES)
    print(cost)
    assert 0 < cost.whole <= MOST_BYTES
