"""A meter, its proxy and a CSE, each a process, with a link between each two: any of the five ends at random.

Checked meanwhile: values are stale within three periods of the meter's end, and there is a new one within ten seconds
of the end of an outage. Checked afterwards: the history is complete, has nothing twice, and has no energy that the
meter did not count.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cse.client import Client, RequestFailed, Unreachable, connect, seconds_of
from tests.outages.meter import MODULUS, PER_S
from tests.outages.paths import Cut, NetworkPath, Side, free_port
from tests.outages.processes import Killable
from tests.outages.world import linked

PERIOD_S = 1.0
STALE_S = 3 * PERIOD_S
RECOVERY_S = 10.0
CONTAINERS = ("energy", "seconds", "status")
CSE = """
[cse]
cse_id = "/banyan"
administrators = ["CAdmin"]
max_results = 1000000
[store]
path = "{folder}/banyan.db"
[http]
host = "{host}"
port = {port}
allow_plain = true
[log]
level = "ERROR"
"""
IPE = """
protocol = "modbus"
points = "points.csv"
name = "meter"
ae_id = "Cmeter"
cse = "http://{cse}"
readers = ["CAdmin"]
outbox = "file"
reconnect_first_s = 0.2
reconnect_limit_s = 1.0
[device]
host = "{host}"
port = {port}
timeout_s = 0.5
"""
POINTS = f"""name,table,address,type,period_s,unit,kind,modulus,max_per_s,resolution
energy,input,0,uint32,{PERIOD_S},Wh,counter,{MODULUS},{PER_S + 200},1
seconds,input,2,uint16,{PERIOD_S},s,value,,,
"""


@dataclass
class Plan:
    """How long, how wild; a plan is played the same way again."""

    seed: int
    duration_s: float
    rest_s: tuple[float, float] = (0.5, 2.0)
    outage_s: tuple[float, float] = (0.2, 4.0)


@dataclass
class Field:
    """What is there, and what happened."""

    plan: Plan
    links: dict[str, NetworkPath]
    parts: dict[str, Killable]
    reader: Client
    happened: Counter[str] = field(default_factory=Counter)
    stale_s: list[float] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)

    async def latest(self, container: str) -> dict[str, Any]:
        """The newest content; empty when the CSE cannot be asked."""
        try:
            async with asyncio.timeout(2):
                instance = await self.reader.latest(f"-/meter/{container}")
        except (RequestFailed, Unreachable, TimeoutError):
            return {}
        return {} if instance is None else dict(json.loads(instance["con"]), created=instance["ct"])

    async def until(self, what: str, limit_s: float, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest energy once it is as wanted."""
        began = time.monotonic()
        while not wanted(found := await self.latest("energy")):
            assert time.monotonic() - began < limit_s, f"{what} not within {limit_s} s: {found}"
            await asyncio.sleep(0.05)
        return found

    async def recovered(self, since_s: float) -> None:
        """A good value that was measured since then."""
        began = time.monotonic()
        await self.until("recovered", RECOVERY_S, lambda found: bool(found) and found["quality"] == "good"
                         and seconds_of(found["time"]) >= since_s)  # fmt: skip
        self.recovery_s.append(time.monotonic() - began)

    async def outage(self, chance: random.Random) -> None:
        """One or two of the five end together and come back."""
        names = chance.sample([*self.parts, *self.links], chance.choice((1, 1, 2)))
        how = chance.choice(list(Cut))
        self.happened.update(names)
        began_s = time.time()
        await asyncio.gather(*(self._end(name, how) for name in names))
        if {"device", "device link"} >= set(names):
            found = await self.until("stale", STALE_S + RECOVERY_S, lambda found: found.get("quality") == "stale")
            self.stale_s.append(seconds_of(found["created"]) - began_s)
        await asyncio.sleep(chance.uniform(*self.plan.outage_s))
        await asyncio.gather(*(self._begin(name) for name in names))
        await self.recovered(time.time())

    async def _end(self, name: str, how: Cut) -> None:
        if name in self.links:
            await self.links[name].cut(how)
        else:
            await self.parts[name].kill()

    async def _begin(self, name: str) -> None:
        if name in self.links:
            await self.links[name].mend()
        else:
            await self.parts[name].start()

    async def complaints(self) -> list[str]:
        """What is wrong with the history."""
        names: list[str] = []
        for container in CONTAINERS:
            names += [instance["rn"] for instance in await self.reader.history(f"-/meter/{container}")]
        numbers = sorted(int(name.rpartition("-")[2]) for name in names)
        found = []
        if numbers != list(range(1, len(numbers) + 1)):
            found.append(f"{len(numbers)} contents, the last is number {numbers[-1]}: some are missing or there twice")
        rows = [json.loads(one["con"]) for one in await self.reader.history("-/meter/energy")]
        good = [row for row in rows if row["quality"] == "good"]
        for before, after in pairwise(good):
            counted, shown = after["sum"] - before["sum"], (after["value"] - before["value"]) % MODULUS
            if counted % MODULUS != shown or not 0 <= counted <= _most(before, after):
                found.append(f"{counted} counted between {before} and {after}")
        found += [f"not good and not stale: {row}" for row in rows if row["quality"] not in ("good", "stale")]
        if max(self.stale_s, default=0) > STALE_S:
            found.append(f"stale after {max(self.stale_s):.1f} s; expected at most {STALE_S:g}")
        return found

    def summary(self, rows: int) -> str:
        """What there was."""
        events = ", ".join(f"{name} {times}" for name, times in sorted(self.happened.items()))
        return (f"{type(self.links['device link']).__name__}: {events}; {rows} values of energy; stale after at most "
                f"{max(self.stale_s, default=0):.2f} s, back after at most {max(self.recovery_s, default=0):.2f} s")


