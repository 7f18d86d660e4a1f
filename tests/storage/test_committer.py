"""Group commit: what shares a write, in which order, who waits, and what happens when it fails."""

from __future__ import annotations

import asyncio
import gc
import logging
from functools import partial
from typing import Any

import pytest

from cse.storage.committer import Committer
from cse.storage.port import ResourceRecord, StoreError, WriteSet
from tests.storage.gated import GatedStore
from tests.storage.records import instance, numbers, put, resource


@pytest.fixture
async def store() -> GatedStore:
    return GatedStore()


def in_writes(store: GatedStore) -> list[list[int]]:
    return [list(changes.instances) for changes in store.written]


async def in_flight(committer: Committer, store: GatedStore, changes: WriteSet) -> asyncio.Future[None]:
    """Submit and let the write come to the closed gate."""
    store.gate.clear()
    store.arrived.clear()
    future = committer.submit(changes)
    await store.arrived.wait()
    return future


async def test_units_of_one_turn_share_a_write(store: GatedStore) -> None:
    committer = Committer(store)
    futures = [committer.submit(put(instance(seq))) for seq in (1, 2, 3)]
    assert store.written == []
    await asyncio.gather(*futures)
    assert in_writes(store) == [[1, 2, 3]]
    assert (committer.revision, committer.durable) == (3, 3)


async def test_units_during_a_write_share_the_next(store: GatedStore) -> None:
    committer = Committer(store)
    first = await in_flight(committer, store, put(instance(1)))
    second = committer.submit(put(instance(2)))
    third = committer.submit(put(instance(3)))
    await asyncio.sleep(0)
    assert in_writes(store) == [[1]]
    store.let_one_through()
    await first
    assert committer.durable == 1
    store.gate.set()
    await asyncio.gather(second, third)
    assert in_writes(store) == [[1], [2, 3]]


async def test_max_batch_bounds_a_write(store: GatedStore) -> None:
    committer = Committer(store, max_batch=2)
    for seq in range(1, 6):
        committer.submit(put(instance(seq)))
    await committer.settled()
    assert in_writes(store) == [[1, 2], [3, 4], [5]]


async def test_linger_gathers_more(store: GatedStore) -> None:
    committer = Committer(store, linger_s=0.02, max_batch=2)
    committer.submit(put(instance(1)))
    await asyncio.sleep(0.001)
    assert store.written == []
    committer.submit(put(instance(2)))
    third = committer.submit(put(instance(3)))
    await third
    assert in_writes(store) == [[1, 2], [3]]


async def test_writer_starts_again_after_a_pause(store: GatedStore) -> None:
    committer = Committer(store)
    await committer.submit(put(instance(1)))
    await asyncio.sleep(0)
    await committer.submit(put(instance(2)))
    assert in_writes(store) == [[1], [2]]


async def test_resource_created_again_is_not_merged_with_its_removal(store: GatedStore) -> None:
    committer = Committer(store)
    committer.submit(put(resource("Cae"), resource("x")))
    committer.submit(WriteSet(resources={"Cae": None}))
    committer.submit(put(resource("Cae", "x")))
    await committer.settled()
    assert [record.ri for record in await store.load()] == ["x", "Cae"]


async def test_instance_of_a_parent_created_again_is_not_dropped(store: GatedStore) -> None:
    committer = Committer(store)
    committer.submit(put(instance(1, "c")))
    committer.submit(WriteSet(dropped={"c"}))
    committer.submit(put(instance(2, "other"), resource("y")))
    committer.submit(put(instance(3, "c")))
    assert numbers(await committer.instances("c")) == [3]
    await committer.settled()
    assert in_writes(store) == [[1, 2], [3]]
    assert numbers(await store.instances("c")) == [3]


class Counted:
    """A resource that counts units; ``late`` is its record as it is when asked."""

    def __init__(self) -> None:
        self.count = 0

    def late(self) -> ResourceRecord:
        return resource("cnt-1", body=b"%d" % self.count)

    def unit(self, **more: Any) -> WriteSet:
        """Count one on, as an operation does before it submits."""
        self.count += 1
        changes = WriteSet(**more)
        changes.resources["cnt-1"] = self.late
        return changes


def bodies(store: GatedStore) -> list[bytes]:
    return [changes.records()[-1].body for changes in store.written]


async def test_late_record_is_read_once_for_all_units_of_a_batch(store: GatedStore) -> None:
    committer, counted = Committer(store), Counted()
    for _ in range(3):
        committer.submit(counted.unit())
    await committer.settled()
    assert bodies(store) == [b"3"]


async def test_late_record_of_a_full_batch_knows_nothing_of_the_next(store: GatedStore) -> None:
    committer, counted = Committer(store, max_batch=2), Counted()
    for _ in range(3):
        committer.submit(counted.unit())
    await committer.settled()
    assert bodies(store) == [b"2", b"3"]


async def test_late_record_knows_nothing_of_a_unit_that_did_not_fit(store: GatedStore) -> None:
    committer, counted = Committer(store), Counted()
    committer.submit(counted.unit(dropped={"cnt-2"}))
    committer.submit(counted.unit())
    committer.submit(counted.unit(instances={1: instance(1, "cnt-2")}))
    await committer.settled()
    assert bodies(store) == [b"2", b"3"]


