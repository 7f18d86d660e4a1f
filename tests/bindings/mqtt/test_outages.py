"""The broker is killed and comes back, with what it had written down or with nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cse.app import running
from cse.settings import StoreSettings
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.outages import survive, verify
from tests.bindings.mqtt.served import cse_id, whole


@pytest.mark.parametrize("persistent", [True, False], ids=["that remembers", "that forgets"])
async def test_nothing_is_lost_or_done_twice_when_a_broker_is_killed(tmp_path: Path, persistent: bool) -> None:
    broker = Mosquitto(tmp_path, persistent=persistent)
    broker.start()
    settings = whole(broker, cse_id(), StoreSettings(path=str(tmp_path / "banyan.db")))
    settings.cse = replace(settings.cse, notification_retry_s=120.0)
    async with running(settings) as [node]:
        aes = await survive(broker, node, aes=2, rounds=4, seed=7)
        assert all(ae.acknowledged for ae in aes)
        await verify(node, aes)
    broker.stop()
