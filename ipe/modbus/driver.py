"""Modbus TCP and RTU through pymodbus, whose other importers are ``links`` and the simulator.

pymodbus mixes answers when several requests wait on one connection, so there is one at a time. A connection that
missed an answer is closed: the late answer must not be taken for the next one. It takes answers that do not belong to
the request, too (another function, too few registers, another unit), so each is compared with what was asked before
it gets there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from ipe.driver import DeviceFault, DeviceUnreachable, FieldProtocol, PointError
from ipe.modbus.links import PARITIES, Line, Link, Tcp
from ipe.modbus.mapping import (
    BIT_TABLES,
    COLUMNS,
    Block,
    ModbusPoint,
    Register,
    decode,
    encode,
    plan,
    register_of,
    words_of,
)
from ipe.points import Value, nearest
from ipe.settings import SettingsError

EXCEPTIONS = {
    1: "illegal function: the device cannot read or write this table",
    2: "illegal data address: the device has no such register; check table and address (counted from 0)",
    3: "illegal data value: the device refuses this value or length",
    4: "device failure: the device failed while doing it",
    5: "acknowledge: the device needs long to do it",
    6: "device busy: try again later",
    8: "memory parity error in the device",
    10: "gateway path unavailable: the gateway has no way to this unit",
    11: "gateway target did not respond: the unit behind the gateway is silent",
}
#: Exceptions of a gateway about a whole unit; reading its points one by one would not help.
UNIT_EXCEPTIONS = frozenset({10, 11})
#: Exceptions of a device that is broken itself.
FAULTS = frozenset({4, 8})
Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class Refused(Exception):
    """The device answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}, {EXCEPTIONS.get(code, 'of the vendor: see its manual')}")
        self.code = code


class Broken(ModbusException):  # type: ignore[misc,unused-ignore]
    """An answer came that is none to the request."""


