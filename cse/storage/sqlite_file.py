"""The file of a SQLite store: its connections, its lock, its schema version."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from cse.storage.port import StoreError

APPLICATION_ID = 0x626E796E
MIGRATIONS = Path(__file__).parent / "migrations"

_SETUP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = -1;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
PRAGMA cache_size = -8000;
"""


@dataclass(slots=True)
class SqliteFile:
    """An open store file; ``wal`` is the descriptor of its log, ``held`` closes everything, the lock last."""

    path: Path
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    checkpointer: sqlite3.Connection
    wal: int
    held: ExitStack

    def close(self) -> None:
        """Close the connections, which empties the WAL, and give the lock back."""
        self.held.close()


def open_file(path: Path) -> SqliteFile:
    """Open or create the file at its newest schema. Raises StoreError."""
    path = path.resolve()
    if not path.parent.is_dir():
        raise StoreError(f"cannot open {path}: the directory {path.parent} does not exist")
    with ExitStack() as held:
        _lock(path, held)
        try:
            writer = held.enter_context(closing(_connect(path)))
            _check_owner(path, writer)
            writer.executescript(_SETUP)
            migrate(path, writer, MIGRATIONS)
            reader = held.enter_context(closing(_connect(path)))
            reader.executescript(_SETUP)
            checkpointer = held.enter_context(closing(_connect(path)))
            checkpointer.executescript(_SETUP)
            wal = os.open(f"{path}-wal", os.O_RDONLY)
            held.callback(os.close, wal)
            _settle(path, wal)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(f"cannot open {path} as a store: {error}") from error
        return SqliteFile(path, writer, reader, checkpointer, wal, held.pop_all())


#: Wait until a file's content is on the disk; where there is no fdatasync, fsync does that and a little more.
sync = getattr(os, "fdatasync", os.fsync)


def _settle(path: Path, wal: int) -> None:
    """Make durable what is there, with its names: what a killed process has left in the WAL may not be on the disk."""
    sync(wal)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def migrate(path: Path, connection: sqlite3.Connection, folder: Path) -> None:
    """Run the numbered scripts that the file has not seen, each all or nothing. Raises StoreError if it is newer."""
    scripts = {int(script.name[:4]): script for script in sorted(folder.glob("[0-9]*.sql"))}
    version = _pragma(connection, "user_version")
    newest = max(scripts)
    if version > newest:
        raise StoreError(
            f"{path} has schema version {version}, this program knows versions up to {newest}: "
            "it was written by a newer release, which is needed to open it"
        )
    for number in range(version + 1, newest + 1):
        sql = scripts[number].read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")


def _connect(path: Path) -> sqlite3.Connection:
    """Connect without Python's own transactions; a connection is used by two threads, never at the same time."""
    return sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)


def _lock(path: Path, held: ExitStack) -> None:
    """Keep every other store, also one in this process, away from the file as long as this one is open.

    The lock is an exclusive transaction on an empty database beside the file: it is portable, and the system ends
    it with the process.
    """
    lock = held.enter_context(closing(sqlite3.connect(f"{path}.lock", timeout=0.0, check_same_thread=False)))
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        raise StoreError(f"{path} is in use by another CSE, which holds {path.name}.lock: {error}") from error


def _check_owner(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse the database of another program."""
    owner = _pragma(connection, "application_id")
    if owner != APPLICATION_ID and (owner or connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()):
        raise StoreError(f"{path} is a SQLite database of another program, not a store of this one")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0])
