"""A container with a subscription, and what its subscribers get: shared by the tests of notifications."""

from __future__ import annotations

import asyncio
from typing import Any

from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import Rig, Sink, settle

BOX = "cse/cae1/box"
SINK = "http://sink/a"


async def with_box(**settings: Any) -> Rig:
    """A CSE with a container ``cse/cae1/box``."""
    rig = await Rig.open(**settings)
    await rig.register()
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    return rig


async def subscribe(rig: Rig, **attributes: Any) -> dict[str, Any]:
    """Subscribe to new instances."""
    return await rig.made(BOX, 23, {"rn": "s", "nu": [SINK], "enc": {"net": [3]}, **attributes}, "Cae1")


async def put(rig: Rig, *contents: Any) -> None:
    """New instances."""
    for content in contents:
        await rig.made(BOX, 4, {"con": content}, "Cae1")


def values(rig: Rig, url: str = SINK) -> list[Any]:
    """``con`` of the instances notified to a URL; a batch is a list."""
    return [con(one["m2m:sgn"]) if "m2m:sgn" in one else [con(part) for part in one["m2m:agn"]["m2m:sgn"]]
            for one in rig.sink.contents(url) if "sud" not in one.get("m2m:sgn", {})]


def con(notification: dict[str, Any]) -> Any:
    """``con`` of the instance in a notification."""
    return notification["nev"]["rep"]["m2m:cin"]["con"]


def told(rig: Rig, url: str) -> list[dict[str, Any]]:
    """Notices of deletion that came to a URL."""
    return [one["m2m:sgn"] for one in rig.sink.contents(url) if "sud" in one["m2m:sgn"]]


async def outbox(rig: Rig) -> list[Any]:
    """What the store holds for delivery."""
    await settle()
    return list(await rig.cse.core.committer.store.outbox())


class Gate(Sink):
    """A sink whose answers wait until it is open."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink.received, sink.answer)
        self.open = asyncio.Event()
        self.waiting = 0
        sink.send = self.send  # type: ignore[method-assign]

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Wait, then answer."""
        self.waiting += 1
        await self.open.wait()
        return await super().send(url, request, timeout_s=timeout_s)


def silent(*urls: str) -> Any:
    """An ``answer`` of a sink where some URLs cannot be reached."""
    return lambda url, content: None if url in urls else Status.OK
