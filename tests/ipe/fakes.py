"""A clock, a device and a CSE that do what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cse.client import Notification, RequestFailed, Status
from ipe.driver import DeviceUnreachable, PointError
from ipe.points import Point, Value


class FakeClock:
    """A clock that a sleep moves on at once."""

    def __init__(self, now_s: float = 1_700_000_000.0) -> None:
        self.now_s = now_s

    def time(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


class FakeDriver:
    """A device that holds ``values``; an exception among them is that point's error."""

    def __init__(self, values: dict[str, Value | PointError]) -> None:
        self.values = values
        self.reachable = True
        self.reads: list[list[str]] = []
        self.connects = 0

    async def connect(self) -> None:
        self.connects += 1
        self._check()

    async def read(self, points: Sequence[Point[str]]) -> Mapping[str, Value | PointError]:
        self._check()
        self.reads.append([point.name for point in points])
        return {point.name: self.values[point.name] for point in points}

    async def write(self, point: Point[str], value: Value) -> None:
        self._check()
        if value == 13:
            raise PointError("13 is refused")
        self.values[point.name] = value

    async def close(self) -> None:
        pass

    def _check(self) -> None:
        if not self.reachable:
            raise DeviceUnreachable("no answer")


class FakeClient:
    """Keeps what an IPE creates, by path; ``failure`` is raised by every request while it is set."""

    def __init__(self) -> None:
        self.originator = "Cmeter"
        self.resources: dict[str, dict[str, Any]] = {}
        self.instances: dict[str, list[Any]] = {}
        self.callbacks: dict[str, Callable[[Notification], Awaitable[None]]] = {}
        self.failure: Exception | None = None

    async def register(self, app_id: str, name: str, **attributes: Any) -> dict[str, Any]:
        return await self.ensure("-", "ae", name, {"api": app_id, **attributes})

    async def ensure(
        self, parent: str, kind: str, name: str, attributes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self._check()
        path = f"{parent}/{name}"
        new = {"rn": name, "ri": f"{kind}-{name}", "kind": kind, **(attributes or {})}
        return self.resources.setdefault(path, new)

    async def update(self, to: str, kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        self._check()
        self.resources[to] |= attributes
        return self.resources[to]

    async def create(self, parent: str, kind: str, attributes: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        self._check()
        assert kind == "cin"
        assert attributes["cnf"] == "application/json:0"
        self.instances.setdefault(parent, []).append(json.loads(attributes["con"]))
        return {}

    async def retrieve(self, to: str) -> dict[str, Any]:
        self._check()
        found = self.instances.get(to.removesuffix("/la"))
        if not found:
            raise RequestFailed(Status.NOT_FOUND, "no instance", "RETRIEVE")
        return {"con": json.dumps(found[-1])}

    async def subscribe(self, to: str, callback: Callable[[Notification], Awaitable[None]], **options: Any) -> str:
        self._check()
        self.callbacks[to] = callback
        return f"{to}/{options['name']}"

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeArbiter(FakeDriver):
    """A device that keeps sixteen priorities itself; ``arrays`` by point."""

    def __init__(self, values: dict[str, Value | PointError]) -> None:
        super().__init__(values)
        self.arrays: dict[str, dict[int, Value]] = {}

    async def write_at(self, point: Point[str], value: Value, priority: int) -> None:
        await self.write(point, value)
        self._arbitrate(point.name, {**self.arrays.get(point.name, {}), priority: value})

    async def release(self, point: Point[str], priority: int) -> None:
        self._check()
        array = self.arrays.get(point.name, {})
        self._arbitrate(point.name, {key: value for key, value in array.items() if key != priority})

    def _arbitrate(self, name: str, array: dict[int, Value]) -> None:
        self.arrays[name] = array
        self.values[name] = array[min(array)] if array else 0
