"""kill -9 between the acknowledgement of a request and its result: it is done once, and the result is there."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from resources.status import Status
from tests.robustness.crash import Book, Crash
from tests.robustness.test_kill import free_port

ROUNDS = 6
WRITERS = 24
RESULT_LIMIT_S = 30.0
PENDING = 3


class Promises(Crash):
    """``acknowledged`` maps the address of a request resource to the content that its instance must have."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "sqlite", free_port(), "", Book())
        self.acknowledged: dict[str, str] = {}
        self.sent = 0

    async def load_until_killed(self, acknowledgements: int) -> None:
        """Ask from many sides; kill the process at once after so many acknowledgements."""
        enough = asyncio.Event()
        wanted = len(self.acknowledged) + acknowledgements
        writers = [asyncio.create_task(self._write(enough, wanted)) for _ in range(WRITERS)]
        await enough.wait()
        self._process.kill()
        await asyncio.gather(*writers)

    async def _write(self, enough: asyncio.Event, wanted: int) -> None:
        try:
            while True:
                self.sent += 1
                content = f"v{self.sent}"
                code, answer = await self.call("POST", "/cse/c?rt=1", 4, {"m2m:cin": {"con": content}})
                assert code == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH, answer
                self.acknowledged[answer["m2m:uri"]] = content
                if len(self.acknowledged) >= wanted:
                    enough.set()
        except (aiohttp.ClientError, OSError):
            pass  # the process is dead
        finally:
            enough.set()

    async def broken(self) -> list[str]:
        """What was promised and is not so."""
        found = []
        made: dict[str, str] = {}
        for address, content in self.acknowledged.items():
            request = await self._result(address)
            outcome = request.get("ors", {})
            if outcome.get("rsc") != Status.CREATED:
                found.append(f"{address}: {request}")
            elif outcome["pc"]["m2m:cin"]["con"] != content:
                found.append(f"{address} has the result of another request")
            else:
                made[outcome["pc"]["m2m:cin"]["ri"]] = content
        _, container = await self.call("GET", "/cse/c?rcn=4&ty=3+4&lvl=1")
        stored = {one["ri"]: one["con"] for one in container["m2m:cnt"].get("m2m:cin", [])}
        times = Counter(stored.values())
        found += [f"{content} was made {times[content]} times" for content in times if times[content] > 1]
        found += [f"{ri} is a result and not there" for ri, content in made.items() if stored.get(ri) != content]
        if container["m2m:cnt"]["cni"] != len(stored):
            found.append(f"cni is {container['m2m:cnt']['cni']}, there are {len(stored)}")
        return found

    async def _result(self, address: str) -> dict[str, Any]:
        """The request resource once it is done."""
        limit = time.monotonic() + RESULT_LIMIT_S
        while True:
            _, content = await self.call("GET", f"/~{address}")
            request: dict[str, Any] = content.get("m2m:req", content)
            if request.get("rs") != PENDING or time.monotonic() > limit:
                return request
            await asyncio.sleep(0.05)


async def test_rtp_3_acknowledged_requests_are_done_once_whenever_the_process_dies(tmp_path: Path) -> None:
    crash = Promises(tmp_path)
    for number in range(ROUNDS):
        async with crash.process():
            if number == 0:
                assert (await crash.call("POST", "/cse", 3, {"m2m:cnt": {"rn": "c"}}))[0] == Status.CREATED
            assert await crash.broken() == []
            await crash.load_until_killed(10 + 37 * number)
    async with crash.process():
        assert await crash.broken() == []
    assert len(crash.acknowledged) >= ROUNDS * 10
