"""What only the SQLite store promises: its file, its lock, its schema versions."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cse.storage import sqlite, sqlite_file
from cse.storage.port import InstanceRecord, StoreError
from cse.storage.sqlite import SqliteStore, open_sqlite
from cse.storage.sqlite_file import migrate
from tests.storage.files import Faulty, files_beside, overwrite, size
from tests.storage.records import event, instance, numbers, put, resource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "banyan.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(path)
    yield store
    await store.close()


def make_faulty(store: SqliteStore, verb: str) -> None:
    store._writer = Faulty(store._writer, verb)  # type: ignore[assignment]


async def test_reads_do_not_suspend(store: SqliteStore) -> None:
    await store.write(put(instance(1), event(1)))
    reads = [
        store.instance(1), store.instance_named("cnt-1", "a"), store.newest("cnt-1"), store.instances("cnt-1"),
        store.instance_with_key("cnt-1", "a"), store.instance_keys("cnt-1"), store.expired("2", 1),
        store.outbox(), store.load(),
    ]  # fmt: skip
    for read in reads:
        with pytest.raises(StopIteration):
            read.send(None)


@pytest.mark.parametrize("verb", ["BEGIN", "COMMIT"])
async def test_failed_write_is_rolled_back_and_the_last(store: SqliteStore, path: Path, verb: str) -> None:
    await store.write(put(instance(1)))
    make_faulty(store, verb)
    with pytest.raises(StoreError, match=r"banyan\.db: a write failed: OperationalError: disk I/O error"):
        await store.write(put(instance(2)))
    with pytest.raises(StoreError, match="disk I/O error"):
        await store.write(put(instance(3)))
    assert numbers(await store.instances("cnt-1")) == [1]
    await store.close()
    again = await open_sqlite(path)
    assert numbers(await again.instances("cnt-1")) == [1]
    await again.close()


async def test_value_that_does_not_fit_fails_the_whole_write(store: SqliteStore) -> None:
    bad = InstanceRecord(2**70, "cin-x", "cnt-1", None, 4, "", 0, b"")
    with pytest.raises(StoreError, match="OverflowError"):
        await store.write(put(resource("cnt-1"), instance(1), bad))
    assert list(await store.load()) == []
    assert list(await store.instances("cnt-1")) == []


async def test_name_taken_twice_fails_the_write(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="UNIQUE constraint failed"):
        await store.write(put(instance(1, name="a"), instance(2, name="a")))
    assert list(await store.instances("cnt-1")) == []


async def test_closed_store_says_so(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreError, match=r"banyan\.db is closed"):
        await store.write(put(instance(1)))
    with pytest.raises(StoreError, match=r"banyan\.db: cannot read"):
        await store.newest("cnt-1")


async def test_close_leaves_one_file_and_the_lock(store: SqliteStore, path: Path) -> None:
    await store.write(put(instance(1)))
    await store.close()
    assert files_beside(path) == ["banyan.db", "banyan.db.lock"]


async def test_second_store_on_a_file_is_refused_until_the_first_is_closed(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreError, match=r"banyan\.db is in use by another CSE"):
        await open_sqlite(path)
    with pytest.raises(StoreError, match="in use"):
        await open_sqlite(path.parent / "." / ".." / path.parent.name / path.name)
    await store.close()
    await (await open_sqlite(path)).close()


async def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the directory .*/nowhere does not exist"):
        await open_sqlite(tmp_path / "nowhere" / "banyan.db")


async def test_file_that_is_no_database_is_refused(path: Path) -> None:
    overwrite(path, b"temperature;21.5\n" * 400)
    with pytest.raises(StoreError, match=r"cannot open .*banyan\.db as a store: file is not a database"):
        await open_sqlite(path)
    assert size(path) == 400 * 17


async def test_database_of_another_program_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(StoreError, match="a SQLite database of another program"):
        await open_sqlite(path)


async def test_damaged_file_is_refused_or_its_reads_fail(store: SqliteStore, path: Path) -> None:
    await store.write(put(*(resource(f"cnt-{n}", body=b"x" * 3000) for n in range(50))))
    await store.close()
    overwrite(path, b"\xff" * (size(path) - 4096), start=4096)
    with pytest.raises(StoreError, match="malformed"):
        await _open_and_load(path)


async def _open_and_load(path: Path) -> None:
    store = await open_sqlite(path)
    try:
        await store.load()
    finally:
        await store.close()


async def test_newer_file_is_refused(store: SqliteStore, path: Path) -> None:
    await store.close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 900")
    file.close()
    with pytest.raises(StoreError, match=r"has schema version 900, this program knows versions up to \d+: .* newer"):
        await open_sqlite(path)


def test_migrations_run_once_each_in_order(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE t (a);")
    with sqlite3.connect(":memory:", isolation_level=None) as file:
        migrate(tmp_path, file, tmp_path)
        file.execute("INSERT INTO t VALUES (1)")
        (tmp_path / "0002_second.sql").write_text("ALTER TABLE t ADD COLUMN b DEFAULT 2;")
        (tmp_path / "0003_third.sql").write_text("UPDATE t SET b = b + 1;")
        for _ in range(2):
            migrate(tmp_path, file, tmp_path)
        assert file.execute("SELECT a, b FROM t").fetchall() == [(1, 3)]
        assert file.execute("PRAGMA user_version").fetchone() == (3,)
    file.close()


async def test_file_without_keys_gets_them(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for script in sorted(sqlite_file.MIGRATIONS.glob("000[12]_*.sql")):
        (old / script.name).write_text(script.read_text())
    file = sqlite3.connect(path, isolation_level=None)
    migrate(path, file, old)
    before = instance(1, name="a")
    file.execute("INSERT INTO instance (seq, ri, pi, name, ty, expires, size, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                 before[:8])
    file.close()
    store = await open_sqlite(path)
    await store.write(put(instance(2, key="t")))
    assert await store.instance(1) == before
    assert await store.instance_with_key("cnt-1", "t") == instance(2, key="t")
    await store.close()


def test_failed_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE t (a);")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE u (a); INSERT INTO missing VALUES (1);")
    file = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="missing"):
        migrate(path, file, tmp_path)
    file.close()
    file = sqlite3.connect(path)
    assert file.execute("PRAGMA user_version").fetchone() == (1,)
    assert file.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    file.close()


def test_application_id_is_that_of_the_first_migration() -> None:
    script = next(sqlite_file.MIGRATIONS.glob("0001_*.sql")).read_text()
    assert f"PRAGMA application_id = 0x{sqlite_file.APPLICATION_ID:x};" in script


async def test_reads_use_an_index(store: SqliteStore) -> None:
    def plan(sql: str, *parameters: object) -> str:
        return " ".join(row[3] for row in store._reader.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))

    assert "COVERING INDEX instance_of_parent" in plan(sqlite._KEYS, "cnt-1", 0)
    assert "INDEX instance_name" in plan(f"{sqlite._INSTANCE} WHERE pi = ? AND name = ?", "cnt-1", "a")
    assert "INDEX instance_key" in plan(f"{sqlite._INSTANCE} WHERE pi = ? AND key = ?", "cnt-1", "a")
    assert "INDEX instance_expiry" in plan(f"{sqlite._INSTANCE} WHERE expires <= ? ORDER BY expires, seq", "2")
    assert "SCAN" not in plan("DELETE FROM instance WHERE pi = ? AND seq <= ?", "cnt-1", 1)
