"""The SQLite store: one file, written ahead (WAL), synced fully before a write is done.

A write fills its transaction and commits it on the event loop, which is quick and needs the interpreter anyway: so
far the WAL is only in the system's cache. Then one ``fdatasync`` of the WAL makes it durable, as ``synchronous =
FULL`` would inside of COMMIT. On a disk that is quick it is called where we are: a thread costs more than the wait, its
every step takes the interpreter's lock from the loop. On a slow disk it runs in a thread and the loop goes on. Reads
use a second connection and never suspend. The WAL is copied into the file (checkpoint) beside the writes, in a third
connection and thread; it keeps its size, because to sync a file that grows takes twice as long.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from cse.settings import StoreSettings
from cse.storage.port import AnswerRecord, InstanceRecord, OutboxRecord, ResourceRecord, Store, StoreError, WriteSet
from cse.storage.sqlite_file import SqliteFile, open_file, sync

logger = logging.getLogger(__name__)

WAL_LIMIT_BYTES = 8 * 2**20
#: A WAL that grows beyond its limit is shortened after so much more, whatever the estimate of what is in it.
WAL_STEP_BYTES = 2**20
#: What a write adds to the WAL: whole pages of the tables and indexes it touches, and its rows with their keys.
_PAGES_BYTES, _ROW_BYTES, _RESOURCE_BYTES = 6 * 4096, 256, 1024

#: A sync that takes longer than this is left to the thread; after so many slow ones, for so many writes.
QUICK_SYNC_S = 0.002
SLOW_SYNCS = 3
THREADED_WRITES = 500
_LAST = 2**63 - 1

_PUT_RESOURCE = """
INSERT INTO resource (ri, pi, ty, creator, body, state) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (ri) DO UPDATE SET pi = excluded.pi, ty = excluded.ty, creator = excluded.creator, body = excluded.body,
state = excluded.state"""
_PUT_INSTANCE = """
INSERT INTO instance (seq, ri, pi, ty, expires, size, body, name, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (seq) DO UPDATE SET ri = excluded.ri, pi = excluded.pi, name = excluded.name, ty = excluded.ty,
expires = excluded.expires, size = excluded.size, body = excluded.body, key = excluded.key"""
_PUT_PLAIN = _PUT_INSTANCE.replace("?, ?, ?)", "?, NULL, NULL)")
_PUT_EVENT = "INSERT OR REPLACE INTO outbox (id, subscription, target, meta, body) VALUES (?, ?, ?, ?, ?)"
_PUT_ANSWER = "INSERT OR REPLACE INTO answer (number, key, digest, body) VALUES (?, ?, ?, ?)"
_INSTANCE = "SELECT seq, ri, pi, name, ty, expires, size, body, key FROM instance"
# One row of JSON instead of a row each: the interpreter's lock is taken once, and a thousand keys cost 30 % less.
_KEYS = """
SELECT json_group_array(json_array(seq, name, expires))
FROM (SELECT seq, name, expires FROM instance WHERE pi = ? AND seq > ? ORDER BY seq)"""
_decode_keys = msgspec.json.Decoder(list[tuple[int, str | None, str]]).decode


async def open_store(settings: StoreSettings) -> Store:
    """Open the store at ``settings.path``."""
    return await open_sqlite(settings.path)


async def open_sqlite(path: str | Path) -> SqliteStore:
    """Open or create the store file and bring its schema up to date.

    Raises StoreError when it cannot be opened, is not ours, is newer than this program, or is in use.
    """
    return SqliteStore(await asyncio.to_thread(open_file, Path(path)))


class SqliteStore:
    """The port on one SQLite file. One write at a time; after a failed one the store only reads."""

    suspends = False

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._writer = file.writer
        self._reader = file.reader
        self._ahead_bytes = 0
        self._wal_bytes = 0
        self._slow_syncs = 0
        self._threaded = 0
        self._syncing = ThreadPoolExecutor(1, "sqlite-sync")
        self._checkpointing = ThreadPoolExecutor(1, "sqlite-checkpoint")
        self._checkpoint_ahead: Future[None] | None = None
        self._broken = ""
        self._uncertain = ""
        self._closed = False

    async def load(self) -> Iterable[ResourceRecord]:
        """Return all structural resources, parents before children."""
        return [
            ResourceRecord(*row)
            for row in self._read("SELECT ri, pi, ty, creator, body, state FROM resource ORDER BY place")
        ]

    async def write(self, changes: WriteSet) -> None:
        """Apply all of ``changes`` or nothing, durable on return. Raises StoreError, and from then on always.

        When it is the sync that fails, nobody knows whether the write is on the disk: then reads fail too.
        """
        if self._broken:
            raise StoreError(self._broken)
        committed = False
        try:
            self._fill(changes)
            self._writer.execute("COMMIT")
            committed = True
            await self._make_durable(changes)
        except BaseException as error:
            self._broken = f"{self._file.path}: a write failed: {type(error).__name__}: {error}"
            if committed:
                self._uncertain = self._broken
            if not isinstance(error, Exception):
                raise
            self._roll_back()
            raise StoreError(self._broken) from error

    async def instance(self, seq: int) -> InstanceRecord | None:
        """Return one instance by number."""
        return self._one(f"{_INSTANCE} WHERE seq = ?", seq)

    async def instance_named(self, parent: str, name: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this name."""
        return self._one(f"{_INSTANCE} WHERE pi = ? AND name = ?", parent, name)

    async def instance_with_key(self, parent: str, key: str) -> InstanceRecord | None:
        """Return the instance of ``parent`` with this key."""
        return self._one(f"{_INSTANCE} WHERE pi = ? AND key = ?", parent, key)

    async def newest(self, parent: str, *, before: int | None = None) -> InstanceRecord | None:
        """Return the newest instance of a parent, or the newest with ``seq < before``."""
        last = _LAST if before is None else before - 1
        return self._one(f"{_INSTANCE} WHERE pi = ? AND seq <= ? ORDER BY seq DESC LIMIT 1", parent, last)

    async def instances(self, parent: str, *, after: int = 0, limit: int | None = None) -> Sequence[InstanceRecord]:
        """Return instances of a parent with ``seq > after``, oldest first, at most ``limit``."""
        sql = f"{_INSTANCE} WHERE pi = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [InstanceRecord(*row) for row in self._read(sql, parent, after, -1 if limit is None else limit)]

    async def instance_keys(self, parent: str, *, after: int = 0) -> Sequence[tuple[int, str | None, str]]:
        """Return (seq, name, expires) of all instances of a parent with ``seq > after``, oldest first."""
        return _decode_keys(self._read(_KEYS, parent, after)[0][0])

    async def expired(self, now: str, limit: int) -> Sequence[InstanceRecord]:
        """Return at most ``limit`` instances with ``expires <= now``, those that expired first."""
        sql = f"{_INSTANCE} WHERE expires <= ? ORDER BY expires, seq LIMIT ?"
        return [InstanceRecord(*row) for row in self._read(sql, now, limit)]

    async def outbox(self) -> Sequence[OutboxRecord]:
        """Return all outbox records by ascending id."""
        sql = "SELECT id, subscription, target, meta, body FROM outbox ORDER BY id"
        return [OutboxRecord(*row) for row in self._read(sql)]

    async def answers(self) -> Sequence[AnswerRecord]:
        """Return all answers by ascending number."""
        sql = "SELECT number, key, digest, body FROM answer ORDER BY number"
        return [AnswerRecord(*row) for row in self._read(sql)]

    async def high_water(self) -> tuple[int, int]:
        """Return the highest instance ``seq`` and outbox ``id`` ever given out."""
        counters = dict(self._read("SELECT kind, value FROM counter"))
        return counters["instance"], counters["outbox"]

    async def close(self) -> None:
        """Finish the write that is under way and close the file."""
        if self._closed:
            return
        self._closed = True
        self._broken = self._broken or f"{self._file.path} is closed"
        await asyncio.get_running_loop().run_in_executor(self._syncing, self._close)
        self._syncing.shutdown(wait=False)

    def _fill(self, changes: WriteSet) -> None:
        """Put everything into a transaction. What goes comes first, so that its names are free again."""
        self._writer.execute("BEGIN IMMEDIATE")
        run = self._writer.executemany
        if changes.trimmed:
            run("DELETE FROM instance WHERE pi = ? AND seq <= ?", changes.trimmed.items())
        if changes.dropped:
            run("DELETE FROM instance WHERE pi = ?", ((parent,) for parent in changes.dropped))
        if changes.instances:
            run("DELETE FROM instance WHERE seq = ?", _removed(changes.instances))
            self._put_instances(changes.kept())
            self._count("instance", max(changes.instances))
        if changes.resources:
            run("DELETE FROM resource WHERE ri = ?", _removed(changes.resources))
            run(_PUT_RESOURCE, changes.records())
        if changes.outbox:
            run("DELETE FROM outbox WHERE id = ?", _removed(changes.outbox))
            run(_PUT_EVENT, [record for record in changes.outbox.values() if record is not None])
            self._count("outbox", max(changes.outbox))
        if changes.forgotten:
            run("DELETE FROM answer WHERE number <= ?", ((changes.forgotten,),))
        if changes.answers:
            run(_PUT_ANSWER, [(number, *map(bytearray, blobs)) for number, *blobs in changes.answers_kept()])

    def _put_instances(self, records: Sequence[InstanceRecord]) -> None:
        """Insert; sqlite3 looks for an adapter for each None and each bytes, but not for a bytearray."""
        plain, others = [], []
        for seq, ri, pi, name, ty, expires, size, body, key in records:
            if name is None and key is None:
                plain.append((seq, ri, pi, ty, expires, size, bytearray(body)))
            else:
                others.append((seq, ri, pi, ty, expires, size, bytearray(body), name, key))
        self._writer.executemany(_PUT_PLAIN, plain)
        if others:
            self._writer.executemany(_PUT_INSTANCE, others)

    def _count(self, kind: str, number: int) -> None:
        self._writer.execute("UPDATE counter SET value = max(value, ?) WHERE kind = ?", (number, kind))

    async def _make_durable(self, changes: WriteSet) -> None:
        """Sync the last COMMIT, here or in the thread; from time to time shorten the WAL, always in the thread."""
        self._ahead_bytes += wal_bytes(changes)
        loop = asyncio.get_running_loop()
        if self._wal_is_long():
            await loop.run_in_executor(self._syncing, self._sync_and_shorten)
        elif self._threaded:
            self._threaded -= 1
            await loop.run_in_executor(self._syncing, sync, self._file.wal)
        else:
            self._sync_here()

    def _wal_is_long(self) -> bool:
        """Tell whether to shorten the WAL: by the estimate since it was last short, or because its file grows."""
        limit = WAL_LIMIT_BYTES
        return self._ahead_bytes >= limit or os.fstat(self._file.wal).st_size >= max(
            limit, self._wal_bytes + WAL_STEP_BYTES
        )

    def _sync_here(self) -> None:
        began = perf_counter()
        sync(self._file.wal)
        if perf_counter() - began > QUICK_SYNC_S:
            self._slow_syncs += 1
            if self._slow_syncs >= SLOW_SYNCS:
                self._slow_syncs, self._threaded = 0, THREADED_WRITES
        elif self._slow_syncs:
            self._slow_syncs -= 1

    def _sync_and_shorten(self) -> None:
        sync(self._file.wal)
        self._shorten_wal()

    def _shorten_wal(self) -> None:
        """Copy the WAL into the file in two steps, so that the next write can start at the WAL's beginning.

        The first and long step runs beside further commits; the second copies what they have added, between two
        commits: only a WAL that is copied to its end is used again from its beginning.
        """
        ahead = self._checkpoint_ahead
        if ahead is None:
            self._checkpoint_ahead = self._checkpointing.submit(self._checkpoint)
        elif ahead.done():
            self._checkpoint_ahead = None
            self._checkpoint()
            self._ahead_bytes = 0
            self._wal_bytes = os.fstat(self._file.wal).st_size

    def _checkpoint(self) -> None:
        try:
            self._file.checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:  # nothing is lost: the WAL keeps what was not copied
            logger.warning("%s: checkpoint failed, the WAL grows: %s", self._file.path, error)

    def _roll_back(self) -> None:
        try:
            self._writer.execute("ROLLBACK")
        except sqlite3.Error as error:  # also when SQLite has rolled back by itself
            logger.debug("%s: rollback: %s", self._file.path, error)

    def _close(self) -> None:
        self._checkpointing.shutdown()
        self._file.close()

    def _read(self, sql: str, *parameters: object) -> list[Any]:
        if self._uncertain:
            raise StoreError(self._uncertain)
        try:
            return self._reader.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self._file.path}: cannot read: {error}") from error

    def _one(self, sql: str, *parameters: object) -> InstanceRecord | None:
        rows = self._read(sql, *parameters)
        return InstanceRecord(*rows[0]) if rows else None


def wal_bytes(changes: WriteSet) -> int:
    """Estimate how far a write fills the WAL."""
    rows = [*changes.instances.values(), *changes.outbox.values(), *changes.answers.values()]
    large = sum(_ROW_BYTES + len(row.body) for row in rows if row is not None)
    return _PAGES_BYTES + large + len(changes.resources) * _RESOURCE_BYTES


def _removed(changes: dict[Any, Any]) -> list[tuple[Any]]:
    """Return the keys whose value is None, each as a row of parameters."""
    return [(key,) for key, record in changes.items() if record is None]
