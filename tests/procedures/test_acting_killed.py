"""A CSE that dies at any write: actions are executed as often as their subject asked for it, processes go on."""

from __future__ import annotations

import asyncio

import pytest

from tests.procedures.acting import made, measured, outcome, primitive, result
from tests.procedures.modes import DyingStore, killed
from tests.procedures.test_process import ABORTED, ACTIVATED, COMPLETED, ENABLE, PROCESS, controlled, process, where
from tests.rig import Rig, only, settle


async def dying(rig: Rig, writes: int, *contents: object) -> Rig:
    """Bring new contents; the process dies after so many writes. Returns the next process."""
    store = rig.cse.core.committer.store
    assert isinstance(store, DyingStore)
    store.left = writes
    asking = asyncio.ensure_future(measured(rig, *contents))
    await settle(400)
    asking.cancel()
    again = await killed(rig)
    await settle(400)
    return again


@pytest.fixture
async def mortal() -> Rig:
    """An AE with two containers, on a store that can die."""
    rig = await Rig.open(store=DyingStore())
    await rig.register()
    return rig


@pytest.mark.parametrize("writes", range(5))
async def test_act_3_a_kill_at_any_write_neither_loses_nor_repeats(mortal: Rig, writes: int) -> None:
    for name in ("in", "out"):
        await mortal.made("cse/cae1", 3, {"rn": name}, "Cae1")
    await made(mortal)
    again = await dying(mortal, writes, 21, 22)
    stored = only(await again.retrieve("cse/cae1/in"))["cni"]
    assert await outcome(again) == stored
    assert (await result(again) is not None) is (stored > 0)
    await again.close()


@pytest.mark.parametrize("writes", range(8))
async def test_prm_2_a_kill_at_any_write_enters_each_state_once(mortal: Rig, writes: int) -> None:
    await process(mortal)
    await controlled(mortal, ENABLE)
    again = await dying(mortal, writes, "start", "s2", "stop")
    stored = only(await again.retrieve("cse/cae1/in"))["cni"]
    status, state = await where(again)
    entered = await outcome(again)
    if state is not None:
        assert (status, entered) == (ACTIVATED, {"s1": 1, "s2": 2}[state])
    assert status == COMPLETED or entered <= stored
    await again.close()


@pytest.mark.parametrize("writes", range(6))
async def test_prm_2_a_kill_at_any_write_leaves_no_process_whose_action_has_failed(mortal: Rig, writes: int) -> None:
    await process(mortal)
    failing = primitive(pc={"m2m:cin": {"con": "x" * 100}})
    for name in ("s1", "s2"):
        only(await mortal.update(f"{PROCESS}/{name}/act", {"m2m:actr": {"apv": failing}}, "Cae1"))
    await mortal.update("cse/cae1/out", {"m2m:cnt": {"mbs": 10}}, "Cae1")
    await controlled(mortal, ENABLE)
    again = await dying(mortal, writes, "start")
    failed = await result(again, f"{PROCESS}/s1/act") is not None
    assert ((await where(again))[0] == ABORTED) is failed
    await again.close()
