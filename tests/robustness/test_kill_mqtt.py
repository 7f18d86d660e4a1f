"""AEs create and are told over a broker while the CSE is killed: each operation is done once, each is told of.

Nothing but the request identifier says that a request came before: an instance that is made twice has two names.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from bindings.mqtt.client import MqttTransport
from cse.client.transport import ANSWER_LIMITS
from cse.codecs import decode, encode
from cse.primitive import Operation, RequestPrimitive
from resources.status import Status
from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.outages import Ae

AES = 4
SETTINGS = """
[cse]
notification_retry_s = 120.0
[store]
path = "{folder}/kill.db"
[http]
enabled = false
[mqtt]
enabled = true
url = "{url}"
version = "{version}"
[log]
level = "ERROR"
"""


class Process:
    """The CSE as a process that can be killed and started again on the same store."""

    def __init__(self, folder: Path, broker: Mosquitto, version: str) -> None:
        self._config = folder / "kill.toml"
        self._config.write_text(SETTINGS.format(folder=folder, url=broker.url, version=version))
        self._process: asyncio.subprocess.Process

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


async def rounds(folder: Path, count: int, seed: int, version: str = "3.1.1") -> str:
    """Kill the CSE so often, then check; returns what there was."""
    chance = random.Random(seed)
    broker = Mosquitto(folder)
    broker.start()
    process = Process(folder, broker, version)
    await process.start()
    aes = [Ae(f"Cae{number}", MqttTransport(f"{broker.url}?cse=/banyan", client_id=f"A::Cae{number}", version=version))
           for number in range(AES)]  # fmt: skip
    try:
        await asyncio.gather(*(ae.set_up(broker) for ae in aes))
        done = asyncio.Event()
        working = [asyncio.create_task(ae.count(done)) for ae in aes]
        for _ in range(count):
            before = [len(ae.acknowledged) for ae in aes]
            async with asyncio.timeout(30.0):
                while any(len(ae.acknowledged) < had + 3 for ae, had in zip(aes, before, strict=True)):  # noqa: ASYNC110
                    await asyncio.sleep(chance.uniform(0.001, 0.02))
            await process.kill()
            await process.start()
        done.set()
        await asyncio.gather(*working)
        async with asyncio.timeout(60.0):
            while any(len(set(ae.told)) < len(ae.acknowledged) for ae in aes):  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.05)
        for ae in aes:
            await check(ae)
    finally:
        await asyncio.gather(*(ae.transport.close() for ae in aes))
        await process.kill()
        broker.kill()
    created, again = sum(len(ae.acknowledged) for ae in aes), sum(ae.repeated for ae in aes)
    twice = sum(len(ae.told) - len(set(ae.told)) for ae in aes)
    return f"MQTT {version}: {count} kills, {created:,} created, {again} asked again, {twice} told twice"


async def check(ae: Ae) -> None:
    """What was acknowledged is there once and was told, in order."""
    look = RequestPrimitive(Operation.RETRIEVE, f"cse/{ae.stem.lower()}/c", ae.stem, "look", "3", result_content=4)
    answer = await ae.transport.send(look, timeout_s=10.0)
    assert answer.status == Status.OK
    container = decode(encode(answer.content), ANSWER_LIMITS)["m2m:cnt"]
    expected = [str(number) for number in range(len(ae.acknowledged))]
    assert ae.acknowledged == expected
    assert [one["con"] for one in container["m2m:cin"]] == expected, "each operation once, in order"
    assert container["cni"] == len(expected)
    assert list(dict.fromkeys(ae.told)) == expected, "told of each, in order"


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_each_operation_is_done_once_whenever_the_process_dies(tmp_path: Path, version: str) -> None:
    print(await rounds(tmp_path, 4, seed=11, version=version))


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_each_operation_is_done_once_over_and_over(tmp_path: Path) -> None:
    print(await rounds(tmp_path, 200, seed=12))
