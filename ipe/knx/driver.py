"""KNX by a KNX/IP interface: group telegrams are values, a write is confirmed by what the bus answers.

What is heard comes at once. A point that can be asked is also read when it is due; the bus carries about twenty
telegrams in a second, so ``heartbeat_s`` of the proxy should leave room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ipe.driver import FieldProtocol, PointError, Told
from ipe.knx.link import Link, Refused
from ipe.knx.mapping import COLUMNS, Group, KnxPoint, Payload, decode, encode, group_of, written
from ipe.points import Value
from ipe.settings import SettingsError


class KnxDriver:
    """A tunnel to one interface, and what was heard of each group address since it was opened."""

    def __init__(self, link: Link, *, timeout_s: float = 3.0, settle_s: float = 0.2) -> None:
        self._link = link
        self._timeout_s = timeout_s
        self._settle_s = settle_s
        self._heard: dict[int, Payload] = {}
        self._awaited: set[int] = set()
        self._answered = asyncio.Event()
        self._told: Told = lambda _name, _what: None
        self._told_of: dict[int, list[KnxPoint]] = {}

    async def connect(self) -> None:
        """Open the tunnel; raises DeviceUnreachable."""
        await self.close()
        await self._link.open(self._hear, self._lost)

    async def close(self) -> None:
        """Close the tunnel and forget what was heard."""
        self._heard.clear()
        self._told_of = {}
        await self._link.close()

    async def read(self, points: Sequence[KnxPoint]) -> dict[str, Value | PointError]:
        """Ask for all points that can be asked, then wait for the answers; raises DeviceUnreachable."""
        silent = await self._ask(point.address.status for point in points if point.address.ask)
        return {point.name: self._value(point, silent) for point in points}

    async def write(self, point: KnxPoint, value: Value) -> None:
        """Write one value; raises PointError when it does not fit, or nobody answers for its status afterwards."""
        group = point.address
        try:
            await self._link.tell(group.group, encode(group, value))
        except Refused as refusal:
            raise PointError(str(refusal)) from None
        if group.ask:
            await asyncio.sleep(self._settle_s)
            if await self._ask([group.status]):
                raise PointError(f"{written(group.group)}: it was sent, but nobody answers at {group}")
        elif group.status == group.group:
            self._heard[group.status] = encode(group, value)  # an interface does not tell us what we said ourselves

    async def subscribe(self, points: Sequence[KnxPoint], told: Told) -> frozenset[str]:
        """Have telegrams told; the bus tells of all group addresses by itself."""
        self._told, self._told_of = told, {}
        for point in points:
            self._told_of.setdefault(point.address.status, []).append(point)
        return frozenset(point.name for point in points)

    async def _ask(self, groups: Iterable[int]) -> set[int]:
        """Ask for group addresses and return those for which nobody answered in time."""
        self._awaited = set(groups)
        self._answered.clear()
        for group in sorted(self._awaited):
            with suppress(Refused):
                await self._link.ask(group)
        if self._awaited:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout_s):
                    await self._answered.wait()
        silent, self._awaited = self._awaited, set()
        return silent

    def _hear(self, group: int, payload: Payload) -> None:
        self._heard[group] = payload
        self._awaited.discard(group)
        if not self._awaited:
            self._answered.set()
        for point in self._told_of.get(group, ()):
            self._told(point.name, self._value(point, frozenset()))

    def _lost(self) -> None:
        for point in (point for group in self._told_of.values() for point in group):
            self._told(point.name, PointError(f"the {self._link} has closed the tunnel"))

    def _value(self, point: KnxPoint, silent: set[int] | frozenset[int]) -> Value | PointError:
        group = point.address
        if group.status in silent:
            return PointError(f"{group}: nobody answers within {self._timeout_s:g} s")
        if group.status not in self._heard:
            return PointError(f"{group}: nothing was heard since the tunnel was opened")
        try:
            return decode(group, self._heard[group.status])
        except PointError as error:
            return error


def _open(settings: Mapping[str, Any]) -> KnxDriver:
    if settings["timeout_s"] <= 0 or settings["settle_s"] < 0:
        raise SettingsError("[device]: 'timeout_s' is above 0 and 'settle_s' at least 0")
    link = Link(settings["host"], settings["port"], settings["timeout_s"])
    return KnxDriver(link, timeout_s=settings["timeout_s"], settle_s=settings["settle_s"])


KNX: FieldProtocol[Group] = FieldProtocol(COLUMNS, group_of, _open)
