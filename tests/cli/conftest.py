"""A whole CSE in a thread of its own, and the command line run in this process."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import pytest

from cse.app import Node
from cse.cli.main import main
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Banyan = Callable[..., Result]


@pytest.fixture
def cse_url() -> Iterator[str]:
    """Address of a CSE whose administrator is CAdmin."""
    started: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"], max_results=50),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(port=0),
    )

    async def serve() -> None:
        node, stop = Node(settings), asyncio.Event()
        started.set_result((await node.start(), asyncio.get_running_loop(), stop))
        await stop.wait()
        await node.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    url, loop, stop = started.result(10)
    yield url
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


@pytest.fixture
def banyan(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Banyan:
    """Run ``banyan`` in this process, its environment empty of our variables."""
    for name in ("BANYAN_CSE", "BANYAN_ORIGINATOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Result:
        try:
            code = main(arguments)
        except SystemExit as end:  # --help and --version
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def admin(banyan: Banyan, cse_url: str, monkeypatch: pytest.MonkeyPatch) -> Banyan:
    """Run ``banyan`` as the administrator of a running CSE."""
    monkeypatch.setenv("BANYAN_CSE", cse_url)
    monkeypatch.setenv("BANYAN_ORIGINATOR", "CAdmin")
    return banyan
