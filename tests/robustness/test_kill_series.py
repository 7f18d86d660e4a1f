"""kill -9 while points come: none is lost or twice, and just those are missing that did not come in time (TS-5)."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp

from cse.clock import microseconds_of, timestamp_of
from resources.status import Status
from tests.robustness.crash import Book, Crash
from tests.robustness.test_kill import free_port

KILLS = 5
INTERVAL, PATIENCE = 50_000, 300_000
#: A point that arrives so near to its last moment may count or not.
DOUBT = 60_000


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class Series:
    """A series that is written to and killed; ``first`` is the time of its first point."""

    def __init__(self, crash: Crash, seed: int) -> None:
        self.crash = crash
        self.random = random.Random(seed)
        self.acknowledged: set[int] = set()
        self.first = 0

    async def prepare(self) -> None:
        """Make the series and its first point."""
        given = {"rn": "ts", "pei": INTERVAL // 1000, "peid": 0, "mdt": PATIENCE // 1000, "mdd": True, "mdn": 1000}
        assert (await self.crash.call("POST", "/cse", 29, {"m2m:ts": given}))[0] == Status.CREATED
        self.first = now()
        assert await self.put(0) == Status.CREATED

    async def put(self, number: int) -> int:
        """Send a point; returns the answered status."""
        moment = self.first + number * INTERVAL
        point = {"m2m:tsi": {"dgt": timestamp_of(moment), "con": number}}
        code, _ = await self.crash.call("POST", "/cse/ts", 30, point)
        if code == Status.CREATED:
            self.acknowledged.add(number)
        return code

    async def load_until_killed(self, duration_s: float) -> None:
        """Send each point in its time but every fourth or so; kill the CSE in between."""
        asyncio.get_running_loop().call_later(duration_s, self.crash._process.send_signal, signal.SIGKILL)
        number = (now() - self.first) // INTERVAL + 1
        try:
            while True:
                await asyncio.sleep(max(0.0, (self.first + number * INTERVAL - now()) / 1e6))
                if self.random.random() > 0.25:
                    assert await self.put(number) == Status.CREATED
                number += 1
        except (aiohttp.ClientError, OSError):
            pass  # the process is dead

    async def violations(self) -> list[str]:
        """Compare what the CSE has with what it promised."""
        await asyncio.sleep(0.2)  # what was due at the start has been decided
        _, content = await self.crash.call("GET", "/cse/ts?rcn=4")
        shown, asked = content["m2m:ts"], now()
        stored: dict[int, Any] = {one["con"]: one for one in shown.get("m2m:tsi", [])}
        missing = {(microseconds_of(one) - self.first) // INTERVAL for one in shown.get("mdlt", [])}
        found = []
        if lost := self.acknowledged - stored.keys():
            found.append(f"lost points: {sorted(lost)}")
        if shown["cni"] != len(stored) or len(shown.get("m2m:tsi", [])) != len(stored):
            found.append(f"cni is {shown['cni']}, there are {len(shown.get('m2m:tsi', []))} points")
        if shown["mdc"] != len(missing):
            found.append(f"mdc is {shown['mdc']}, mdlt has {len(missing)}")
        due = (asked - PATIENCE - DOUBT - self.first) // INTERVAL
        for number in range(max(1, due - 900), due):  # mdlt has the newest thousand
            late = self._late(number, stored)
            if late is not None and late != (number in missing):
                found.append(f"point {number}: {'not ' if late else ''}missing, {stored.get(number)}")
        return found

    def _late(self, number: int, stored: dict[int, Any]) -> bool | None:
        """True when a point did not come in time; None when nobody can tell."""
        if number not in stored:
            return True
        left = self.first + number * INTERVAL + PATIENCE - microseconds_of(stored[number]["ct"])
        return None if abs(left) < DOUBT else left < 0


async def test_ts_5_kills_leave_the_monitoring_as_it_was(tmp_path: Path) -> None:
    crash = Crash(tmp_path, "sqlite", free_port(), "http://127.0.0.1:9/none", Book())
    series = Series(crash, seed=3)
    for kill in range(KILLS):
        async with crash.process():
            if kill == 0:
                await series.prepare()
            else:
                assert await series.violations() == []
            await series.load_until_killed(0.4 + series.random.random())
    async with crash.process():
        assert await series.violations() == []
        known = min(series.acknowledged)
        assert await series.put(known) == Status.CONFLICT
    print(f"\n{KILLS} kills, {len(series.acknowledged)} points acknowledged")
    assert len(series.acknowledged) > KILLS * 3
