"""The port of a field protocol: what the runner asks of a driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from ipe.points import Column, Point, Value

A = TypeVar("A")


class DeviceUnreachable(Exception):
    """The device does not answer at all; the runner marks every point stale and connects again later."""


class PointError(Exception):
    """One point cannot be read or written; the others can."""


class DeviceFault(PointError):
    """The device says itself that a point is not to be trusted: a sensor is broken, a subordinate is lost."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A value with the time that the device gave it, in seconds since 1970 UTC."""

    value: Value
    time_s: float


#: Called with the name of a point and what the device told of it.
Told = Callable[[str, "Value | Timed | PointError"], None]


class Driver(Protocol[A]):
    """A connection to one device (or one gateway). The runner never calls two methods at the same time.

    What some protocols can do besides is in the ports below; a driver that has one names it in its manifest's
    ``capabilities``.
    """

    async def connect(self) -> None:
        """Connect; raises DeviceUnreachable within the driver's time-out."""

    async def read(self, points: Sequence[Point[A]]) -> Mapping[str, Value | PointError]:
        """Read these points and return value or error by point name; raises DeviceUnreachable."""

    async def write(self, point: Point[A], value: Value) -> None:
        """Write one value and return when the device confirmed it; raises PointError or DeviceUnreachable."""

    async def close(self) -> None:
        """Release the connection; the driver can connect again."""


@runtime_checkable
class Discovering(Protocol):
    """``discover``: the device says what it has."""

    async def discover(self) -> Sequence[Mapping[str, str]]:
        """Return rows of a point list: texts by column, as ``points.read_points`` reads them.

        Raises DeviceUnreachable.
        """


@runtime_checkable
class Subscribing(Protocol[A]):
    """``subscribe``: the device tells of changes by itself (BACnet COV, DNP3 unsolicited, MQTT, KNX telegrams)."""

    async def subscribe(self, points: Sequence[Point[A]], told: Told) -> frozenset[str]:
        """Have ``told`` called for these points; returns the names of those that the device does tell of.

        The others are polled. What is told comes on the loop of the caller, in the order of the device. Renewing is
        the driver's; when it fails for a point, the point is told as PointError and is polled from then on. All ends
        with ``close``. Raises DeviceUnreachable.
        """


@runtime_checkable
class Prioritising(Protocol[A]):
    """``priority``: the device itself arbitrates (BACnet priority array); 1 is the strongest of 16."""

    async def write_at(self, point: Point[A], value: Value, priority: int) -> None:
        """Write at a priority; as ``Driver.write``."""

    async def release(self, point: Point[A], priority: int) -> None:
        """Relinquish a priority; raises PointError or DeviceUnreachable."""


@runtime_checkable
class Describing(Protocol):
    """``describe``: the device says what it is."""

    async def describe(self) -> Mapping[str, str]:
        """Return what is known, by a key of ``FACTS``; raises DeviceUnreachable."""


#: What a device may say of itself, and the attribute of [deviceInfo] that tells it (TS-0022).
FACTS: Mapping[str, str] = {
    "manufacturer": "man", "model": "mod", "name": "dvnm", "firmware": "fwv", "software": "swv", "hardware": "hwv",
    "location": "loc", "serial": "smod",
}  # fmt: skip

#: Each capability of a manifest, and the port that its driver has then.
CAPABILITIES: Mapping[str, type] = {
    "discover": Discovering, "subscribe": Subscribing, "priority": Prioritising, "describe": Describing,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldProtocol(Generic[A]):
    """What a protocol folder offers under the ``entry`` of its manifest.

    ``columns`` and ``address`` are for ``points.read_points``; ``open`` makes a driver from checked settings.
    """

    columns: Sequence[Column]
    address: Callable[[Mapping[str, Any]], A]
    open: Callable[[Mapping[str, Any]], Driver[A]]
