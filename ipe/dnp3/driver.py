"""DNP3 over TCP: static objects are read by ranges, events are told with the time of the outstation.

Events come unsolicited or, where the outstation does not report by itself, by a poll of the classes. A command counts
as done only when the outstation echoes it octet by octet with the status SUCCESS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from ipe.dnp3.mapping import COLUMNS, Dnp3Point, Place, Range, command_of, place_of, plan, rows_of, value_of
from ipe.dnp3.master import MOST_RANGES, Link, Refused, Sample
from ipe.driver import DeviceUnreachable, FieldProtocol, PointError, Timed, Told
from ipe.points import Value
from ipe.settings import SettingsError

LAST_ADDRESS = 65519


class Dnp3Driver:
    """A master of one outstation; ``events_s`` is the period of the polls of an outstation that does not report."""

    def __init__(self, link: Link, *, events_s: float = 5.0) -> None:
        self._link = link
        self._events_s = events_s
        self._reports = False
        self._told: Told = lambda _name, _what: None
        self._told_of: dict[tuple[str, int], list[Dnp3Point]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._gone: set[str] = set()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._link.is_open

    async def connect(self) -> None:
        """Connect; raises DeviceUnreachable. What was learnt about missing objects is forgotten."""
        await self.close()
        self._gone.clear()
        await self._link.open()

    async def close(self) -> None:
        """Close the connection; nothing is told any more."""
        await self._hush()
        self._told_of = {}
        await self._link.close()

    async def read(self, points: Sequence[Dnp3Point]) -> dict[str, Value | PointError]:
        """Read points in ranges; raises DeviceUnreachable."""
        if not points:
            return {}
        await self._hush()
        found = await self._samples(plan(point for point in points if point.name not in self._gone))
        for point in points:
            if _key(point) not in found and point.name not in self._gone:
                found |= await self._alone(point)
        self._listen()
        return {point.name: _value(point, found.get(_key(point))) for point in points}

    async def write(self, point: Dnp3Point, value: Value) -> None:
        """Command one output; raises PointError when the value does not fit or the outstation refuses it."""
        command = command_of(point.address, value)
        await self._hush()
        try:
            await self._link.command(command, point.address.index, select=point.address.operate == "select")
        except Refused as refusal:
            raise PointError(f"{point.address}: {refusal}") from None
        finally:
            self._listen()

    async def discover(self) -> list[dict[str, str]]:
        """Return a row for each static object of the outstation; raises DeviceUnreachable."""
        await self._hush()
        found = await self._link.read_all()
        self._listen()
        return rows_of(list(found))

    async def subscribe(self, points: Sequence[Dnp3Point], told: Told) -> frozenset[str]:
        """Have events told of the points whose list says that there are any; raises DeviceUnreachable."""
        await self._hush()
        self._told, self._told_of = told, {}
        for point in points:
            if point.address.event:
                self._told_of.setdefault(_key(point), []).append(point)
        if self._told_of:
            self._reports = await self._link.tell_by_yourself(self._hear)
            self._listen()
        return frozenset(point.name for group in self._told_of.values() for point in group)

    async def _samples(self, ranges: Sequence[Range]) -> dict[tuple[str, int], Sample]:
        found: dict[tuple[str, int], Sample] = {}
        for start in range(0, len(ranges), MOST_RANGES):
            found |= await self._link.read(ranges[start : start + MOST_RANGES])
        return found

    async def _alone(self, point: Dnp3Point) -> dict[tuple[str, int], Sample]:
        """Ask once for an object that was missing among others: some outstations refuse a whole request for it."""
        place = point.address
        found = await self._link.read([Range(place.kind, place.variation, place.index, place.index)])
        if _key(point) not in found:
            self._gone.add(point.name)
        return found

    def _hear(self, sample: Sample) -> None:
        for point in self._told_of.get((sample.kind, sample.index), ()):
            value = _value(point, sample)
            timed = sample.time_s is not None and not isinstance(value, PointError)
            self._told(point.name, Timed(value, sample.time_s) if timed else value)  # type: ignore[arg-type]

    def _listen(self) -> None:
        """Go on listening between two requests."""
        if self._told_of and self._link.is_open:
            self._listening = asyncio.create_task(self._hear_forever())

    async def _hush(self) -> None:
        """Stop listening: a connection has one reader."""
        task, self._listening = self._listening, None
        while task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.05)  # a wait inside may take a cancellation for its own

    async def _hear_forever(self) -> None:
        try:
            while True:
                if self._reports:
                    await self._link.listen()
                else:
                    await asyncio.sleep(self._events_s)
                    await self._link.events()
        except DeviceUnreachable as error:
            for point in (point for group in self._told_of.values() for point in group):
                self._told(point.name, PointError(str(error)))


def _key(point: Dnp3Point) -> tuple[str, int]:
    return point.address.kind, point.address.index


def _value(point: Dnp3Point, sample: Sample | None) -> Value | PointError:
    if sample is None:
        return PointError(f"the outstation has no {point.address.kind} {point.address.index}")
    try:
        return value_of(point.address, sample.raw, sample.flags)
    except PointError as error:
        return error


def _open(settings: Mapping[str, Any]) -> Dnp3Driver:
    for name in ("outstation", "master"):
        if not 0 <= settings[name] <= LAST_ADDRESS:
            raise SettingsError(f"[device]: {name} is {settings[name]}; a link address is from 0 to {LAST_ADDRESS}")
    if settings["events_s"] <= 0 or settings["timeout_s"] <= 0:
        raise SettingsError("[device]: 'events_s' and 'timeout_s' are above 0")
    link = Link(settings["host"], settings["port"], outstation=settings["outstation"], master=settings["master"],
                timeout_s=settings["timeout_s"])
    return Dnp3Driver(link, events_s=settings["events_s"])


DNP3: FieldProtocol[Place] = FieldProtocol(COLUMNS, place_of, _open)
