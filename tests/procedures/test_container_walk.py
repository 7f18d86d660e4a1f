"""A container under a long random history, compared with a simple model after every step (CNT-2 … CNT-6, CNT-8)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from cse import expiration
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.rig import Rig, RigClock, only, settle

BOX = "cse/cae1/box"


@dataclass
class Model:
    """What a container must hold: (con, time it expires)."""

    mni: int | None = None
    mbs: int | None = None
    mia: int | None = None
    state: int = 0
    held: list[tuple[str, float]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    born: dict[str, float] = field(default_factory=dict)

    def age(self) -> None:
        """A lower age holds for those that are there too (CNT-5)."""
        assert self.mia is not None
        self.held = [(con, min(expires, self.born[con] + self.mia)) for con, expires in self.held]

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(len(con.encode()) for con, _ in self.held)

    def trim(self) -> None:
        """Let the oldest go until the limits are kept (CNT-3)."""
        while self.held and ((self.mni is not None and len(self.held) > self.mni)
                             or (self.mbs is not None and self.size > self.mbs)):
            self.held.pop(0)

    def remove(self, index: int) -> None:
        """Delete one; that is an event (CNT-4)."""
        self.deleted.append(self.held.pop(index)[0])

    def expire(self, now: float) -> None:
        """Delete what has passed its time, in order of time."""
        due = sorted(((expires, index) for index, (_, expires) in enumerate(self.held) if expires <= now))
        self.deleted += [self.held[index][0] for _, index in due]
        self.held = [one for one in self.held if one[1] > now]


class Walk:
    """Random steps on one container and its model."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.store = MemoryStore()
        self.clock = RigClock()
        self.model = Model()
        self.number = 0
        self.notified: list[str] = []
        self.rig: Rig

    async def open(self) -> None:
        """Start the CSE, also again on what is stored."""
        self.rig = await Rig.open(store=self.store, clock=self.clock, expiry_check_s=1.0)

    async def close(self) -> None:
        """Stop it; keep what was notified."""
        self.notified += [one["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] for one in self.rig.sink.contents()]
        await self.rig.close()

    async def create(self) -> None:
        """Put an instance, some of them too large or with a life of their own."""
        self.number += 1
        con = f"{self.number}" + self.random.choice("xä電🔌") * self.random.randrange(6)
        life = self.random.choice([None, None, 2.5, 7.5])
        given: dict[str, Any] = {"con": con}
        if life is not None:
            given["et"] = self.rig.at(life)
        answer = await self.rig.create(BOX, 4, given, "Cae1")
        model, size = self.model, len(con.encode())
        if model.mbs is not None and size > model.mbs:
            assert answer.status == Status.NOT_ACCEPTABLE
            return
        model.state += 1
        assert only(answer)["cs"] == size
        assert only(answer)["st"] == model.state
        ages = [age for age in (life, model.mia) if age is not None]
        model.born[con] = self.clock.now
        model.held.append((con, self.clock.now + min(ages, default=1e9)))
        model.trim()

    async def delete(self, name: str) -> None:
        """Delete the newest or oldest."""
        answer = await self.rig.delete(f"{BOX}/{name}", "Cae1")
        assert answer.status == (Status.DELETED if self.model.held else Status.NOT_FOUND)
        if self.model.held:
            self.model.remove(-1 if name == "la" else 0)

    async def delete_any(self) -> None:
        """Delete some instance by its resource ID."""
        shown = only(await self.rig.retrieve(BOX, "Cae1", rcn=4)).get("m2m:cin", [])
        if shown:
            index = self.random.randrange(len(shown))
            assert (await self.rig.delete(shown[index]["ri"], "Cae1")).status == Status.DELETED
            self.model.remove(index)

    async def limit(self) -> None:
        """Change a limit."""
        model = self.model
        name = self.random.choice(["mni", "mbs", "mia"])
        value = self.random.choice({"mni": [None, 0, 1, 3, 8], "mbs": [None, 0, 5, 30], "mia": [None, 4, 20]}[name])
        assert (await self.rig.update(BOX, {"m2m:cnt": {name: value}}, "Cae1")).status == Status.UPDATED
        lower = name == "mia" and value is not None and (model.mia is None or value < model.mia)
        setattr(model, name, value)
        if lower:
            model.age()
        model.state += 1
        model.trim()

    async def wait(self) -> None:
        """Let time pass."""
        await self.rig.clock.advance(self.random.choice([0.5, 2, 5]))
        await expiration.sweep(self.rig.cse.core)
        await settle()
        self.model.expire(self.clock.now)

    async def restart(self) -> None:
        """Stop and start on the same store."""
        await self.close()
        await self.open()

    async def step(self) -> None:
        """Do something and compare."""
        kind = self.random.choices(["create", "la", "ol", "any", "limit", "wait", "restart"],
                                   [60, 8, 8, 8, 6, 8, 2])[0]
        if kind in ("la", "ol"):
            await self.delete(kind)
        else:
            await {"create": self.create, "any": self.delete_any, "limit": self.limit, "wait": self.wait,
                   "restart": self.restart}[kind]()
        await self.compare()

    async def compare(self) -> None:
        """The container, its instances and both ends are as in the model."""
        now = self.clock.now
        whole = only(await self.rig.retrieve(BOX, "Cae1", rcn=4))
        held = [con for con, _ in self.model.held]
        live = [con for con, expires in self.model.held if expires > now]
        assert [one["con"] for one in whole.get("m2m:cin", [])] == live
        assert (whole["cni"], whole["cbs"], whole["st"]) == (len(held), self.model.size, self.model.state)
        for name, index in (("ol", 0), ("la", -1)):
            answer = await self.rig.retrieve(f"{BOX}/{name}", "Cae1")
            assert only(answer)["con"] == live[index] if live else answer.status == Status.NOT_FOUND


@pytest.mark.parametrize("seed", range(6))
async def test_cnt_2_to_8_a_random_history_agrees_with_the_model(seed: int) -> None:
    walk = Walk(seed)
    await walk.open()
    await walk.rig.register()
    await walk.rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await walk.rig.made(BOX, 23, {"nu": ["http://sink/box"], "enc": {"net": [4]}}, "Cae1")
    for _ in range(150):
        await walk.step()
    await walk.close()
    assert walk.notified == walk.model.deleted
