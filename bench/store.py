"""What a durable unit of work costs in the SQLite store, beside bare SQLite in the same run.

``python -m bench.store [--callers 32] [--seconds 3] [--folder DIR]``. A unit is one 300-byte instance and the record
of its container. "bare" fills and commits transactions of as many units as there are callers, with nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from cse.settings import StoreSettings
from cse.storage.committer import Committer
from cse.storage.port import InstanceRecord, ResourceRecord, WriteSet
from cse.storage.sqlite import open_store

BODY = os.urandom(300)
BARE = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
CREATE TABLE i (seq INTEGER PRIMARY KEY, ri TEXT, pi TEXT, name TEXT, ty INT, expires TEXT, size INT, body BLOB);
CREATE INDEX p ON i (pi, seq);
CREATE TABLE r (ri TEXT PRIMARY KEY, pi TEXT, ty INT, creator TEXT, body BLOB);
"""


def unit(seq: int, caller: int) -> WriteSet:
    """Return the changes of a contentInstance CREATE."""
    parent = f"cnt-{caller:x}"
    changes = WriteSet()
    expires = f"20271123T{seq % 1_000_000:06d},123456"
    changes.instances[seq] = InstanceRecord(seq, f"cin-{seq:x}", parent, None, 4, expires, 60, BODY)
    changes.resources[parent] = ResourceRecord(parent, "cb", 3, "Cae", BODY)
    return changes


async def committer_run(committer: Committer, callers: int, seconds: float) -> tuple[int, float, float]:
    """Return units done, the seconds they took, and the seconds the event loop's thread was busy with them."""
    numbers = count(1)
    end = time.perf_counter() + seconds

    async def call(caller: int) -> int:
        done = 0
        while time.perf_counter() < end:
            await committer.submit(unit(next(numbers), caller))
            done += 1
        return done

    began, busy = time.perf_counter(), time.thread_time()
    done = sum(await asyncio.gather(*(call(caller) for caller in range(callers))))
    return done, time.perf_counter() - began, time.thread_time() - busy


def bare_run(path: Path, per_batch: int, seconds: float) -> tuple[int, float, float]:
    """Do the same rows with executemany and COMMIT in one thread."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(BARE)
    numbers = count(1)
    done = 0
    began, busy = time.perf_counter(), time.thread_time()
    while time.perf_counter() - began < seconds:
        units = [unit(next(numbers), caller) for caller in range(per_batch)]
        connection.execute("BEGIN IMMEDIATE")
        instances = [row for one in units for row in one.kept()]
        connection.executemany("INSERT INTO i VALUES (?, ?, ?, ?, ?, ?, ?, ?)", instances)
        connection.executemany(
            "INSERT OR REPLACE INTO r VALUES (?, ?, ?, ?, ?)",
            [row for one in units for row in one.records()],
        )
        connection.execute("COMMIT")
        done += per_batch
    result = done, time.perf_counter() - began, time.thread_time() - busy
    connection.close()
    return result


async def best_us(read: Callable[[], Awaitable[object]], rounds: int = 50) -> float:
    """Return the best time of a read in microseconds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        await read()
        best = min(best, time.perf_counter() - began)
    return best * 1e6


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", default=None, help="where the files go; the disk is what is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        committer = Committer(await open_store(StoreSettings(path=str(Path(folder) / "banyan.db"))))
        ours = await committer_run(committer, options.callers, options.seconds)
        await _fill(committer, 1000)
        newest = await committer.newest("cnt-big")
        assert newest is not None
        reads = {
            "instance": await best_us(lambda: committer.instance(newest.seq)),
            "newest": await best_us(lambda: committer.newest("cnt-big")),
            "instance_named": await best_us(lambda: committer.instance_named("cnt-big", "none")),
            "instance_keys of 1000": await best_us(lambda: committer.instance_keys("cnt-big")),
        }
        wal_mib = os.stat(f"{folder}/banyan.db-wal").st_size / 2**20  # noqa: PTH116 - in a coroutine
        await committer.close()
        bare = bare_run(Path(folder) / "bare.db", options.callers, options.seconds)
    print(f"{'':24}{'units/s':>10}{'us on the thread':>18}")
    for name, (done, took, busy) in {f"committer, {options.callers} callers": ours, "bare, same batch": bare}.items():
        print(f"{name:24}{done / took:>10,.0f}{busy / done * 1e6:>18.1f}")
    for name, us in reads.items():
        print(f"{name:24}{us:>9.1f} us")
    print(f"WAL {wal_mib:.0f} MiB, peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


async def _fill(committer: Committer, number: int) -> None:
    """Give one container ``number`` instances that lie between those of others."""
    for seq in range(10_000_000, 10_000_000 + number):
        changes = unit(2 * seq, 0)
        record = changes.instances[2 * seq]
        assert record is not None
        changes.instances[2 * seq + 1] = record._replace(seq=2 * seq + 1, pi="cnt-big")
        committer.submit(changes)
    await committer.settled()


if __name__ == "__main__":
    asyncio.run(main())
