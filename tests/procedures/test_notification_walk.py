"""Notifications over a long random history: bursts, targets that come and go, restarts (SUB-20 … SUB-27)."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from resources.status import Status
from tests.rig import Rig, RigClock, settle
from tests.slow_store import SlowStore

BOX = "cse/cae1/box"
POLICIES: dict[str, dict[str, Any]] = {
    "plain": {}, "batch": {"bn": {"num": 4, "dur": "PT3S"}}, "latest": {"ln": True},
    "rate": {"rl": {"mnn": 3, "tww": "PT2S"}, "pn": 2}, "pending": {"pn": 2, "nse": True},
    "all": {"bn": {"num": 3, "dur": "PT2S"}, "rl": {"mnn": 1, "tww": "PT1S"}, "pn": 2, "exc": 1_000_000, "nsp": 3},
}


class Walk:
    """A CSE over a slow store with a subscription of each policy; what was notified to each of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.store = SlowStore(turns=2)
        self.clock = RigClock()
        self.number = 0
        self.dead: set[str] = set()
        self.arrived: dict[str, list[int]] = {name: [] for name in POLICIES}
        self.rig: Rig

    async def open(self) -> None:
        """Start the CSE, also again on what is stored."""
        self.rig = await Rig.open(store=self.store, clock=self.clock)
        self.rig.sink.answer = self.answer

    def answer(self, url: str, content: dict[str, Any]) -> Status | None:
        """Take a notification unless its target is away."""
        name = url.rpartition("/")[2]
        if name in self.dead:
            return None
        if "vrq" not in content.get("m2m:sgn", {}):
            parts = content["m2m:agn"]["m2m:sgn"] if "m2m:agn" in content else [content["m2m:sgn"]]
            self.arrived[name] += [part["nev"]["rep"]["m2m:cin"]["con"] for part in parts]
        return Status.OK

    async def burst(self) -> None:
        """Several new instances at once."""
        count = self.random.randrange(1, 6)
        numbers = range(self.number, self.number + count)
        self.number += count
        made = await asyncio.gather(*(self.rig.create(BOX, 4, {"con": number}, "Cae1") for number in numbers))
        assert {one.status for one in made} == {Status.CREATED}

    async def step(self) -> None:
        """Something happens."""
        kind = self.random.choices(["burst", "wait", "flap", "restart"], [10, 4, 3, 1])[0]
        if kind == "burst":
            await self.burst()
        elif kind == "wait":
            await self.clock.advance(self.random.choice([0.1, 1, 4]))
        elif kind == "flap":  # away for less than the time that deliveries are tried again
            self.dead = {name for name in POLICIES if self.random.random() < 0.5}
            await self.clock.advance(self.random.choice([0.5, 3]))
            await self.burst()
            self.dead.clear()
            await self.clock.advance(8)
        else:
            await self.rig.close()
            await self.open()


def once(values: list[int]) -> list[int]:
    """Without what was sent again after a restart."""
    return list(dict.fromkeys(values))


@pytest.mark.parametrize("seed", range(5))
async def test_sub_20_to_27_nothing_is_lost_and_the_order_is_kept(seed: int) -> None:
    walk = Walk(seed)
    await walk.open()
    await walk.rig.register()
    await walk.rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    for name, policy in POLICIES.items():
        given = {"rn": name, "nu": [f"http://sink/{name}"], "enc": {"net": [3], "chty": [4]}, **policy}
        await walk.rig.made(BOX, 23, given, "Cae1")
    for _ in range(60):
        await walk.step()
    await walk.clock.advance(600)
    await settle(500)
    assert await walk.store.outbox() == []
    stored = [record.body for record in await walk.store.instances(walk.rig.cse.core.tree.find(BOX).ri)]  # type: ignore[union-attr]
    assert len(stored) == walk.number
    assert sorted(once(walk.arrived["plain"])) == list(range(walk.number))
    assert once(walk.arrived["batch"]) == once(walk.arrived["plain"])
    for name in ("rate", "pending", "all"):
        assert once(walk.arrived[name]) == once(walk.arrived["plain"]), name
    assert walk.arrived["latest"][-1] == walk.arrived["plain"][-1]
    order = {number: place for place, number in enumerate(once(walk.arrived["plain"]))}
    places = [order[number] for number in walk.arrived["latest"]]
    assert places == sorted(places)
    await walk.rig.close()
