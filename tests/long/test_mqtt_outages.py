"""A broker that is killed many times while AEs create and are notified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cse.app import running
from cse.settings import StoreSettings
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.outages import survive, verify
from tests.bindings.mqtt.served import cse_id, whole


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("persistent", "version"), [(True, "3.1.1"), (False, "3.1.1"), (True, "5")])
async def test_nothing_is_lost_or_done_twice_over_many_outages(tmp_path: Path, persistent: bool, version: str) -> None:
    broker = Mosquitto(tmp_path, persistent=persistent)
    broker.start()
    settings = whole(broker, cse_id(), StoreSettings(path=str(tmp_path / "banyan.db")), version=version)
    settings.cse = replace(settings.cse, notification_retry_s=600.0)
    async with running(settings) as [node]:
        aes = await survive(broker, node, aes=4, rounds=70, seed=11)
        print([(len(ae.acknowledged), ae.repeated, len(ae.told) - len(set(ae.told))) for ae in aes])
        await verify(node, aes)
    broker.stop()