def _most(before: dict[str, Any], after: dict[str, Any]) -> float:
    """The most that the meter can have counted between two readings, which may be a request's time off."""
    return (seconds_of(after["time"]) - seconds_of(before["time"]) + 1) * PER_S


async def play(folder: Path, plan: Plan) -> str:
    """Play a plan and check what came of it; returns what there was."""
    links: dict[str, NetworkPath] = {"device link": linked()(), "cse link": linked()()}
    parts: dict[str, Killable] = {}
    reader: Client | None = None
    try:
        for link in links.values():
            await link.begin()
        parts, url = await _made(folder, links)
        for part in parts.values():
            await part.start()
        reader = await connect(url, "CAdmin")
        await reader.until_reachable(RECOVERY_S)
        world = Field(plan, links, parts, reader)
        await world.recovered(time.time())
        chance = random.Random(plan.seed)
        ends = time.monotonic() + plan.duration_s
        while time.monotonic() < ends:
            await asyncio.sleep(chance.uniform(*plan.rest_s))
            await world.outage(chance)
        await _all_sent(folder)
        assert not (found := await world.complaints()), "\n".join((*found, world.summary(0)))
        return world.summary(len(await reader.history("-/meter/energy")))
    finally:
        if reader is not None:
            await reader.close()
        for part in parts.values():
            await part.kill()
        for link in links.values():
            await link.end()


async def _made(folder: Path, links: dict[str, NetworkPath]) -> tuple[dict[str, Killable], str]:
    ports = {name: free_port() for name in links}
    ways = {name: await link.way(Side.FAR, ports[name]) for name, link in links.items()}
    cse = links["cse link"]
    (folder / "cse.toml").write_text(CSE.format(folder=folder, host=cse.hosts[Side.FAR], port=ports["cse link"]))
    (folder / "points.csv").write_text(POINTS)
    host, port = ways["device link"].split(":")
    (folder / "meter.toml").write_text(IPE.format(cse=ways["cse link"], host=host, port=port))
    device = links["device link"]
    program = "from cse.cli.main import main; raise SystemExit(main())"
    parts = {
        "device": Killable((*device.prefix, sys.executable, "-m", "tests.outages.meter",
                            device.hosts[Side.FAR], str(ports["device link"]))),
        "cse": Killable((*cse.prefix, sys.executable, "-c", program, "run", "--config", str(folder / "cse.toml"))),
        "ipe": Killable((sys.executable, "-m", "ipe", str(folder / "meter.toml")), quiet=True),
    }  # fmt: skip
    return parts, f"http://{ways['cse link']}"


async def _all_sent(folder: Path) -> None:
    """Return when the outbox is empty but for what is on its way."""
    await asyncio.sleep(3 * PERIOD_S)
    assert (folder / "meter.outbox").exists()
