"""The contract of drivers, with a libmodbus device, by Modbus TCP and by Modbus RTU."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest

from tests.ipe import libmodbus
from tests.ipe.conftest import Device
from tests.ipe.contract import Bench, DriverContract

POINTS = """\
name,table,address,type,writable,scale
power,holding,0,float32,no,1
energy,holding,2,uint32,no,1
temperature,holding,4,int16,no,0.1
running,coil,0,bool,no,1
setpoint,holding,10,float32,yes,1
valve,holding,12,uint16,yes,0.1
fan,coil,3,bool,yes,1
gone,holding,5000,uint16,yes,1
"""


def _fill(at: int | str) -> None:
    with libmodbus.Client(at) as client:
        client.write_registers(0, list(struct.unpack(">5H", struct.pack(">fIh", 12.5, 4_000_000_000, -105))))
        client.write_bit(0, True)


def _bench(device: Device, settings: dict[str, Any], at: int | str) -> Bench:
    async def stop() -> None:
        await asyncio.to_thread(device.stop)

    async def start() -> None:
        await asyncio.to_thread(device.start)
        await asyncio.to_thread(_fill, at)

    return Bench(
        "modbus", {**settings, "timeout_s": 0.5}, POINTS,
        readable={"power": 12.5, "energy": 4_000_000_000, "temperature": -10.5, "running": True},
        writable={"setpoint": 21.5, "valve": 55.5, "fan": True}, missing="gone", stop=stop, start=start)


class TestModbusTcp(DriverContract):
    @pytest.fixture
    async def bench(self, device: Device) -> Bench:
        await asyncio.to_thread(_fill, device.port)
        return _bench(device, {"host": "127.0.0.1", "port": device.port}, device.port)


class TestModbusRtu(DriverContract):
    @pytest.fixture
    async def bench(self, device_on_line: tuple[Device, str]) -> Bench:
        device, path = device_on_line
        await asyncio.to_thread(_fill, path)
        return _bench(device, {"serial": path, "parity": "none"}, path)
