"""kill -9 under load: nothing acknowledged is lost, nothing half applied, no notification lost."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.robustness.crash import run

ROUNDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def test_thirty_kills_lose_nothing(tmp_path: Path) -> None:
    book, violations = await run(tmp_path, "sqlite", ROUNDS, seed=1, port=free_port())
    print(f"\n{ROUNDS} kills, {len(book.acknowledged)} acknowledged writes at {book.per_second:.0f}/s, "
          f"{len(book.notified)} notified: {violations or 'nothing lost'}")
    assert violations == []
    assert len(book.acknowledged) > ROUNDS * 50


async def test_a_store_that_acknowledges_before_the_commit_is_found(tmp_path: Path) -> None:
    _, violations = await run(tmp_path, "tests.storage.broken", ROUNDS, seed=2, port=free_port())
    assert any("acknowledged instances are lost" in one for one in violations)
