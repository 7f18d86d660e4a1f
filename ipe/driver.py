"""The port of a field protocol: what the runner asks of a driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ipe.points import Column, Point, Value

A = TypeVar("A")


class DeviceUnreachable(Exception):
    """The device does not answer at all; the runner marks every point stale and connects again later."""


class PointError(Exception):
    """One point cannot be read or written; the others can."""


class Driver(Protocol[A]):
    """A connection to one device (or one gateway). The runner never calls two methods at the same time."""

    async def connect(self) -> None:
        """Connect; raises DeviceUnreachable within the driver's time-out."""

    async def read(self, points: Sequence[Point[A]]) -> Mapping[str, Value | PointError]:
        """Read these points and return value or error by point name; raises DeviceUnreachable."""

    async def write(self, point: Point[A], value: Value) -> None:
        """Write one value and return when the device confirmed it; raises PointError or DeviceUnreachable."""

    async def close(self) -> None:
        """Release the connection; the driver can connect again."""


@dataclass(frozen=True, slots=True)
class FieldProtocol(Generic[A]):
    """What a protocol folder offers under the ``entry`` of its manifest.

    ``columns`` and ``address`` are for ``points.read_points``; ``open`` makes a driver from checked settings.
    """

    columns: Sequence[Column]
    address: Callable[[Mapping[str, Any]], A]
    open: Callable[[Mapping[str, Any]], Driver[A]]
