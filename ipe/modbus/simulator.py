"""A simulated meter: a Modbus TCP server that replays a measured year, time-compressed.

``python -m ipe.modbus.simulator --port 5020 --speed 900``. For demonstrations and tests. Unit 1, 32-bit values most
significant register first:

======== ======= ======= =================================================
table    address type    meaning
======== ======= ======= =================================================
input    0       float32 active power, kW
input    2       uint32  active energy, Wh, rolls over at 2^32
input    4       uint32  the meter's clock, seconds since 1970 UTC
holding  0       float32 demand limit, kW, kept as written (0: none)
coil     0       bool    load shed relay, kept as written
discrete 0       bool    power above the demand limit
======== ======= ======= =================================================
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import struct
import sys
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from cse.clock import Clock, SystemClock
from ipe.modbus.replay import DataMissing, Replay, Row, find_data, read_rows

if TYPE_CHECKING:
    from pymodbus.constants import ExcCodes

UNIT = 1
DEFAULT_PORT = 5020
DEFAULT_SPEED = 900.0
READ_INPUT, READ_DISCRETE = 4, 2
WRITE_REGISTERS = frozenset({6, 16})


class Meter:
    """The registers of the meter. Its clock starts at ``start_s`` and runs ``speed`` times as fast as ``clock``.

    The replay starts at the same weekday and time of day, in the zone of this machine.
    """

    def __init__(
        self, rows: Sequence[Row], *, speed: float = DEFAULT_SPEED, start_s: float | None = None,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self._clock: Clock = clock or SystemClock()
        self._began_s = self._clock.time()
        self._start_s = int(self._began_s if start_s is None else start_s)
        self._speed = speed
        self._replay = Replay(rows, datetime.fromtimestamp(self._start_s))  # noqa: DTZ006 - wall clock time is meant
        self.demand_limit_kw = 0.0

    def time_s(self) -> int:
        """Return the meter's own time in whole seconds; all registers show that moment."""
        return self._start_s + self._elapsed_s()

    def _elapsed_s(self) -> int:
        return int((self._clock.time() - self._began_s) * self._speed)

    def power_kw(self) -> float:
        """Return the power now."""
        return self._replay.power_kw(self._elapsed_s())

    def energy_wh(self) -> int:
        """Return the counter now, not rolled over."""
        return self._replay.energy_wh(self._elapsed_s())

    def input_registers(self) -> list[int]:
        """Return input registers 0 to 5 of one moment."""
        packed = struct.pack(">fII", self.power_kw(), self.energy_wh() % (1 << 32), self.time_s() % (1 << 32))
        return list(struct.unpack(">6H", packed))

    def exceeded(self) -> bool:
        """Return whether the power is above the limit."""
        return 0 < self.demand_limit_kw < self.power_kw()

    def device(self) -> SimDevice:
        """Return the device for pymodbus' server."""
        return SimDevice(
            UNIT,
            simdata=(
                [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
                [SimData(0, values=[False] * 16, datatype=DataType.BITS, readonly=True)],
                [SimData(0, values=[0, 0], datatype=DataType.REGISTERS)],
                [SimData(0, values=[0] * 6, datatype=DataType.REGISTERS, readonly=True)],
            ),
            action=self._access,
        )

    async def _access(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,  # noqa: ARG002 - the server calls with all of them
        current_registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Bring the registers up to date before they are read; take what is written."""
        if function_code == READ_INPUT:
            current_registers[0:6] = self.input_registers()
        elif function_code == READ_DISCRETE:
            current_registers[0] = int(self.exceeded())
        elif function_code in WRITE_REGISTERS and set_values:
            registers = current_registers[:2]
            first = address - start_address
            registers[first : first + len(set_values)] = [int(value) for value in set_values]
            (self.demand_limit_kw,) = struct.unpack(">f", struct.pack(">2H", *registers))
        return None


class MeterServer:
    """The meter on TCP; ``port`` 0 takes a free one, ``start`` returns it."""

    def __init__(self, meter: Meter, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        self._meter = meter
        self._address = (host, port)
        self._server: ModbusTcpServer | None = None

    async def start(self) -> int:
        """Listen and return the port; raises OSError when the address cannot be had."""
        self._server = ModbusTcpServer(self._meter.device(), address=self._address)
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


async def simulate(meter: Meter, host: str, port: int) -> None:
    """Serve a meter until cancelled."""
    server = MeterServer(meter, host, port)
    port = await server.start()
    sys.stdout.write(f"meter at {host}:{port}, unit {UNIT}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def start_time_s(text: str) -> float:
    """Read ``now``, ``midnight`` (of today, local) or an ISO date as seconds since 1970."""
    if text == "now":
        return SystemClock().time()
    moment = datetime.now() if text == "midnight" else datetime.fromisoformat(text)  # noqa: DTZ005 - local time is meant
    if text == "midnight":
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.timestamp()


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Do this until SIGINT or SIGTERM, also in the background, where a shell has SIGINT ignored."""
    task = asyncio.create_task(work)
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    await task


def main(arguments: list[str] | None = None) -> int:
    """Run the simulated meter; return 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m ipe.modbus.simulator", description="A simulated meter.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--speed", type=float, default=DEFAULT_SPEED, help="900: a quarter hour in a second")
    parser.add_argument("--start", type=start_time_s, default="now", help="the meter's time: now, midnight, ISO date")
    parser.add_argument("--data", type=Path, help="rows timestamp;value (kWh per quarter hour)")
    options = parser.parse_args(arguments)
    try:
        meter = Meter(read_rows(options.data or find_data()), speed=options.speed, start_s=options.start)
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(until_stopped(simulate(meter, options.host, options.port)))
    except (DataMissing, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
