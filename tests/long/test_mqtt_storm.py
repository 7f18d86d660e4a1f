"""20,000 hostile messages through Mosquitto: nothing unhandled, nothing logged, service goes on, the memory stays."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.bindings.mqtt.conftest import broker  # noqa: F401 - a fixture
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.paho import PahoAe
from tests.bindings.mqtt.served import ADMIN, cse_id, whole_cse
from tests.bindings.mqtt.test_hostile import storm
from tests.codecs.mutants import resident_mib

MESSAGES = 20_000
#: Memory may grow by this much, in MiB.
GROWTH_MIB = 32


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_hostile_messages(broker: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:  # noqa: F811
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    name = cse_id()
    async with whole_cse(broker, name):
        async with PahoAe(broker, name, ADMIN, "3.1.1").connected() as ae:
            assert (await ae.ask(1, "cse", "box", ty=3, pc={"m2m:cnt": {"rn": "box", "mni": 5}}))["rsc"] == 2001
        await storm(broker, 2000, 1, name)
        before = resident_mib()
        assert (await storm(broker, MESSAGES, 2, name))["rsc"] == 2000
        grown = resident_mib() - before
    print(f"{MESSAGES:,} messages, memory +{grown:.1f} MiB")
    assert failures == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert grown <= GROWTH_MIB
