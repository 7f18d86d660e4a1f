"""Four AEs, a broker and a CSE with a network path between them, all of which end at random and come back."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from bindings.broker.logins import set_password
from bindings.mqtt.client import MqttTransport
from bindings.websocket.client import WebSocketTransport
from tests.outages.entities import Ae
from tests.outages.paths import (
    EVERYWHERE,
    Cut,
    LinkedNamespace,
    NetworkPath,
    Proxies,
    Side,
    free_port,
    without_namespaces,
)
from tests.outages.processes import Killable, banyan, mosquitto

#: Events of a round: any of these, alone or two at a time.
BROKER, CSE, LINK = "broker", "cse", "link"
EVENTS = ((BROKER,), (CSE,), (LINK,), (LINK,), (BROKER, CSE), (BROKER, LINK), (CSE, LINK))
#: Of a broker that is part of the CSE.
INSIDE_EVENTS = ((CSE,), (LINK,), (CSE, LINK))
CALM_S = 60.0


@dataclass(frozen=True)
class Variant:
    """``broker`` is the side that the broker is on, ``persistent`` whether it remembers after a kill.

    ``link``: None is a link between namespaces where there can be one. ``inside``: the broker is that of the CSE, and
    ends with it. ``dense``: the next round begins as soon as everybody was promised something.
    """

    seed: int
    rounds: int
    broker: Side = Side.FAR
    persistent: bool = True
    version: str = "3.1.1"
    link: type[LinkedNamespace | Proxies] | None = None
    events: tuple[tuple[str, ...], ...] = EVENTS
    inside: bool = False
    pause_s: float = 0.01
    dense: bool = False


@dataclass
class World:
    """What is there while the rounds go on."""

    variant: Variant
    path: NetworkPath
    parts: dict[str, Killable]
    aes: list[Ae]
    chance: random.Random = field(init=False)
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.variant.seed)

    async def round(self) -> None:
        """Let something end while all work, and have it back after a while."""
        dense = self.variant.dense
        await asyncio.sleep(self.chance.uniform(0.0, 0.02) if dense else self.chance.uniform(0.1, 0.4))
        events = self.chance.choice(self.variant.events)
        self.happened["+".join(events)] += 1
        for event in events:
            await self._end(event)
            await asyncio.sleep(self.chance.choice((0.0, self.chance.uniform(0.0, 0.2))))
        await asyncio.sleep(0.0 if dense else self.chance.choice((0.0, 0.1, 0.5, self.chance.uniform(0.0, 3.0))))
        for event in self.chance.sample(events, len(events)):
            await self._bring_back(event)
            await asyncio.sleep(self.chance.choice((0.0, self.chance.uniform(0.0, 0.2))))
        await self._progress()

    async def _end(self, event: str) -> None:
        if event == LINK:
            await self.path.cut(self.chance.choice(list(Cut)))
        else:
            await self.parts[event].kill()

    async def _bring_back(self, event: str) -> None:
        await (self.path.mend() if event == LINK else self.parts[event].start())

    async def _progress(self) -> None:
        """Go on when somebody, or everybody, was promised something again: an end in the middle of work is wanted."""
        before = [ae.acknowledged for ae in self.aes]
        enough = all if self.variant.dense else any
        async with asyncio.timeout(CALM_S):
            while not enough(ae.acknowledged > had for ae, had in zip(self.aes, before, strict=True)):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def calm(self, working: list[asyncio.Task[None]]) -> None:
        """Wait for what was begun, until everybody was told everything, and a little for what comes too often."""
        async with asyncio.timeout(CALM_S):
            await asyncio.gather(*working)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALM_S):
                while not all(self._all_told(ae) for ae in self.aes):  # noqa: ASYNC110 - neither have lists
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    def _all_told(self, ae: Ae) -> bool:
        return all(len(set(ae.told[other.name])) >= other.acknowledged for other in self.aes if other is not ae)

    async def violations(self) -> list[str]:
        """What is not as it was promised."""
        found = [violation for ae in self.aes for violation in await _of_container(ae)]
        for ae in self.aes:
            for other in self.aes:
                if other is not ae:
                    found += _of_notifications(ae, other)
        return found


async def _of_container(ae: Ae) -> list[str]:
    """Each instance once, in order, and none half there."""
    container = await ae.retrieve(f"cse/{ae.name}/c", result_content=8)
    instances: list[dict[str, Any]] = container.get("m2m:cin", [])
    numbers, expected = [int(one["con"]) for one in instances], list(range(ae.acknowledged))
    found = [] if numbers == expected else [f"{ae.name}: instances {_difference(numbers, expected)}"]
    plain = await ae.retrieve(f"cse/{ae.name}/c")
    sums = {"cni": len(instances), "cbs": sum(len(one["con"]) for one in instances), "st": len(instances)}
    found += [f"{ae.name}: {name} is {plain[name]}, the instances say {value}"
              for name, value in sums.items() if plain[name] != value]  # fmt: skip
    latest = await ae.retrieve(f"cse/{ae.name}/c/la")
    if latest["ri"] != instances[-1]["ri"]:
        found.append(f"{ae.name}: la is {latest}, the last instance {instances[-1]}")
    return found


def _of_notifications(ae: Ae, other: Ae) -> list[str]:
    told, expected = ae.told[other.name], list(range(other.acknowledged))
    return [] if told == expected else [f"{ae.name} of {other.name}: notifications {_difference(told, expected)}"]


def _difference(found: list[int], expected: list[int]) -> str:
    lost = sorted(set(expected) - set(found))
    twice = [number for number, times in Counter(found).items() if times > 1]
    order = [pair for pair in pairwise(found) if pair[1] < pair[0]]
    return (f"{len(found)} of {len(expected)}; lost {lost[:10]}, more than once {twice[:10]}, not in order "
            f"{order[:10]}, not known {sorted(set(found) - set(expected))[:10]}")  # fmt: skip


async def play(folder: Path, variant: Variant) -> str:
    """Play the rounds of a world and check them; returns what there was."""
    path: NetworkPath = (variant.link or linked())()
    await path.begin()
    world: World | None = None
    working: list[asyncio.Task[None]] = []
    try:
        world = await _made(folder, path, variant)
        for part in world.parts.values():
            await part.start()
        await prepare(world.aes)
        ended = asyncio.Event()
        working = [asyncio.create_task(ae.count(ended, variant.pause_s)) for ae in world.aes]
        for _ in range(variant.rounds):
            await world.round()
            for one in working:
                if one.done():
                    one.result()
        ended.set()
        await world.calm(working)
        assert not (found := await world.violations()), "\n".join((*found, summary(world)))
        return summary(world)
    finally:
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        if world is not None:
            await asyncio.gather(*(ae.way.close() for ae in world.aes))
            for part in world.parts.values():
                await part.kill()
        await path.end()


async def _made(folder: Path, path: NetworkPath, variant: Variant) -> World:
    ports = [free_port(), free_port()]
    side = variant.broker
    host = path.hosts[side]
    local, far = f"{'127.0.0.1' if host == EVERYWHERE else host}:{ports[0]}", await path.way(side, ports[0])
    seen_by = {Side.NEAR: local if side is Side.NEAR else far, Side.FAR: local if side is Side.FAR else far}
    settings = {"host": path.hosts[Side.FAR], "port": ports[1], "broker": seen_by[Side.FAR], "broker_port": ports[0],
                "version": variant.version}  # fmt: skip
    parts = {CSE: banyan(folder, path.prefix, settings, inside=variant.inside)}
    if not variant.inside:
        prefix = path.prefix if side is Side.FAR else ()
        parts[BROKER] = mosquitto(folder, prefix, host, ports[0], persistent=variant.persistent)
    websocket = f"ws://{await path.way(Side.FAR, ports[1])}"
    near = f"mqtt://{seen_by[Side.NEAR]}?cse=/banyan"
    aes = [Ae(f"m{number}", MqttTransport(near, client_id=f"A::Cm{number}", version=variant.version,
                                          **_login(folder, f"Cm{number}", variant)), [f"mqtt://{seen_by[Side.FAR]}"])
           for number in range(2)]  # fmt: skip
    aes += [Ae(f"w{number}", WebSocketTransport(websocket)) for number in range(2)]
    return World(variant, path, parts, aes)


def _login(folder: Path, user: str, variant: Variant) -> dict[str, Any]:
    """The login of an AE at the broker inside, as options of a transport."""
    if not variant.inside:
        return {}
    set_password(folder / "logins", user, f"of {user}")
    secret = folder / f"{user}.password"
    secret.write_text(f"of {user}")
    return {"user": user, "password_file": str(secret)}


async def prepare(aes: list[Ae]) -> None:
    """Have everybody registered and subscribed to all others."""
    everybody = [ae.originator for ae in aes]
    async with asyncio.timeout(CALM_S):
        await asyncio.gather(*(ae.register(everybody) for ae in aes))
        await asyncio.gather(*(ae.subscribe(other.name) for ae in aes for other in aes if other is not ae))


def summary(world: World) -> str:
    """What there was."""
    aes = world.aes
    told = sum(len(numbers) for ae in aes for numbers in ae.told.values())
    return (f"{type(world.path).__name__}: {sum(ae.acknowledged for ae in aes):,} created, "
            f"{sum(ae.repeated for ae in aes)} requests sent again; "
            f"{told:,} notifications, {sum(ae.again for ae in aes)} of them came again; "
            f"{', '.join(f'{event} {times}' for event, times in world.happened.items())}")  # fmt: skip


def linked() -> type[LinkedNamespace | Proxies]:
    """A link between namespaces where there can be one, else proxies."""
    return Proxies if without_namespaces() else LinkedNamespace
