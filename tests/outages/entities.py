"""AEs that count: each creates instances in its container and is told of those of all others."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

from cse.client.heard import Heard
from cse.client.transport import Handler, Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

TIMEOUT_S = 1.5


class Way(Protocol):
    """What the transports of MQTT and WebSocket have in common."""

    async def listen(self, handler: Handler) -> None: ...
    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive: ...
    async def close(self) -> None: ...


@dataclass
class Ae:
    """One AE. ``told`` are the numbers that came for each of the others, ``acknowledged`` how many it was promised.

    A notification that comes again is known by its name, as in the client library, and is not taken again; ``again``
    counts those, and ``repeated`` the requests that were sent again.
    """

    name: str
    way: Way
    poa: list[str] = field(default_factory=list)
    acknowledged: int = 0
    told: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    again: int = 0
    repeated: int = 0
    _heard: Heard = field(default_factory=Heard)
    _requests: int = 0

    @property
    def originator(self) -> str:
        return f"C{self.name}"

    async def register(self, everybody: list[str]) -> None:
        """Be an AE with a container that everybody may read and subscribe to."""
        poa = {"poa": self.poa} if self.poa else {}
        rules = {"acr": [{"acor": everybody, "acop": 63}]}
        await self.create("cse", 2, {"m2m:ae": {"rn": self.name, "api": "N1", "rr": True, "srv": ["3"], **poa}})
        await self.create(f"cse/{self.name}", 1, {"m2m:acp": {"rn": "all", "pv": rules, "pvs": rules}})
        await self.create(f"cse/{self.name}", 3, {"m2m:cnt": {"rn": "c", "acpi": [f"cse/{self.name}/all"]}})
        await self.way.listen(self.hear)

    async def subscribe(self, other: str) -> None:
        """Be told what another AE creates."""
        content = {"rn": self.name, "nu": [self.originator], "nct": 1, "enc": {"net": [3], "chty": [4]}}
        await self.create(f"cse/{other}/c", 23, {"m2m:sub": content})

    async def count(self, ended: asyncio.Event, pause_s: float) -> None:
        """Create instance after instance."""
        while not ended.is_set():
            await self.create(f"cse/{self.name}/c", 4, {"m2m:cin": {"con": f"{self.acknowledged}"}})
            self.acknowledged += 1
            await asyncio.sleep(pause_s)

    async def create(self, to: str, kind: int, content: dict[str, Any]) -> None:
        """Create something; while nobody answers the same request is sent again under the same name."""
        self._requests += 1
        name = f"{self.name}-{self._requests}"
        while True:
            request = RequestPrimitive(Operation.CREATE, to, self.originator, name, "3", resource_type=kind,
                                       content=content)  # fmt: skip
            try:
                response = await self.way.send(request, timeout_s=TIMEOUT_S)
            except Unreachable:
                self.repeated += 1
                await asyncio.sleep(0.02)
                continue
            assert response.status == Status.CREATED, f"{name} to {to}: {response}"
            return

    async def retrieve(self, to: str, **how: Any) -> dict[str, Any]:
        """Look at something, at the attributes below its root."""
        self._requests += 1
        request = RequestPrimitive(Operation.RETRIEVE, to, self.originator, f"{self.name}-{self._requests}", "3", **how)
        response = await self.way.send(request, timeout_s=10.0)
        assert response.status == Status.OK, f"{to}: {response}"
        assert response.content is not None
        found: dict[str, Any] = next(iter(response.content.values()))
        return found

    async def hear(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Take a notification."""
        assert request.content is not None
        sgn = request.content["m2m:sgn"]
        if self._heard.knows(request):
            self.again += 1
        elif "nev" in sgn:
            self.told[sgn["sur"].split("/")[-3]].append(int(sgn["nev"]["rep"]["m2m:cin"]["con"]))
        self._heard.take(request)
        return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)
