"""The two ways to a Modbus device: TCP, and a serial line with RTU frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from ipe.modbus.frames import rtu_mismatch, tcp_mismatch

#: Called with True and a frame that is sent, or with False and all octets of an answer that came so far; returns
#: what the other side is to get of them.
Seen = Callable[[bool, bytes], bytes]
PARITIES = {"none": "N", "even": "E", "odd": "O"}


@dataclass(frozen=True, slots=True)
class Tcp:
    """A device or gateway with an address. Every request has a number, so a late answer is known as such."""

    host: str
    port: int = 502

    mismatch = staticmethod(tcp_mismatch)
    units = range(256)
    quiet = False

    def client(self, timeout_s: float, seen: Seen) -> AsyncModbusTcpClient:
        """Make a client that is not connected."""
        return AsyncModbusTcpClient(
            self.host, port=self.port, timeout=timeout_s, retries=0, reconnect_delay=0, trace_packet=seen
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Line:
    """A serial line. Answers have no number: after one is missed the line has to be ``quiet`` for a while.

    Unit 0 is everybody on it, and nobody answers that (MODBUS over Serial Line V1.02, 2.2).
    """

    path: str
    baud: int = 9600
    parity: str = "even"
    stop_bits: int = 1

    mismatch = staticmethod(rtu_mismatch)
    units = range(1, 248)
    quiet = True

    def client(self, timeout_s: float, seen: Seen) -> AsyncModbusSerialClient:
        """Make a client that is not connected."""
        return AsyncModbusSerialClient(
            self.path, baudrate=self.baud, parity=PARITIES[self.parity], stopbits=self.stop_bits,
            timeout=timeout_s, retries=0, reconnect_delay=0, trace_packet=seen,
        )  # fmt: skip

    def __str__(self) -> str:
        return self.path


Link = Tcp | Line
