"""BACnet/IP: one device, read in few requests, told of changes, written at priorities."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ipe.bacnet.mapping import (
    COLUMNS,
    NULL,
    OBJECT_TYPES,
    TYPE_NAMES,
    UNITS,
    BacnetPoint,
    Place,
    Reference,
    Tags,
    decode,
    encode,
    object_of,
    place_of,
    text_of,
)
from ipe.bacnet.stack import WILDCARD, Broken, Refused, Stack
from ipe.columns import RESERVED
from ipe.driver import DeviceUnreachable, FieldProtocol, PointError, Told
from ipe.points import Value
from ipe.settings import SettingsError

T = TypeVar("T")
DEVICE, OBJECT_LIST, OBJECT_NAME, UNIT, MAX_APDU, IDENTIFIER = 8, 76, 77, 117, 62, 75
#: Octets that one result needs in an answer, generously, and those around all of them.
RESULT, AROUND = 32, 16
MOST_OBJECTS = 20_000


@dataclass(slots=True)
class Subscription:
    """A point that the device tells of; ``told`` since the last renewal."""

    point: BacnetPoint
    told: bool = False


class BacnetDriver:
    """One device; settings as in the manifest."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._stack: Stack | None = None
        self._instance: int = settings["device"]
        self._chunk = 1
        self._multiple = True
        self._subscriptions: dict[int, Subscription] = {}
        self._told: Told | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Bind and ask the device who it is; raises DeviceUnreachable. What was learnt about it is forgotten."""
        await self.close()
        await self._open()

    async def close(self) -> None:
        """End subscriptions and release the own address."""
        self._subscriptions.clear()
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
            self._renewal = None
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.close()

    async def read(self, points: Sequence[BacnetPoint]) -> dict[str, Value | PointError]:
        """Read points; raises DeviceUnreachable."""
        found = await self._read_all(list(dict.fromkeys(point.address.reference for point in points)))
        return {point.name: _decoded(point.address, found[point.address.reference]) for point in points}

    async def write(self, point: BacnetPoint, value: Value) -> None:
        """Write without a priority, which is the weakest where the device arbitrates."""
        await self._write(point.address, *encode(point.address, value), None)

    async def write_at(self, point: BacnetPoint, value: Value, priority: int) -> None:
        """Write at a priority."""
        await self._write(point.address, *encode(point.address, value), priority)

    async def release(self, point: BacnetPoint, priority: int) -> None:
        """Write Null at a priority."""
        await self._write(point.address, NULL, 0, priority)

    async def subscribe(self, points: Sequence[BacnetPoint], told: Told) -> frozenset[str]:
        """Subscribe the points with ``cov`` yes; those that the device refuses are polled."""
        self._told = told
        for point in points:
            if point.address.cov:
                process = max(self._subscriptions, default=0) + 1
                self._subscriptions[process] = Subscription(point)
                if await self._subscribed(process) is not None:
                    self._subscriptions.pop(process, None)
        if self._subscriptions and self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
        return frozenset(one.point.name for one in self._subscriptions.values())

    async def discover(self) -> list[dict[str, str]]:
        """Return a row for each object with a value."""
        if self._instance < 0:
            raise DeviceUnreachable(f"{self._name} does not say its instance; give it as device in the settings")
        listed = (DEVICE, self._instance, OBJECT_LIST)
        (count,) = (await self._read_all([(*listed, 0)])).values()
        if isinstance(count, Refused) or len(count) != 1 or len(count[0][1]) > 4:
            raise DeviceUnreachable(f"{self._name} does not say how many objects it has: {count}")
        number = int.from_bytes(count[0][1], "big")
        if number > MOST_OBJECTS:
            raise DeviceUnreachable(f"{self._name} says that it has {number} objects; at most {MOST_OBJECTS} are read")
        entries = await self._read_all([(*listed, index) for index in range(1, number + 1)])
        objects = [place for tags in entries.values() if not isinstance(tags, Refused)
                   if (place := object_of(tags)) is not None and place[0] in TYPE_NAMES]  # fmt: skip
        facts = await self._read_all([(*one, fact, None) for one in dict.fromkeys(objects)
                                      for fact in (OBJECT_NAME, UNIT)])  # fmt: skip
        return _rows(list(dict.fromkeys(objects)), facts)

    async def _read_all(self, what: Sequence[Reference]) -> dict[Reference, Tags | Refused]:
        found: dict[Reference, Tags | Refused] = {}
        rest = list(what)
        while rest:
            size = self._chunk if self._multiple else 1
            part, rest = rest[:size], rest[size:]
            found |= await self._read_part(part)
        return found

    async def _read_part(self, part: Sequence[Reference]) -> dict[Reference, Tags | Refused]:
        """Read some; what the device cannot answer at once is asked for in smaller parts, at last singly."""
        stack = await self._connected()
        if len(part) == 1 or not self._multiple:
            return {one: await self._single(one) for one in part}
        try:
            return await self._answer(stack.read_many(part))
        except Refused as refusal:
            self._multiple = not refusal.unknown_service
        half = self._chunk = max(1, len(part) // 2)
        return await self._read_part(part[:half]) | await self._read_part(part[half:])

    async def _single(self, one: Reference) -> Tags | Refused:
        try:
            return await self._answer((await self._connected()).read(one))
        except Refused as refusal:
            return refusal

    async def _write(self, place: Place, tag: int, value: int | float, priority: int | None) -> None:
        stack = await self._connected()
        try:
            await self._answer(stack.write(place.reference, tag, value, priority))
        except Refused as refusal:
            raise PointError(f"{place}: {refusal}") from None

    async def _answer(self, request: Awaitable[T]) -> T:
        """Await one answer; raises Refused or DeviceUnreachable."""
        try:
            return await request
        except TimeoutError:
            raise DeviceUnreachable(
                f"{self._name} did not answer {self._settings['retries'] + 1} times {self._settings['timeout_s']:g} s"
            ) from None
        except (Broken, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise DeviceUnreachable(f"{self._name} gives a broken answer: {error}") from error
        except OSError as error:
            raise DeviceUnreachable(f"{self._name} cannot be reached: {error}") from error

    async def _connected(self) -> Stack:
        return self._stack or await self._open()

    async def _open(self) -> Stack:
        given = self._settings
        self._multiple, self._chunk, self._instance = True, 1, given["device"]
        stack = Stack(timeout_s=given["timeout_s"], retries=given["retries"], max_apdu=given["max_apdu"],
                      noticed=self._noticed)  # fmt: skip
        self._stack = stack
        try:
            host, own = await self._addresses()
            await stack.open(own, given["bind_port"], bbmd=given["bbmd"], ttl_s=given["bbmd_ttl_s"])
            if host:
                stack.aim(host, given["port"])
            else:
                await stack.find(self._instance)
            await self._introduce(stack)
        except (OSError, TimeoutError, ValueError, DeviceUnreachable) as error:
            await self.close()
            raise DeviceUnreachable(f"no connection to {self._name}: {str(error) or 'no answer'}") from error
        return stack

    async def _introduce(self, stack: Stack) -> None:
        """Ask for instance and longest message; a device that refuses that gets short requests."""
        longest = 480
        try:
            known = object_of(await self._answer(stack.read((DEVICE, WILDCARD, IDENTIFIER, None))))
            if self._instance < 0 and known is not None:
                self._instance = known[1]
        except Refused:
            pass
        if self._instance >= 0:
            with contextlib.suppress(Refused):
                tags = await self._answer(stack.read((DEVICE, self._instance, MAX_APDU, None)))
                longest = int.from_bytes(tags[0][1], "big") if len(tags) == 1 else longest
        self._chunk = max(1, (min(longest, self._settings["max_apdu"]) - AROUND) // RESULT)

    async def _addresses(self) -> tuple[str, str]:
        """Return addresses of the device and of this machine; raises OSError."""
        given = self._settings
        if not given["host"]:
            return "", given["bind"]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(given["host"], given["port"], family=socket.AF_INET, type=socket.SOCK_DGRAM)
        host = str(found[0][4][0])
        if given["bind"]:
            return host, given["bind"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect((host, given["port"]))
            return host, way.getsockname()[0]

    def _noticed(self, process: int, object_: tuple[int, int], tags: Tags) -> None:
        one = self._subscriptions.get(process)
        if one is not None and self._told is not None and one.point.address.reference[:2] == object_:
            one.told = True
            self._told(one.point.name, _decoded(one.point.address, tags))

    async def _subscribed(self, process: int) -> Refused | None:
        """Subscribe or renew; returns the refusal. Raises DeviceUnreachable."""
        place, stack = self._subscriptions[process].point.address, await self._connected()
        lifetime_s = self._settings["cov_lifetime_s"]
        try:
            await self._answer(stack.subscribe(process, place.reference, lifetime_s, place.cov_increment))
        except Refused as refusal:
            return refusal
        return None

    async def _renew(self) -> None:
        """Renew at half the lifetime. The device tells the value at each renewal; one that did not is polled."""
        while self._subscriptions:
            await asyncio.sleep(self._settings["cov_lifetime_s"] / 2)
            for process, one in list(self._subscriptions.items()):
                if not one.told:
                    self._lose(process, "the device told nothing since it was subscribed; it is polled from now on")
                    continue
                one.told = False
                try:
                    refusal = await self._subscribed(process)
                except DeviceUnreachable as error:
                    self._lose(process, str(error))
                else:
                    if refusal is not None:
                        self._lose(process, f"{one.point.address}: {refusal}")
        self._renewal = None

    def _lose(self, process: int, reason: str) -> None:
        one = self._subscriptions.pop(process, None)
        if one is not None and self._told is not None:
            self._told(one.point.name, PointError(reason))

    @property
    def _name(self) -> str:
        given = self._settings
        return f"{given['host']}:{given['port']}" if given["host"] else f"device {given['device']}"


def _decoded(place: Place, found: Tags | Refused) -> Value | PointError:
    if isinstance(found, Refused):
        return PointError(f"{place}: {found}")
    try:
        return decode(place, found)
    except PointError as error:
        return PointError(f"{place}: {error}")


def _rows(objects: Sequence[tuple[int, int]], facts: Mapping[Reference, Tags | Refused]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    taken = set(RESERVED)
    for type_, instance in objects:
        name, unit = facts[type_, instance, OBJECT_NAME, None], facts[type_, instance, UNIT, None]
        text = "" if isinstance(name, Refused) else text_of(name)
        kind = TYPE_NAMES[type_]
        free = re.sub(r"[^A-Za-z0-9\-._]+", "_", text).strip("_") or f"{kind}-{instance}"
        free = f"{free}-{kind}-{instance}" if free in taken else free
        taken.add(free)
        number = -1 if isinstance(unit, Refused) or len(unit) != 1 else int.from_bytes(unit[0][1], "big")
        rows.append({"name": free, "unit": UNITS.get(number, ""), "description": text,
                     "writable": "yes" if OBJECT_TYPES[kind][2] else "no", "object_type": kind,
                     "instance": str(instance)})  # fmt: skip
    return rows


def _open_driver(settings: Mapping[str, Any]) -> BacnetDriver:
    if not settings["host"] and (settings["device"] < 0 or not (settings["bbmd"] or "/" in settings["bind"])):
        raise SettingsError("[device]: give host, or device and bind with a mask such as 192.168.1.5/24 (or a bbmd)")
    return BacnetDriver(settings)


BACNET: FieldProtocol[Place] = FieldProtocol(COLUMNS, place_of, _open_driver)