class ModbusDriver:
    """One connection to a device or gateway, or a serial line. ``max_gap`` as in ``mapping.plan``."""

    def __init__(self, link: Link, *, timeout_s: float = 2.0, max_gap: int = 8) -> None:
        self._link = link
        self._timeout_s = timeout_s
        self._max_gap = max_gap
        self._client: Client | None = None
        self._asked = b""
        self._missed = False
        self._one_at_a_time = asyncio.Lock()
        self._apart: set[str] = set()

    async def connect(self) -> None:
        """Connect; raises DeviceUnreachable. What was learnt about bad addresses is forgotten."""
        await self.close()
        self._apart.clear()
        await self._open()

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def read(self, points: Sequence[ModbusPoint]) -> dict[str, Value | PointError]:
        """Read points in blocks; raises DeviceUnreachable when no unit answers."""
        values: dict[str, Value | PointError] = {}
        silent: dict[int, DeviceUnreachable] = {}
        blocks = plan(points, max_gap=self._max_gap, apart=frozenset(self._apart))
        for block in blocks:
            if block.unit_id in silent:
                continue
            if block.unit_id not in self._link.units:
                values |= {point.name: self._no_unit(point.address) for point in block.points}
                continue
            try:
                values |= await self._read_block(block)
            except DeviceUnreachable as error:
                silent[block.unit_id] = error
        if silent and len(silent) == len({block.unit_id for block in blocks}):
            raise next(iter(silent.values()))
        for point in points:
            if (error_ := silent.get(point.address.unit_id)) is not None:
                values[point.name] = PointError(str(error_))
        return values

    async def write(self, point: ModbusPoint, value: Value) -> None:
        """Write one value; raises PointError when it does not fit or the device refuses it."""
        register, words = point.address, encode(point.address, value)
        if register.unit_id not in self._link.units:
            raise self._no_unit(register)
        client = await self._connected()
        if register.table == "coil":
            request = client.write_coil(register.address, bool(words[0]), device_id=register.unit_id)
        elif len(words) == 1:
            request = client.write_register(register.address, words[0], device_id=register.unit_id)
        else:
            request = client.write_registers(register.address, words, device_id=register.unit_id)
        try:
            await self._ask(request, register)
        except Refused as refusal:
            raise _error(point, refusal) from None

    async def _read_block(self, block: Block) -> dict[str, Value | PointError]:
        try:
            words = await self._words(block)
        except Refused as refusal:
            if len(block.points) == 1 or refusal.code in UNIT_EXCEPTIONS:
                return {point.name: _error(point, refusal) for point in block.points}
            return await self._read_singly(block)
        return {point.name: _decoded(point, words_of(block, point, words)) for point in block.points}

    async def _read_singly(self, block: Block) -> dict[str, Value | PointError]:
        """Read a refused block point by point, and remember to do so until the next connection."""
        self._apart |= {point.name for point in block.points}
        values: dict[str, Value | PointError] = {}
        for single in plan(block.points, max_gap=0, apart=frozenset(self._apart)):
            values |= await self._read_block(single)
        return values

    async def _words(self, block: Block) -> Sequence[int]:
        client = await self._connected()
        read = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[block.table]
        answer = await self._ask(read(block.start, count=block.count, device_id=block.unit_id), block)
        return answer.bits if block.table in BIT_TABLES else answer.registers

    async def _ask(self, request: Awaitable[ModbusPDU], what: Block | Register) -> ModbusPDU:
        """Await one answer; raises Refused, or DeviceUnreachable after closing the connection."""
        self._missed = True
        try:
            async with self._one_at_a_time, asyncio.timeout(self._timeout_s * 2):
                answer = await request
        except (ModbusException, TimeoutError, OSError) as error:
            await self.close()
            said = (
                f"gives an answer that is none: {error.string}" if isinstance(error, Broken)
                else f"did not answer within {self._timeout_s:g} s ({type(error).__name__})"
            )  # fmt: skip
            raise DeviceUnreachable(f"unit {what.unit_id} of {self._link} {said}") from error
        except asyncio.CancelledError:
            await self.close()
            raise
        self._missed = False
        if isinstance(answer, ExceptionResponse):
            raise Refused(answer.exception_code)
        return answer

    def _seen(self, sent: bool, octets: bytes) -> bytes:
        """Let an answer through that belongs to the request; end the wait for it otherwise."""
        if sent:
            self._asked = octets
            return octets
        if not (wrong := self._link.mismatch(self._asked, octets)):
            return octets
        if self._client is not None and not self._client.ctx.response_future.done():
            self._client.ctx.response_future.set_exception(Broken(wrong))
        return b""

    async def _connected(self) -> Client:
        if self._client is None or not self._client.connected:
            return await self._open()
        return self._client

    async def _open(self) -> Client:
        await self.close()
        if self._missed and self._link.quiet:
            await asyncio.sleep(self._timeout_s)
        client = self._link.client(self._timeout_s, self._seen)
        try:
            async with asyncio.timeout(self._timeout_s * 2):
                connected = await client.connect()
        except (ModbusException, TimeoutError, OSError) as error:
            client.close()
            raise DeviceUnreachable(f"no connection to {self._link}: {error}") from error
        if not connected:
            client.close()
            raise DeviceUnreachable(f"no connection to {self._link} within {self._timeout_s:g} s")
        self._client, self._missed = client, False
        return client

    def _no_unit(self, register: Register) -> PointError:
        units = self._link.units
        return PointError(f"{_place(register)}: a unit at {self._link} has a number from {units[0]} to {units[-1]}")


def _decoded(point: ModbusPoint, words: Sequence[int]) -> Value | PointError:
    try:
        return decode(point.address, words)
    except PointError as error:
        return PointError(f"{_place(point.address)}: {error}")


def _error(point: ModbusPoint, refusal: Refused) -> PointError:
    kind = DeviceFault if refusal.code in FAULTS else PointError
    return kind(f"{_place(point.address)}: {refusal}")


def _place(register: Register) -> str:
    return f"unit {register.unit_id}, {register.table} {register.address}"


def _link(settings: Mapping[str, Any]) -> Link:
    """Choose the way to the device; raises SettingsError unless exactly one is told."""
    host, path, parity = settings["host"], settings["serial"], settings["parity"]
    if bool(host) is bool(path):
        raise SettingsError("[device]: give either 'host' (Modbus TCP) or 'serial' (Modbus RTU)")
    if host:
        return Tcp(host, settings["port"])
    if parity not in PARITIES:
        raise SettingsError(f"[device]: parity {parity!r}{nearest(parity, PARITIES)}; there are {', '.join(PARITIES)}")
    if settings["stop_bits"] not in (1, 2) or settings["baud"] < 1:
        raise SettingsError("[device]: 'stop_bits' is 1 or 2, and 'baud' at least 1")
    return Line(path, settings["baud"], parity, settings["stop_bits"])


def _open_driver(settings: Mapping[str, Any]) -> ModbusDriver:
    return ModbusDriver(_link(settings), timeout_s=settings["timeout_s"], max_gap=settings["max_gap"])


MODBUS: FieldProtocol[Register] = FieldProtocol(COLUMNS, register_of, _open_driver)
