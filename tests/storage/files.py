"""What the tests of the SQLite store do to its files and connections."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


class Faulty:
    """A connection that fails when a statement begins with ``verb``."""

    def __init__(self, connection: sqlite3.Connection, verb: str) -> None:
        self.connection = connection
        self.verb = verb

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql.startswith(self.verb):
            raise sqlite3.OperationalError("disk I/O error")
        return self.connection.execute(sql, *parameters)

    def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
        return self.connection.executemany(sql, rows)


def files_beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def size(path: Path) -> int:
    return path.stat().st_size


def content(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, content: bytes, start: int = 0) -> None:
    path.touch()
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)
