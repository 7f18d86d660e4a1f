"""mosquitto_pub and mosquitto_sub: MQTT peers that are not ours."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
from typing import Any

from tests.bindings.mqtt.mosquitto import Mosquitto, program

_NUMBERS = itertools.count(1)
_TIMEOUT_S = 10


async def _run(name: str, broker: Mosquitto, *arguments: str, payload: bytes | None = None) -> bytes:
    command = [program(name), "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", *arguments]

    def run() -> bytes:
        done = subprocess.run(command, input=payload, capture_output=True, timeout=_TIMEOUT_S + 5, check=False)
        assert done.returncode in {0, 27}, (command, done.stderr)  # 27: the time is over
        return done.stdout

    return await asyncio.to_thread(run)


async def publish(broker: Mosquitto, topic: str, payload: bytes | str | dict[str, Any], *options: str) -> None:
    """Publish once."""
    if isinstance(payload, dict):
        payload = json.dumps(payload)
    data = payload.encode() if isinstance(payload, str) else payload
    await _run("mosquitto_pub", broker, "-t", topic, "-s" if data else "-n", *options, payload=data)


class Subscriber:
    """Has what is published to a topic filter from ``listen`` on, whenever it is fetched."""

    def __init__(self, broker: Mosquitto, *filters: str) -> None:
        self._broker = broker
        self._options = ["-i", f"sub-{next(_NUMBERS)}", "-c", *(part for one in filters for part in ("-t", one))]

    async def listen(self) -> Subscriber:
        await _run("mosquitto_sub", self._broker, *self._options, "-E")
        return self

    async def take(self, count: int, wait_s: int = _TIMEOUT_S) -> list[tuple[str, str]]:
        """Topic and payload of the next messages."""
        out = await _run("mosquitto_sub", self._broker, *self._options, "-C", str(count), "-W", str(wait_s),
                         "-F", "%t %p")  # fmt: skip
        lines = [line.partition(" ") for line in out.decode().splitlines()]
        return [(topic, payload) for topic, _, payload in lines]


class Ae:
    """An AE made of mosquitto_pub and mosquitto_sub."""

    def __init__(self, broker: Mosquitto, cse_id: str, stem: str, lead: str = "/") -> None:
        self.stem = stem
        self._cse = cse_id.removeprefix("/")
        self._lead = lead
        self._broker = broker
        self._answers = Subscriber(broker, f"{lead}oneM2M/resp/{stem}/#")
        self.asked = Subscriber(broker, f"{lead}oneM2M/req/+/{stem}/#")

    async def listen(self) -> Ae:
        await self._answers.listen()
        await self.asked.listen()
        return self

    async def ask(self, op: int, to: str, rqi: str, **more: Any) -> dict[str, Any]:
        request = {"op": op, "to": to, "fr": self.stem, "rqi": rqi, "rvi": "3", **more}
        await publish(self._broker, f"{self._lead}oneM2M/req/{self.stem}/{self._cse}/json", request)
        [(topic, payload)] = await self._answers.take(1)
        assert topic == f"{self._lead}oneM2M/resp/{self.stem}/{self._cse}/json"
        answer: dict[str, Any] = json.loads(payload)
        assert answer["rqi"] == rqi
        return answer

    async def answer(self, request_id: str, status: int = 2000) -> None:
        """Answer a request of the CSE."""
        response = {"rsc": status, "rqi": request_id, "rvi": "3"}
        await publish(self._broker, f"{self._lead}oneM2M/resp/{self._cse}/{self.stem}/json", response)
