"""A real CSE process that is killed without warning while it is written to, and what must be true afterwards.

The load, the sink and the checks run in the test's process; the CSE is ``banyan run`` on a SQLite file.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bindings.http.receiver import NotificationServer
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status

WRITERS = 32
START_LIMIT_S = 30.0
DRAIN_LIMIT_S = 60.0
#: Of the second subscription.
POLICIES = {"bn": {"num": 50, "dur": "PT0.5S"}, "rl": {"mnn": 20, "tww": "PT1S"}, "pn": 2, "nse": True}
HEADERS = {"X-M2M-Origin": "CAdmin", "X-M2M-RI": "1", "X-M2M-RVI": "3"}
SETTINGS = """
[cse]
cse_id = "/crash"
administrators = ["CAdmin"]
max_results = 10000000
notification_retry_s = 60.0
[store]
kind = "{kind}"
path = "{path}"
[http]
port = {port}
[log]
level = "ERROR"
"""


@dataclass
class Book:
    """What was promised: ``acknowledged`` maps a resource ID to the content that was acknowledged.

    ``notified`` came by a plain subscription, ``batched`` by one with policies.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    notified: set[str] = field(default_factory=set)
    batched: set[str] = field(default_factory=set)
    sent: int = 0
    load_s: float = 0.0

    @property
    def per_second(self) -> float:
        """Acknowledged writes per second of load."""
        return len(self.acknowledged) / self.load_s if self.load_s else 0.0


class Crash:
    """One store, one CSE process at a time."""

    def __init__(self, folder: Path, kind: str, port: int, sink_url: str, book: Book) -> None:
        self._config = folder / "crash.toml"
        self._config.write_text(SETTINGS.format(kind=kind, path=folder / "crash.db", port=port))
        self._base = f"http://127.0.0.1:{port}"
        self._sink_url = sink_url
        self.book = book
        self._process: asyncio.subprocess.Process
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def process(self) -> AsyncIterator[None]:
        """Run the CSE; at the end it is killed if it still runs."""
        self._process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "banyan"), "run", "--config", str(self._config),
            stdout=asyncio.subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as self._session:
                await self._until_ready()
                yield
        finally:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    async def _until_ready(self) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while True:
            assert self._process.returncode is None, "the CSE did not start"
            try:
                async with self._session.get(f"{self._base}/readyz") as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectionError:
                assert time.monotonic() < limit, "the CSE does not answer"
                await asyncio.sleep(0.02)

    async def call(self, method: str, path: str, ty: int | None = None, content: Any = None) -> tuple[int, Any]:
        """Send a request; returns the response status code and the content."""
        kind = "application/json" if ty is None else f"application/json;ty={ty}"
        data = None if content is None else json.dumps(content)
        async with self._session.request(
            method, f"{self._base}{path}", data=data, headers={**HEADERS, "Content-Type": kind} if data else HEADERS
        ) as answer:
            body = await answer.read()
            return int(answer.headers["X-M2M-RSC"]), json.loads(body) if body else None

    async def prepare(self) -> None:
        """Create the container and its subscriptions."""
        assert (await self.call("POST", "/cse", 3, {"m2m:cnt": {"rn": "c"}}))[0] == Status.CREATED
        for policies in ({"rn": "plain"}, {"rn": "policed", **POLICIES}):
            subscription = {"nu": [self._sink_url], "enc": {"net": [3], "chty": [4]}, **policies}
            code, content = await self.call("POST", "/cse/c", 23, {"m2m:sub": subscription})
            assert code == Status.CREATED, content

    async def load_until_killed(self, acknowledgements: int) -> None:
        """Write from many sides; kill the process at once after so many acknowledgements."""
        began = time.monotonic()
        enough = asyncio.Event()
        wanted = len(self.book.acknowledged) + acknowledgements
        writers = [asyncio.create_task(self._write(enough, wanted)) for _ in range(WRITERS)]
        await enough.wait()
        self._process.send_signal(signal.SIGKILL)
        self.book.load_s += time.monotonic() - began
        await asyncio.gather(*writers)

    async def _write(self, enough: asyncio.Event, wanted: int) -> None:
        try:
            while True:
                self.book.sent += 1
                content = f"v{self.book.sent}"
                code, answer = await self.call("POST", "/cse/c", 4, {"m2m:cin": {"con": content}})
                assert code == Status.CREATED, answer
                self.book.acknowledged[answer["m2m:cin"]["ri"]] = content
                if len(self.book.acknowledged) >= wanted:
                    enough.set()
        except (aiohttp.ClientError, OSError):
            pass  # the process is dead
        finally:
            enough.set()

    async def violations(self) -> list[str]:
        """Compare what the CSE has with what it promised."""
        found: list[str] = []
        code, container = await self.call("GET", "/cse/c?rcn=4&ty=3+4&lvl=1")
        if code != Status.OK:
            return [f"acknowledged instances are lost with their container: {code} {container}"]
        attributes = container["m2m:cnt"]
        stored = {one["ri"]: one["con"] for one in attributes.get("m2m:cin", [])}
        lost = {ri for ri, content in self.book.acknowledged.items() if stored.get(ri) != content}
        if lost:
            found.append(f"{len(lost)} acknowledged instances are lost or changed, for example {min(lost)}")
        for name, expected in (("cni", len(stored)), ("cbs", sum(map(len, stored.values()))), ("st", len(stored))):
            if attributes[name] != expected:
                found.append(f"half applied: {name} is {attributes[name]}, the instances say {expected}")
        missing = await self._not_notified(set(stored.values()))
        if missing:
            found.append(f"{len(missing)} notifications of stored instances are lost, for example {min(missing)}")
        return found

    async def _not_notified(self, expected: set[str]) -> set[str]:
        """Wait until the outbox has been delivered; returns what never came."""
        limit = time.monotonic() + DRAIN_LIMIT_S
        while True:
            async with self._session.get(f"{self._base}/metrics") as answer:
                text = await answer.text()
            drained = "\nbanyan_notifications_pending 0\n" in text
            missing = (expected - self.book.notified) | (expected - self.book.batched)
            if not missing or drained or time.monotonic() > limit:
                return missing
            await asyncio.sleep(0.05)


async def run(folder: Path, kind: str, rounds: int, seed: int, port: int) -> tuple[Book, list[str]]:
    """Kill a CSE with this kind of store so many times; returns the book and the violations, at most one round's."""
    chance, book = random.Random(seed), Book()

    async def take(request: RequestPrimitive) -> ResponsePrimitive | None:
        content = request.content or {}
        several = content["m2m:agn"]["m2m:sgn"] if "m2m:agn" in content else [content["m2m:sgn"]]
        arrived = book.batched if "m2m:agn" in content else book.notified
        arrived.update(one["nev"]["rep"]["m2m:cin"]["con"] for one in several if "nev" in one)
        return None

    sink = NotificationServer("127.0.0.1", 0, take)
    crash = Crash(folder, kind, port, f"{await sink.start()}/sink", book)
    try:
        async with crash.process():
            await crash.prepare()
            await crash.load_until_killed(chance.randint(50, 400))
        for _ in range(rounds - 1):
            async with crash.process():
                found = await crash.violations()
                if found:
                    return book, found
                await crash.load_until_killed(chance.randint(1, 400))
        async with crash.process():
            return book, await crash.violations()
    finally:
        await sink.stop()
