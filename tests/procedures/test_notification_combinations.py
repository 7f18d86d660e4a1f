"""Policies together: every pair of their values over one history with an absent target and a restart (SUB-22 … 25)."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, outbox, put, silent, subscribe, with_box
from tests.rig import Rig, RigClock, settle

DIMENSIONS: dict[str, list[Any]] = {
    "bn": [None, {"num": 3, "dur": "PT20S"}, {"dur": "PT5S"}],
    "ln": [None, True],
    "rl": [None, {"mnn": 2, "tww": "PT10S"}],
    "pn": [None, 1, 2],
    "nec": [None, 2, 3, 4],
    "schedule": [None, "* * 8-9 * * * *", "* 0-9,20-59 * * * * *"],
    "nse": [None, True],
}


def pairs(case: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """The pairs of values that a case has."""
    return {(one, repr(case[one]), other, repr(case[other])) for one, other in itertools.combinations(DIMENSIONS, 2)}


def pairwise() -> list[dict[str, Any]]:
    """Few cases that have every pair of values of two dimensions."""
    drawn = random.Random(7)
    missing = {(one, repr(a), other, repr(b)) for one, other in itertools.combinations(DIMENSIONS, 2)
               for a in DIMENSIONS[one] for b in DIMENSIONS[other]}
    cases = []
    while missing:
        candidates = [{name: drawn.choice(values) for name, values in DIMENSIONS.items()} for _ in range(60)]
        best = max(candidates, key=lambda case: len(pairs(case) & missing))
        if pairs(best) & missing:
            missing -= pairs(best)
            cases.append(best)
    return cases


CASES = pairwise()


class History:
    """One subscription over a store that outlives the CSE; what arrived, and when."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.policies = {name: value for name, value in case.items() if value is not None and name != "schedule"}
        self.schedule = case["schedule"]
        self.store, self.clock = MemoryStore(), RigClock()
        self.arrived: list[tuple[float, list[int]]] = []
        self.away = False
        self.rig: Rig

    async def begin(self) -> None:
        """Make the subscription."""
        self.rig = await with_box(store=self.store, clock=self.clock, expiry_check_s=1e6)
        await subscribe(self.rig, enc={"net": [3], "chty": [4]}, **self.policies)
        if self.schedule is not None:
            await self.rig.made(f"{BOX}/s", 18, {"se": {"sce": [self.schedule]}}, "Cae1")
        self.rig.sink.answer = self.answer

    async def restart(self) -> None:
        """Stop the CSE and start it again on what is stored."""
        await self.rig.close()
        self.rig = await Rig.open(store=self.store, clock=self.clock, expiry_check_s=1e6)
        self.rig.sink.answer = self.answer

    def answer(self, url: str, content: dict[str, Any]) -> Status | None:
        """Take a notification, unless away."""
        if self.away:
            return None
        parts = content["m2m:agn"]["m2m:sgn"] if "m2m:agn" in content else [content["m2m:sgn"]]
        if "nev" in parts[0]:
            self.arrived.append((self.clock.now, [part["nev"]["rep"]["m2m:cin"]["con"] for part in parts]))
        return Status.OK

    async def run(self) -> None:
        """Events in time, events outside of the schedule, an absent target, a restart, and a long time after that."""
        await self.begin()
        await put(self.rig, 1, 2, 3, 4)
        await self.clock.advance(30)
        await put(self.rig, 5)
        await self.restart()
        await put(self.rig, 6)
        await self.clock.advance(630)  # 08:11
        await put(self.rig, 7, 8)
        await self.clock.advance(1000)
        self.away = True
        await put(self.rig, 9, 10)
        await self.clock.advance(100)
        await put(self.rig, 11)
        await self.restart()
        await self.clock.advance(100)
        self.away = False
        await self.clock.advance(7000)
        await put(self.rig, 12)
        await self.clock.advance(90_000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(f"{k}={v}" for k, v in case.items() if v is not None))
async def test_sub_22_policies_in_combination(case: dict[str, Any]) -> None:
    history = History(case)
    await history.run()
    numbers = [number for _, part in history.arrived for number in part]
    latest = case["ln"] or case["nec"] == 4
    assert numbers == sorted(set(numbers)), "in order, and nothing twice"
    if not latest and case["schedule"] is None:
        kept = {None: set(), 1: {11}, 2: {9, 10, 11}}[case["pn"]]
        if case["bn"] is None:
            assert set(numbers) == {1, 2, 3, 4, 5, 6, 7, 8, 12} | kept
        else:
            assert {1, 2, 3, 4, 5, 6, 7, 8, 12} | kept <= set(numbers)
    if not latest and case["pn"] == 2:
        assert numbers == list(range(1, 13)), "nothing is lost"
    if case["schedule"] is not None and case["nec"] != 2:
        moments = [moment % 86400 for moment, _ in history.arrived]
        if "8-9" in case["schedule"]:
            assert all(8 * 3600 <= moment < 10 * 3600 for moment in moments)
        else:
            assert not any(10 <= moment % 3600 / 60 < 20 for moment in moments)
    if case["rl"] is not None:
        begin, count = -1e9, 0
        for moment, _ in history.arrived:
            begin, count = (begin, count + 1) if moment < begin + 10 else (moment, 1)
            assert count <= 2, "never more than the limit in a window"
    if case["bn"] is not None:
        assert all(len(part) <= 3 for _, part in history.arrived) or "num" not in case["bn"]
    assert await outbox(history.rig) == []
    assert history.rig.cse.core.notifier.delivery.pending == 0
    history.rig.sink.answer = silent()
    await put(history.rig, 13)
    await settle()
    await history.rig.close()


def test_the_cases_have_every_pair() -> None:
    assert len(CASES) <= 40
    assert SINK
