"""Reads through the committer see what was submitted: waiting, in flight and durable make no difference.

A random history goes to a committer and, unit by unit, to a plain memory store; both are asked the same after every
step, while the gate before the committer's store opens and closes at random.
"""

from __future__ import annotations

import asyncio
import random
from itertools import count

import pytest

from cse.settings import StoreSettings
from cse.storage.batch import MISSING
from cse.storage.committer import Committer
from cse.storage.factory import open_store
from cse.storage.memory import MemoryStore
from cse.storage.port import InstanceRecord, Store, WriteSet
from tests.storage.gated import GatedStore
from tests.storage.records import LATE, SOON, instance, numbers, put

PARENTS = ["cnt-1", "cnt-2", "cnt-3"]
NOW = "20260601T000000"


class History:
    """Random units of work over a few parents, as the core could submit them."""

    def __init__(self, seed: int, model: MemoryStore) -> None:
        self.random = random.Random(seed)
        self.numbers = count(1)
        self.model = model

    async def unit(self) -> WriteSet:
        changes = WriteSet()
        parent = self.random.choice(PARENTS)
        present = list(await self.model.instances(parent))
        kind = self.random.random()
        if kind < 0.6 or not present:
            self._put(changes, parent, {record.name for record in present})
        elif kind < 0.75:
            changes.trimmed[parent] = self.random.choice(present).seq
            self._put(changes, parent, {record.name for record in present})
        elif kind < 0.9:
            changes.instances[self.random.choice(present).seq] = None
        elif kind < 0.95:
            changed = self.random.choice(present)
            changes.instances[changed.seq] = changed._replace(expires=SOON)
        else:
            changes.dropped.add(parent)
        return changes

    def _put(self, changes: WriteSet, parent: str, taken: set[str | None]) -> None:
        seq = next(self.numbers)
        name = self.random.choice([None, *({"a", "b", "c"} - taken)]) if self.random.random() < 0.5 else None
        key = None if name is None else name.upper()
        changes.instances[seq] = instance(seq, parent, name, self.random.choice([SOON, LATE]), key)


async def compare(ours: Committer, model: Store, highest: int) -> None:
    for seq in range(max(1, highest - 20), highest + 1):
        assert await ours.instance(seq) == await model.instance(seq)
    for parent in PARENTS:
        assert list(await ours.instances(parent)) == list(await model.instances(parent))
        middle = highest - 6
        for limit in (1, 3):
            theirs = list(await model.instances(parent, after=middle, limit=limit))
            assert list(await ours.instances(parent, after=middle, limit=limit)) == theirs
        assert list(await ours.instance_keys(parent)) == list(await model.instance_keys(parent))
        assert list(await ours.instance_keys(parent, after=middle)) == list(
            await model.instance_keys(parent, after=middle)
        )
        assert await ours.newest(parent) == await model.newest(parent)
        assert await ours.newest(parent, before=highest - 1) == await model.newest(parent, before=highest - 1)
        for name in "abc":
            assert await ours.instance_named(parent, name) == await model.instance_named(parent, name)
            assert await ours.instance_with_key(parent, name.upper()) == \
                await model.instance_with_key(parent, name.upper())
    await compare_expired(ours, model)


async def compare_expired(ours: Committer, model: Store) -> None:
    everything = set(await model.expired(NOW, 10_000))
    assert set(await ours.expired(NOW, 10_000)) == everything
    some = await ours.expired(NOW, 2)
    assert len(some) == min(2, len(everything))
    assert set(some) <= everything


@pytest.mark.parametrize("seed", range(6))
async def test_random_history_reads_as_if_written_at_once(seed: int) -> None:
    model, store = MemoryStore(), GatedStore()
    history, committer = History(seed, model), Committer(store, max_batch=5)
    for _ in range(120):
        changes = await history.unit()
        committer.submit(changes)
        await model.write(changes)
        await compare(committer, model, (await model.high_water())[0])
        if history.random.random() < 0.3:
            store.gate.clear() if store.gate.is_set() else store.gate.set()
        for _ in range(history.random.randrange(3)):
            await asyncio.sleep(0)
    store.gate.set()
    await committer.settled()
    await compare(committer, store, (await store.high_water())[0])


async def test_history_in_a_real_store(settings: StoreSettings) -> None:
    model, committer = MemoryStore(), Committer(await open_store(settings), max_batch=3)
    history = History(7, model)
    for _ in range(60):
        changes = await history.unit()
        committer.submit(changes)
        await model.write(changes)
        await compare(committer, model, (await model.high_water())[0])
        if history.random.random() < 0.2:
            await committer.settled()
    await committer.close()


async def test_pending_instance() -> None:
    store = GatedStore()
    committer = Committer(store)
    assert committer.pending_instance(1) is MISSING
    store.gate.clear()
    committer.submit(put(instance(1)))
    await store.arrived.wait()
    assert committer.pending_instance(1) == instance(1)
    committer.submit(WriteSet(trimmed={"cnt-1": 1}, instances={2: None}))
    assert committer.pending_instance(1) is None
    assert committer.pending_instance(2) is None
    store.gate.set()
    await committer.settled()
    assert committer.pending_instance(1) is MISSING


class SlowStore(GatedStore):
    """Reads take turns of the loop, as over a network."""

    async def instance(self, seq: int) -> InstanceRecord | None:
        found = await super().instance(seq)
        await asyncio.sleep(0)
        await self.gate.wait()
        return found


async def test_batch_that_becomes_durable_during_a_read_is_seen() -> None:
    store = SlowStore()
    committer = Committer(store)
    await committer.submit(put(instance(1)))
    store.gate.clear()
    committer.submit(WriteSet(instances={2: None}, trimmed={"cnt-1": 1}))
    reading = asyncio.ensure_future(committer.instance(1))
    await asyncio.sleep(0)
    store.gate.set()
    assert await reading is None
    await committer.settled()


async def test_keys_and_pages_pass_over_what_is_removed() -> None:
    store = GatedStore()
    committer = Committer(store)
    await committer.submit(put(*(instance(seq) for seq in range(1, 10))))
    store.gate.clear()
    committer.submit(WriteSet(instances=dict.fromkeys((1, 2, 3, 9))))
    committer.submit(put(instance(10)))
    assert numbers(await committer.instances("cnt-1", limit=2)) == [4, 5]
    assert [key[0] for key in await committer.instance_keys("cnt-1", after=4)] == [5, 6, 7, 8, 10]
    newest = await committer.newest("cnt-1", before=10)
    assert newest is not None
    assert newest.seq == 8
    store.gate.set()
    await committer.close()
