"""The SQLite store and the disk: when a write is durable, what a failed sync means, how long the WAL gets."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cse.storage import sqlite, sqlite_file
from cse.storage.committer import Committer
from cse.storage.port import StoreError
from cse.storage.sqlite import SqliteStore, open_sqlite
from tests.storage.files import Faulty, content, overwrite, size
from tests.storage.records import instance, numbers, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "banyan.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(path)
    yield store
    await store.close()


class Disk:
    """Takes the place of the sync: notes what was in the WAL at that moment, waits or fails when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self.wal = Path(f"{path}-wal")
        self.synced: list[bytes] = []
        self.wait: threading.Event | None = None
        self.failure: OSError | None = None
        self.threads: set[str] = set()
        monkeypatch.setattr(sqlite, "sync", self.sync)

    def sync(self, _: int) -> None:
        self.threads.add(threading.current_thread().name)
        if self.wait is not None:
            self.wait.wait(10)
        if self.failure is not None:
            raise self.failure
        self.synced.append(self.wal.read_bytes())


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, path: Path) -> Disk:
    return Disk(monkeypatch, path)


async def test_a_write_is_done_when_the_wal_with_it_is_synced(disk: Disk, store: SqliteStore) -> None:
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for seq in (1, 2, 3):
        await store.write(put(instance(seq)._replace(body=b"content %d" % seq)))
        assert len(disk.synced) == seq
        assert b"content %d" % seq in disk.synced[-1]


async def test_the_sync_waits_for_the_disk(store: SqliteStore, path: Path) -> None:
    await store.write(put(instance(1)))
    assert sqlite_file.sync in (os.fdatasync, os.fsync)
    assert os.path.samestat(os.fstat(store._file.wal), os.stat(f"{path}-wal"))  # noqa: PTH116


async def test_a_failed_sync_is_the_last_write(disk: Disk, store: SqliteStore) -> None:
    await store.write(put(instance(1)))
    disk.failure = OSError("input/output error")
    with pytest.raises(StoreError, match="input/output error"):
        await store.write(put(instance(2)))
    disk.failure = None
    with pytest.raises(StoreError, match="input/output error"):
        await store.write(put(instance(3)))


async def test_nobody_reads_what_may_not_be_on_the_disk(disk: Disk, store: SqliteStore) -> None:
    await store.write(put(instance(1)))
    disk.failure = OSError("input/output error")
    with pytest.raises(StoreError):
        await store.write(put(instance(2)))
    with pytest.raises(StoreError, match="input/output error"):
        await store.newest("cnt-1")


async def test_what_a_killed_process_left_in_the_wal_is_synced_at_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await open_sqlite(path)
    await first.write(put(instance(1)._replace(body=b"left behind")))
    copy = path.with_name("copy.db")  # as it was when the process died
    for suffix in ("", "-wal"):
        overwrite(Path(f"{copy}{suffix}"), content(Path(f"{path}{suffix}")))
    await first.close()
    synced: list[bytes] = []
    monkeypatch.setattr(sqlite_file, "sync", lambda _: synced.append(content(Path(f"{copy}-wal"))))
    second = await open_sqlite(copy)
    assert len(synced) == 1
    assert b"left behind" in synced[0]
    assert numbers(await second.instances("cnt-1")) == [1]
    await second.close()


async def test_first_write_after_the_wal_began_anew_is_synced(
    disk: Disk, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAL_LIMIT_BYTES", 1)
    await store.write(put(instance(1)._replace(body=b"x" * 50_000)))
    assert store._checkpoint_ahead is not None
    store._checkpoint_ahead.result(10)
    await store.write(put(instance(2)._replace(body=b"before")))
    monkeypatch.undo()
    monkeypatch.setattr(sqlite, "sync", disk.sync)
    length = len(disk.synced[-1])
    await store.write(put(instance(3)._replace(body=b"after")))
    assert len(disk.synced) == 3
    assert b"after" in disk.synced[-1][: length // 2]  # at the beginning of the file, which has kept its length
    assert len(disk.synced[-1]) == length


async def test_close_waits_for_the_sync_under_way(disk: Disk, store: SqliteStore, path: Path) -> None:
    await store.write(put(instance(1)))
    disk.wait, store._threaded = threading.Event(), 1
    writing = asyncio.ensure_future(store.write(put(instance(2))))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    disk.wait.set()
    await asyncio.gather(writing, closing)
    again = await open_sqlite(path)
    assert numbers(await again.instances("cnt-1")) == [1, 2]
    await again.close()


async def test_wal_that_grows_faster_than_estimated_is_shortened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAL_LIMIT_BYTES", 200_000)
    monkeypatch.setattr(sqlite, "WAL_STEP_BYTES", 50_000)
    monkeypatch.setattr(sqlite, "wal_bytes", lambda _: 0)
    store = await open_sqlite(path)
    for seq in range(1, 301):
        await store.write(put(instance(seq)._replace(body=b"x" * 10_000)))
        if store._checkpoint_ahead is not None:
            store._checkpoint_ahead.result(10)
    assert size(Path(f"{path}-wal")) < size(path) / 2
    await store.close()


async def test_a_slow_disk_is_waited_for_in_a_thread(
    disk: Disk, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "QUICK_SYNC_S", -1.0)
    monkeypatch.setattr(sqlite, "THREADED_WRITES", 2)
    for seq in range(1, sqlite.SLOW_SYNCS + 1):
        await store.write(put(instance(seq)))
    assert disk.threads == {threading.current_thread().name}
    disk.threads.clear()
    for seq in (11, 12):
        await store.write(put(instance(seq)))
    assert all(name.startswith("sqlite-sync") for name in disk.threads)
    await store.write(put(instance(13)))
    assert threading.current_thread().name in disk.threads


async def test_a_disk_that_is_quick_again_is_forgiven(disk: Disk, store: SqliteStore,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "perf_counter", lambda: 0.0)
    store._slow_syncs = sqlite.SLOW_SYNCS - 1
    await store.write(put(instance(1)))
    assert store._slow_syncs == sqlite.SLOW_SYNCS - 2
    assert len(disk.synced) == 1


async def test_cancelled_write_is_the_last(disk: Disk, store: SqliteStore) -> None:
    await store.write(put(instance(1)))
    disk.wait, store._threaded = threading.Event(), 10
    writing = asyncio.ensure_future(store.write(put(instance(2))))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    with pytest.raises(StoreError, match="CancelledError"):
        await store.write(put(instance(3)))
    disk.wait.set()


async def test_wal_is_used_again_instead_of_growing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAL_LIMIT_BYTES", 200_000)
    store = await open_sqlite(path)
    committer = Committer(store, max_batch=10)
    for seq in range(1, 1501):
        committer.submit(put(instance(seq)._replace(body=b"x" * 1000)))
    await committer.settled()
    assert size(path) > 1_000_000
    assert size(Path(f"{path}-wal")) < 2_000_000  # 7 MB without reuse; a busy machine lets the checkpoint lag behind
    assert len(await committer.instance_keys("cnt-1")) == 1500
    await committer.close()


async def test_failed_checkpoint_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sqlite, "WAL_LIMIT_BYTES", 1)
    store = await open_sqlite(path)
    store._file.checkpointer = Faulty(store._file.checkpointer, "PRAGMA")  # type: ignore[assignment]
    for seq in (1, 2, 3):
        await store.write(put(instance(seq)))
    await store.close()
    assert "checkpoint failed, the WAL grows: disk I/O error" in caplog.text
    again = await open_sqlite(path)
    assert numbers(await again.instances("cnt-1")) == [1, 2, 3]
    await again.close()
