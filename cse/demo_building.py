"""The building of the demonstration: its light model behind BACnet/IP and Modbus, with a proxy for each device.

Part of the composition root, as ``cse.demo``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipe.simulator.light import LightModel
from ipe.simulator.proxies import settings_of
from ipe.simulator.service import Building, Ports
from ipe.start import serve as serve_ipe

#: A day in about five minutes, from the morning of today on.
SPEED, MORNING_H = 300.0, 7
MOST_INSTANCES = 10_000


class DemoBuilding:
    """The building and its proxies, as tasks; ``ports`` tells where it is."""

    def __init__(self, folder: Path, cse: str, administrators: Sequence[str], readers: Sequence[str]) -> None:
        morning = datetime.now(UTC).replace(hour=MORNING_H, minute=0, second=0, microsecond=0)
        self._building = Building(LightModel(morning.timestamp()), speed=SPEED)
        self._folder, self._cse = folder, cse
        self._administrators, self._readers = administrators, readers
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ports(self) -> Ports:
        """Where controllers and meters are."""
        return self._building.ports

    async def start(self) -> None:
        """Start the building, then its proxies; raises OSError."""
        ready = asyncio.Event()
        self._tasks.append(asyncio.create_task(self._building.run(ready), name="building"))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((self._tasks[0], waiting), return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            waiting.cancel()
            await self._tasks[0]
        proxies = settings_of(
            self._folder, self._cse, self.ports, readers=[*self._administrators, *self._readers],
            commanders=self._administrators, operators=self._administrators, max_instances=MOST_INSTANCES,
        )  # fmt: skip
        self._tasks += [asyncio.create_task(serve_ipe(proxy), name=proxy.name) for proxy in proxies]

    async def stop(self) -> None:
        """End the proxies, then the building."""
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
