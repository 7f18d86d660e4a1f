"""The meters of the building: units behind one Modbus gateway.

Each unit, 32-bit values with the most significant register first:

===== ======= ======= ========================================================
table address type    meaning
===== ======= ======= ========================================================
input 0       float32 mean power of the last step, kW
input 2       uint32  energy, Wh, rolls over at 2^32
input 4       uint32  the building's time, seconds since 1970
===== ======= ======= ========================================================
"""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Mapping
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ipe.simulator.building import METERING, METERS, Meter
from ipe.simulator.faults import Faults

REGISTERS = 6


class Gateway:
    """All meters on one TCP port; ``port`` 0 takes a free one, ``start`` returns it."""

    def __init__(self, faults: Faults, host: str = "127.0.0.1", port: int = 0) -> None:
        self._faults = faults
        self._address = (host, port)
        self._registers: dict[str, list[int]] = {meter.name: [0] * REGISTERS for meter in METERS}
        self._energy_j: dict[str, float] = dict.fromkeys(self._registers, 0.0)
        self._server: ModbusTcpServer | None = None

    def count(self, values: Mapping[str, float], elapsed_s: float) -> None:
        """Add the energy of a step to the counters."""
        for name in self._energy_j:
            self._energy_j[name] += values[f"{METERING}/{name}"] * 1_000 * elapsed_s

    def show(self, values: Mapping[str, float], time_s: float) -> None:
        """Bring the registers up to date, each meter in one moment."""
        for name, energy_j in self._energy_j.items():
            power_kw, counter = values[f"{METERING}/{name}"], int(energy_j / 3_600) % (1 << 32)
            packed = struct.pack(">fII", power_kw, counter, int(time_s) % (1 << 32))
            self._registers[name][:] = struct.unpack(f">{REGISTERS}H", packed)

    async def start(self) -> int:
        """Listen and return the port; raises OSError when the address cannot be had."""
        self._server = ModbusTcpServer([self._unit(meter) for meter in METERS], address=self._address)
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {self._address[0]}:{self._address[1]}; is the port in use?") from error
        sockets: list[socket.socket] = list(getattr(self._server.transport, "sockets", ()))
        return int(sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    def _unit(self, meter: Meter) -> SimDevice:
        place, registers = f"{METERING}/{meter.name}", self._registers[meter.name]

        async def access(
            function_code: int,  # noqa: ARG001 - the server calls with all of them
            start_address: int,  # noqa: ARG001
            address: int,  # noqa: ARG001
            count: int,  # noqa: ARG001
            current_registers: list[int],
            set_values: list[int] | list[bool] | None,  # noqa: ARG001
        ) -> ExcCodes | None:
            if random.random() < self._faults.lost(place):  # noqa: S311 - no secret
                return ExcCodes.GATEWAY_NO_RESPONSE
            current_registers[:REGISTERS] = registers
            return None

        nothing: Any = [SimData(0, values=[False] * 16, datatype=DataType.BITS, readonly=True)]
        words = [SimData(0, values=[0] * REGISTERS, datatype=DataType.REGISTERS, readonly=True)]
        return SimDevice(meter.unit_id, simdata=(nothing, nothing, words, words), action=access)
