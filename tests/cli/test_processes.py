"""Commands as a shell runs them: a CSE in one process, ``watch`` and others in more."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cse.client import connect

COMMAND = [sys.executable, "-c", "import sys; from cse.cli.main import main; sys.exit(main())"]


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``banyan`` in the background and make sure that it ends."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def banyan(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``banyan`` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )


def subscriptions(environment: dict[str, str]) -> list[str]:
    """Addresses of all subscriptions of the CSE."""

    async def discover() -> list[str]:
        client = await connect(environment["BANYAN_CSE"], environment["BANYAN_ORIGINATOR"])
        found = await client.discover("cse", ty="sub")
        await client.close()
        return found

    return asyncio.run(discover())


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What names a running CSE with a SQLite store, run by ``banyan run``."""
    arguments = ("run", "--http", "127.0.0.1:0", "--admin", "CAdmin", "--store-path", str(tmp_path / "cse.db"))
    with started(*arguments) as process:
        assert process.stdout is not None
        greeting = process.stdout.readline()
        match = re.search(r"http://\S+", greeting)
        assert match is not None, greeting
        yield {"BANYAN_CSE": match[0], "BANYAN_ORIGINATOR": "CAdmin"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_watch_prints_notifications_and_leaves_no_subscription(environment: dict[str, str]) -> None:
    assert banyan("create", "cse", "cnt", "rn=power", **environment).returncode == 0
    with started("watch", "cse/power", **environment) as watch:
        assert watch.stderr is not None
        assert watch.stdout is not None
        assert watch.stderr.readline() == "watching cse/power; Ctrl-C ends it\n"
        assert len(subscriptions(environment)) == 1
        assert banyan("create", "cse/power", "cin", "rn=v1", "con=42", **environment).returncode == 0
        line = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 130
    assert re.fullmatch(r'20\S+ \S+Z created m2m:cin v1 "42"\n', line)
    assert subscriptions(environment) == []


def test_watch_for_machines_ends_after_a_count(environment: dict[str, str]) -> None:
    assert banyan("create", "cse", "cnt", "rn=power", **environment).returncode == 0
    with started("watch", "cse/power", "--json", "--count", "2", "--events", "create", **environment) as watch:
        assert watch.stdout is not None
        while not subscriptions(environment):
            assert watch.poll() is None
        for value in ("1", "2"):
            assert banyan("create", "cse/power", "cin", f"con={value}", **environment).returncode == 0
        lines = watch.stdout.read().splitlines()
        assert watch.wait(10) == 0
    assert [json.loads(line)["representation"]["con"] for line in lines] == ["1", "2"]
    assert subscriptions(environment) == []


def test_watch_ends_with_what_it_watches(environment: dict[str, str]) -> None:
    assert banyan("create", "cse", "cnt", "rn=power", **environment).returncode == 0
    with started("watch", "cse/power", **environment) as watch:
        assert watch.stderr is not None
        watch.stderr.readline()
        assert banyan("delete", "cse/power", **environment).returncode == 0
        assert watch.wait(10) == 0
        assert watch.stdout is not None
        assert "deleted m2m:cnt power" in watch.stdout.read()


def test_watching_what_is_not_there(environment: dict[str, str]) -> None:
    done = banyan("watch", "cse/nowhere", **environment)
    assert done.returncode == 4
    assert "4004 NOT_FOUND" in done.stderr


def test_run_where_a_port_is_taken(environment: dict[str, str], tmp_path: Path) -> None:
    address = environment["BANYAN_CSE"].removeprefix("http://")
    done = banyan("run", "--http", address, "--store", "memory", "--admin", "CAdmin")
    assert done.returncode == 2
    assert "address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_error(environment: dict[str, str]) -> None:
    pipe = f"{' '.join(map(_quoted, COMMAND))} get cse | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", pipe], capture_output=True, text=True, timeout=30, check=True, env={**os.environ, **environment}
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == "0\n"


def _quoted(text: str) -> str:
    return f"'{text}'"
