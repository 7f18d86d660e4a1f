"""The contract of drivers, with a device of rusty-bacnet in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ipe.points import Value
from tests.ipe import bacnet
from tests.ipe.contract import Bench, DiscoveringContract, DriverContract, PrioritisingContract, SubscribingContract


@pytest.fixture
def bacnet_device() -> Iterator[bacnet.Device]:
    with bacnet.running() as device:
        yield device


class TestBacnet(DriverContract, DiscoveringContract, SubscribingContract, PrioritisingContract):
    @pytest.fixture
    async def bench(self, bacnet_device: bacnet.Device) -> Bench:
        async def stop() -> None:
            await asyncio.to_thread(bacnet_device.stop)

        async def start() -> None:
            await asyncio.to_thread(bacnet_device.start)

        async def change(name: str, value: Value) -> None:
            bacnet_device.change(name, value)

        return Bench(
            "bacnet", {"host": "127.0.0.1", "port": bacnet_device.port, "timeout_s": 0.5}, bacnet.POINTS,
            readable=bacnet.READABLE,
            writable={"setpoint": 19.5, "valve": 55.5, "enable": True, "mode_command": 2},
            missing="gone", refused=("mode_command", 99), stop=stop, start=start, change=change)
