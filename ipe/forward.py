"""Store and forward: what was measured waits in a file until the CSE has it.

A sample is known by its point, time and sequence number: putting it twice keeps one, and the CSE is told the same
name each time, so that one whose acknowledgement was lost is not there twice. The file is bounded; when it is full the
oldest samples go, and how many went is counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS sample (
    id INTEGER PRIMARY KEY, point TEXT NOT NULL, time REAL NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
    UNIQUE (point, time, sequence)
) STRICT;
CREATE INDEX IF NOT EXISTS sample_time ON sample (time, id);
CREATE TABLE IF NOT EXISTS lost (number INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
"""


class Recovery(Enum):
    """What goes first when the CSE is back."""

    OLDEST_FIRST = "ASC"
    NEWEST_FIRST = "DESC"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a point said at ``time_s`` (seconds since 1970 UTC); ``sequence`` tells two of one moment apart."""

    point: str
    time_s: float
    sequence: int
    body: dict[str, Any] = field(hash=False)


class Waiting:
    """The samples that the CSE does not have yet, in a file. Everything raises OSError when it cannot be used.

    ``most``: how many are kept.
    """

    def __init__(self, path: Path, most: int = 1_000_000) -> None:
        if most < 1:
            raise ValueError(f"most: {most}; expected a whole number of at least 1")
        self._most = most
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=FULL")
            self._file.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}; expected a file of this program, or none") from error
        self._number: int = self._file.execute("SELECT count(*) FROM sample").fetchone()[0]
        self.lost: int = self._file.execute("SELECT coalesce(sum(number), 0) FROM lost").fetchone()[0]

    def __len__(self) -> int:
        return self._number

    def put(self, samples: Iterable[Sample], state: Mapping[str, Any] | None = None) -> int:
        """Keep samples, in one transaction; returns how many old ones had to go. Durable when it returns.

        ``state``: what is remembered besides, by key, from the same moment on.
        """
        rows = [(one.point, one.time_s, one.sequence, json.dumps(one.body, allow_nan=False)) for one in samples]
        states = (state or {}).items()
        with self._transaction():
            before = self._file.total_changes
            self._file.executemany(
                "INSERT OR IGNORE INTO sample (point, time, sequence, body) VALUES (?, ?, ?, ?)", rows)
            number = self._number + self._file.total_changes - before
            self._file.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?)", [(key, json.dumps(body)) for key, body in states])
            gone = max(0, number - self._most)
            if gone:
                self._file.execute(
                    "DELETE FROM sample WHERE id IN (SELECT id FROM sample ORDER BY time, id LIMIT ?)", (gone,))
                self._file.execute("INSERT INTO lost VALUES (?)", (gone,))
        self._number, self.lost = number - gone, self.lost + gone
        return gone

    def state(self, key: str) -> Any:
        """Return what ``put`` remembered last; None when there is nothing."""
        row = self._file.execute("SELECT body FROM state WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def take(self, limit: int, recovery: Recovery = Recovery.OLDEST_FIRST) -> list[tuple[int, Sample]]:
        """Return the next samples with their number for ``done``; they stay until that is called."""
        order = recovery.value
        with closing(self._file.execute(
                f"SELECT id, point, time, sequence, body FROM sample ORDER BY time {order}, id {order} LIMIT ?",  # noqa: S608 - one of two words
                (limit,))) as rows:
            return [(id_, Sample(point, time_s, sequence, json.loads(body)))
                    for id_, point, time_s, sequence, body in rows]

    def done(self, ids: Sequence[int]) -> None:
        """The CSE has these."""
        with self._transaction():
            before = self._file.total_changes
            self._file.executemany("DELETE FROM sample WHERE id = ?", [(id_,) for id_ in ids])
            number = self._number - (self._file.total_changes - before)
        self._number = number

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._file.close()

    def _transaction(self) -> _Transaction:
        return _Transaction(self._file)


class _Transaction:
    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def __enter__(self) -> None:
        self._file.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._file.execute("COMMIT")
            return
        if self._file.in_transaction:
            self._file.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise OSError(f"samples cannot be kept: {error}") from error
