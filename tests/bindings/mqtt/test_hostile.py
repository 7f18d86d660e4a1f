"""A sample of hostile messages through Mosquitto; many more of them are in ``tests/long``."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.bindings.mqtt.hostile import messages
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.paho import PahoAe
from tests.bindings.mqtt.served import ADMIN, cse_id, whole_cse

MESSAGES = 600


async def storm(broker: Mosquitto, count: int, seed: int, name: str) -> dict[str, Any]:
    """Publish hostile messages to a CSE; returns its answer to a decent request behind them."""
    async with PahoAe(broker, name, ADMIN, "3.1.1").connected() as ae:
        for number, (topic, payload) in enumerate(messages(name[1:], seed, count)):
            ae.publish(topic, payload)
            if number % 100 == 99:
                await behind(ae, f"so far {number}")
        return await behind(ae, "after")


async def behind(ae: PahoAe, rqi: str) -> dict[str, Any]:
    """Ask, and leave alone what is answered to the others."""
    ae.send(2, "cse", rqi)
    async with asyncio.timeout(30.0):
        while True:
            _, answer = await ae.answered.get()
            if answer.get("rqi") == rqi:
                return answer


async def test_hostile_messages(broker: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    name = cse_id()
    async with whole_cse(broker, name):
        async with PahoAe(broker, name, ADMIN, "3.1.1").connected() as ae:
            assert (await ae.ask(1, "cse", "box", ty=3, pc={"m2m:cnt": {"rn": "box", "mni": 5}}))["rsc"] == 2001
        assert (await storm(broker, MESSAGES, 1, name))["rsc"] == 2000
    assert failures == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