async def test_units_that_keep_coming_do_not_hold_up_the_first(
    store: GatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cse.storage.committer.GATHER_S", 0.01)
    committer = Committer(store, max_batch=10**9)
    first = committer.submit(put(instance(1)))
    for seq in range(2, 100_000):
        committer.submit(put(instance(seq)))
        await asyncio.sleep(0)
        if first.done():
            break
    assert first.done()


async def test_settled_waits_for_the_revision_only(store: GatedStore) -> None:
    committer = Committer(store)
    committer.submit(put(instance(1)))
    await committer.settled(1)
    await in_flight(committer, store, put(instance(2)))
    committer.submit(put(instance(3)))
    with pytest.raises(StopIteration):  # returns at once, without a turn of the loop
        committer.settled(1).send(None)
    second, third = asyncio.ensure_future(committer.settled(2)), asyncio.ensure_future(committer.settled())
    await asyncio.sleep(0)
    assert not second.done()
    store.let_one_through()
    await second
    assert committer.durable == 2
    assert not third.done()
    store.gate.set()
    await third
    assert committer.durable == 3


async def test_settled_refuses_a_revision_nobody_submitted(store: GatedStore) -> None:
    with pytest.raises(StoreError, match="revision 4 was not submitted, the latest is 0"):
        await Committer(store).settled(4)


async def test_cancelled_caller_goes_at_once_and_his_unit_is_written(store: GatedStore) -> None:
    committer = Committer(store)

    async def call(seq: int) -> str:
        await committer.submit(put(instance(seq)))
        return "durable"

    store.gate.clear()
    one, other = asyncio.ensure_future(call(1)), asyncio.ensure_future(call(2))
    await store.arrived.wait()
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert not other.done()
    store.gate.set()
    assert await other == "durable"
    assert numbers(await store.instances("cnt-1")) == [1, 2]


async def test_cancelled_callers_of_a_write_that_fails(store: GatedStore) -> None:
    committer = Committer(store)
    future = await in_flight(committer, store, put(instance(1)))
    other = committer.submit(put(instance(2)))
    future.cancel()
    store.failure = StoreError("disk full")
    store.gate.set()
    with pytest.raises(StoreError, match="disk full"):
        await other


async def test_failed_write_takes_back_everything_latest_first(store: GatedStore) -> None:
    committer = Committer(store)
    undone: list[int] = []
    await committer.submit(put(instance(1)), partial(undone.append, 1))
    store.gate.clear()
    store.arrived.clear()
    futures = [committer.submit(put(instance(seq)), partial(undone.append, seq)) for seq in (2, 3)]
    await store.arrived.wait()
    futures += [committer.submit(put(instance(4)), partial(undone.append, 4)), committer.submit(put(instance(5)))]
    store.failure = StoreError("disk full")
    waiting = asyncio.ensure_future(committer.settled())
    await asyncio.sleep(0)
    store.gate.set()
    for future in futures:
        with pytest.raises(StoreError, match="disk full"):
            await future
    with pytest.raises(StoreError, match="disk full"):
        await waiting
    assert undone == [4, 3, 2]
    assert committer.failed == "disk full"
    assert numbers(await committer.instances("cnt-1")) == [1]


async def test_failed_committer_refuses_at_once(store: GatedStore) -> None:
    committer = Committer(store)
    store.failure = StoreError("disk full")
    committer.submit(put(instance(1)))  # nobody waits: no complaint about an exception never retrieved
    await asyncio.wait([asyncio.ensure_future(committer.settled())])
    undone: list[int] = []
    with pytest.raises(StoreError, match="disk full"):
        committer.submit(put(instance(2)), partial(undone.append, 2))
    assert undone == []
    assert committer.revision == 0
    await committer.settled()  # what can still be read is durable
    with pytest.raises(StoreError, match="disk full"):
        await committer.settled(1)
    await committer.close()
    assert store.closed == 1


async def test_unexpected_error_of_a_store_is_a_failure_too(
    store: GatedStore, caplog: pytest.LogCaptureFixture
) -> None:
    committer = Committer(store)
    store.failure = KeyError("x")
    with pytest.raises(StoreError, match="KeyError 'x'"):
        await committer.submit(put(instance(1)))
    assert "unexpected error of the store" in caplog.text


def undo_nothing() -> None:
    raise LookupError("there is nothing to undo")


async def test_undo_that_raises_does_not_stop_the_others(store: GatedStore, caplog: pytest.LogCaptureFixture) -> None:
    committer = Committer(store)
    undone: list[int] = []
    store.failure = StoreError("disk full")
    committer.submit(put(instance(1)), partial(undone.append, 1))
    committer.submit(put(instance(2)), undo_nothing)
    with caplog.at_level(logging.ERROR), pytest.raises(StoreError):
        await committer.settled()
    assert undone == [1]
    assert "an undo failed" in caplog.text


async def test_end_of_the_loop_answers_every_caller(store: GatedStore) -> None:
    committer = Committer(store)
    undone: list[int] = []
    await in_flight(committer, store, put(instance(1)))
    queued = committer.submit(put(instance(2)), partial(undone.append, 2))
    assert committer._writer is not None
    committer._writer.cancel()
    with pytest.raises(StoreError, match="given up: CancelledError"):
        await queued
    assert undone == [2]


async def test_close_writes_what_was_submitted(store: GatedStore) -> None:
    committer = Committer(store, max_batch=1)
    committer.submit(put(instance(1)))
    committer.submit(put(instance(2)))
    await committer.close()
    await committer.close()
    assert in_writes(store) == [[1], [2]]
    assert store.closed == 1
    with pytest.raises(StoreError, match="closed"):
        committer.submit(put(instance(3)))


def test_system_exit_in_a_store_ends_the_loop_and_leaves_nobody_waiting() -> None:
    seen: list[str] = []

    async def main() -> None:
        store = GatedStore()
        store.failure = SystemExit(3)
        try:
            await Committer(store).submit(put(instance(1)), partial(seen.append, "undone"))
        finally:
            seen.append("answered")

    with pytest.raises(SystemExit):
        asyncio.run(main())
    gc.collect()  # what the loop says of the task belongs to this test, not to the next one that looks at the log
    assert seen == ["undone", "answered"]
