"""AEs that create and are notified while their broker is killed and started again; what must hold afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from typing import Any

from bindings.mqtt.client import MqttTransport
from cse.app import Node
from cse.client.transport import ANSWER_LIMITS, Unreachable
from cse.codecs import decode, encode
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.bindings.mqtt.mosquitto import Mosquitto

_TIMEOUT_S = 1.0


@dataclass
class Ae:
    """An AE that counts: each number is an instance, and each instance a notification."""

    stem: str
    transport: MqttTransport
    acknowledged: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    repeated: int = 0
    _requests: int = 0

    async def set_up(self, broker: Mosquitto) -> None:
        await self.transport.listen(self.receive)
        rn = self.stem.lower()
        content = {"m2m:ae": {"rn": rn, "api": "N1", "rr": True, "srv": ["3"], "poa": [broker.url]}}
        await self.ask("cse", 2, content)
        await self.ask(f"cse/{rn}", 3, {"m2m:cnt": {"rn": "c"}})
        await self.ask(f"cse/{rn}/c", 23, {"m2m:sub": {"rn": "s", "nu": [self.stem], "nct": 1, "enc": {"net": [3]}}})

    async def count(self, until: asyncio.Event) -> None:
        number = 0
        while not until.is_set():
            await self.ask(f"cse/{self.stem.lower()}/c", 4, {"m2m:cin": {"con": str(number)}})
            self.acknowledged.append(str(number))
            number += 1

    async def ask(self, to: str, kind: int, content: dict[str, Any]) -> None:
        """Create something; while nobody answers the same request is sent again."""
        self._requests += 1
        request = RequestPrimitive(Operation.CREATE, to, self.stem, f"{self.stem}-{self._requests}", "3",
                                   resource_type=kind, content=content)  # fmt: skip
        while True:
            try:
                response = await self.transport.send(request, timeout_s=_TIMEOUT_S)
            except Unreachable:
                self.repeated += 1
                continue
            assert response.status == Status.CREATED, response
            return

    async def receive(self, request: RequestPrimitive) -> ResponsePrimitive:
        assert request.content is not None
        event = request.content["m2m:sgn"].get("nev")
        if event is not None:
            self.told.append(event["rep"]["m2m:cin"]["con"])
        return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)


async def survive(broker: Mosquitto, node: Node, aes: int, rounds: int, seed: int) -> list[Ae]:
    """Kill the broker in each round while AEs work; returns them when all is told."""
    chance = random.Random(seed)
    name = node.settings.cse.cse_id
    found = [Ae(f"Cae{number}", MqttTransport(f"{broker.url}?cse={name}", client_id=f"A::Cae{number}"))
             for number in range(aes)]  # fmt: skip
    for ae in found:
        await ae.set_up(broker)
    done = asyncio.Event()
    work = [asyncio.create_task(ae.count(done)) for ae in found]
    for _ in range(rounds):
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        broker.kill()
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        await asyncio.to_thread(broker.start)
    await asyncio.sleep(0.5)
    done.set()
    await asyncio.gather(*work)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30.0):
            while any(len(set(ae.told)) < len(ae.acknowledged) for ae in found):  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.05)
    return found


async def verify(node: Node, aes: list[Ae]) -> None:
    """Nothing lost, nothing twice, order kept."""
    for ae in aes:
        assert ae.acknowledged == [str(number) for number in range(len(ae.acknowledged))]
        kept = await node.cse.handle(RequestPrimitive(
            Operation.RETRIEVE, f"cse/{ae.stem.lower()}/c", ae.stem, "look", "3", result_content=4))  # fmt: skip
        instances = decode(encode(kept.content), ANSWER_LIMITS)["m2m:cnt"]["m2m:cin"]
        assert [one["con"] for one in instances] == ae.acknowledged, "each operation once, in order"
        assert list(dict.fromkeys(ae.told)) == ae.acknowledged, "each notification, in order"
        await ae.transport.close()
