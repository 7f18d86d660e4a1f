"""AEs create and are told over WebSocket while the CSE is killed and their connections are cut: nothing is lost.

An AE that got no answer asks again under the same name; that it is there already says that the first try was done.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cse.client import Client, Notification, RequestFailed, Unreachable, connect
from resources.status import Status

AES = 4
SETTINGS = """
[cse]
administrators = ["CAdmin"]
[store]
path = "{path}"
[http]
enabled = false
[websocket]
enabled = true
port = {port}
[log]
level = "ERROR"
"""


class Process:
    """The CSE as a process that can be killed and started again on the same store."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._config = folder / "kill.toml"
        self._config.write_text(SETTINGS.format(path=folder / "kill.db", port=self.port))
        self._process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where it is."""
        return f"ws://127.0.0.1:{self.port}"

    async def start(self) -> None:
        program = "from cse.cli.main import main; raise SystemExit(main())"
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, "run", "--config", str(self._config), stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@dataclass
class Ae:
    """One AE: what it was promised and what it was told."""

    name: str
    client: Client
    created: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    asked_again: int = 0

    async def prepare(self) -> None:
        await self.client.until_reachable(30)
        await self.client.register("N1", self.name)
        await self.client.create(f"cse/{self.name}", "cnt", {"rn": "c"})
        await self.client.subscribe(f"cse/{self.name}/c", self._tell, name="s")

    async def work(self, ended: asyncio.Event) -> None:
        number = 0
        while not ended.is_set():
            if await self._create(number):
                self.created.append(number)
                number += 1
            else:
                self.asked_again += 1
                await asyncio.sleep(0.02)

    async def _create(self, number: int) -> bool:
        attributes = {"rn": f"i{number}", "con": str(number)}
        try:
            await self.client.create(f"cse/{self.name}/c", "cin", attributes)
        except Unreachable:
            return False
        except RequestFailed as failure:
            if failure.status is not Status.CONFLICT:
                raise
        return True

    async def _tell(self, notification: Notification) -> None:
        self.told.append(int(notification.representation["con"]))

    def cut(self) -> None:
        """Lose the connection as a network does: without a word."""
        link = self.client._transport._link  # type: ignore[attr-defined]
        if link is not None and link.open:
            link._socket._conn.transport.abort()


async def rounds(folder: Path, count: int, seed: int) -> str:
    """Kill and cut so often, then check; returns what there was."""
    random_ = random.Random(seed)
    process = Process(folder)
    await process.start()
    aes = [Ae(f"ae{number}", await connect(process.url, f"Cae{number}", timeout_s=2.0)) for number in range(AES)]
    try:
        await asyncio.gather(*(ae.prepare() for ae in aes))
        ended = asyncio.Event()
        working = [asyncio.create_task(ae.work(ended)) for ae in aes]
        for _ in range(count):
            await asyncio.sleep(random_.uniform(0.05, 0.4))
            if random_.random() < 0.5:
                await process.kill()
                await process.start()
                await aes[0].client.until_reachable(30)
            else:
                for ae in random_.sample(aes, random_.randrange(1, AES + 1)):
                    ae.cut()
        ended.set()
        await asyncio.gather(*working)
        await told_all(aes)
        for ae in aes:
            await check(ae)
    finally:
        await asyncio.gather(*(ae.client.close() for ae in aes))
        await process.kill()
    created, again = sum(len(ae.created) for ae in aes), sum(ae.asked_again for ae in aes)
    return f"{created:,} created, {again} asked again, {sum(len(ae.told) - len(set(ae.told)) for ae in aes)} told twice"


async def told_all(aes: list[Ae], limit_s: float = 30.0) -> None:
    """Wait until everybody was told of everything."""
    async with asyncio.timeout(limit_s):
        while any(len(set(ae.told)) < len(ae.created) for ae in aes):  # noqa: ASYNC110 - four lists have no event
            await asyncio.sleep(0.05)


async def check(ae: Ae) -> None:
    """What was acknowledged is there once and was told, in order."""
    expected = list(range(len(ae.created)))
    container = await ae.client.retrieve(f"cse/{ae.name}/c")
    assert container["cni"] == len(expected), "acknowledged and there, each once"
    assert [int(one["con"]) for one in await ae.client.history(f"cse/{ae.name}/c")] == expected
    assert list(dict.fromkeys(ae.told)) == expected, "told of each, in order"


async def test_nothing_is_lost(tmp_path: Path) -> None:
    print(await rounds(tmp_path, 8, seed=5))


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_nothing_is_lost_over_and_over(tmp_path: Path) -> None:
    print(await rounds(tmp_path, 200, seed=6))
