"""What a process has acknowledged is there after it was killed; a failing disk is answered, not ignored."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from cse.storage.sqlite import open_sqlite
from tests.storage.writer import violations

ROOT = Path(__file__).parents[2]


@contextmanager
def writer(kind: str, path: Path, *limit_bytes: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    command = [sys.executable, "-m", "tests.storage.writer", kind, str(path), *limit_bytes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def numbers(said: list[str], what: str) -> set[int]:
    return {int(line.split()[1]) for line in said if line.startswith(f"{what} ")}


def write_and_kill(kind: str, path: Path, after: int) -> set[int]:
    """Kill the writer after so many acknowledgements; return all it has given, also those on the way."""
    with writer(kind, path) as (process, output):
        said = [output.readline() for _ in range(after)]
        process.kill()
        said += output.readlines()
    if not said[-1].endswith("\n"):
        said.pop()
    return numbers(said, "done")


async def test_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "banyan.db"
    acknowledged: set[int] = set()
    for after in (1, 90, 333):
        acknowledged |= write_and_kill("sqlite", path, after)
        store = await open_sqlite(path)
        found = await violations(store, acknowledged)
        await store.close()
        assert found == []
    assert len(acknowledged) >= 424


async def test_the_check_finds_a_store_that_acknowledges_too_early(tmp_path: Path) -> None:
    acknowledged = write_and_kill("tests.storage.broken", tmp_path / "banyan.db", 500)
    store = await open_sqlite(tmp_path / "banyan.db")
    found = await violations(store, acknowledged)
    await store.close()
    assert any(line.startswith("lost") for line in found)


@pytest.mark.parametrize("limit_bytes", ["300000", "1234567"])
async def test_full_disk_fails_callers_takes_back_and_refuses(tmp_path: Path, limit_bytes: str) -> None:
    with writer("sqlite", tmp_path / "banyan.db", limit_bytes) as (process, output):
        said = output.readlines()
        assert process.wait() == 0
    done, failed, undone = (numbers(said, what) for what in ("done", "failed", "undone"))
    assert done
    assert failed
    assert failed == undone
    assert not done & failed
    assert "a write failed" in said[-1]
    assert said[-1].startswith("refused")
    store = await open_sqlite(tmp_path / "banyan.db")
    found = await violations(store, done)
    await store.close()
    assert found == []
