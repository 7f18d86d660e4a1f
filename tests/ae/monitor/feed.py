"""A meter as its IPE shows it: an AE with the containers power, energy and status."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from cse.client import Client
from cse.clock import timestamp

THURSDAY = 1_426_114_800.0  # 2015-03-12 00:00 in Zurich


def load_kw(at: float) -> float:
    """An office building: 60 kW at night, up to 210 kW at day."""
    hour = (at + 3600) / 3600 % 24
    day = math.exp(-(((hour - 13) / 4.2) ** 2))
    return round(60 + 140 * day + 12 * math.sin(at / 1700) * day + 4 * math.sin(at / 577), 1)


class Meter:
    """Writes samples every 15 minutes of its own time; ``register`` starts shortly before it rolls over."""

    def __init__(self, client: Client, start: float = THURSDAY, register: float = 4_294_000.0) -> None:
        self.client = client
        self.attributes: dict[str, object] = {}
        self.at = start
        self.register = register
        self.size = 2.0**32 / 1000

    async def install(self) -> None:
        await self.client.register("N.meter", "meter", ae_id="Cmeter")
        for name in ("power", "energy", "status"):
            await self.client.ensure("-/meter", "cnt", name, self.attributes)
        await self.write("status", {"state": "online", "reason": ""})

    async def write(self, container: str, content: dict[str, object]) -> None:
        await self.client.create(f"-/meter/{container}", "cin", {"con": json.dumps(content)})

    async def step(self, kw: float | None = None) -> None:
        """Let 15 minutes pass and write both samples."""
        power = load_kw(self.at) if kw is None else kw
        self.at += 900
        self.register = (self.register + power / 4) % self.size
        for name, value, unit in (("power", power, "kW"), ("energy", self.register, "kWh")):
            await self.write(name, {"value": value, "unit": unit, "time": timestamp(self.at), "quality": "good"})

    async def steps(self, powers: Iterable[float | None]) -> None:
        for power in powers:
            await self.step(power)
