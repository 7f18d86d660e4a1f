"""Mosquitto as a process of its own, with the configuration of docs/bindings.md: the broker of all benchmarks."""

from __future__ import annotations

import contextlib
import getpass
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.processes import SERVER_CORE, Server, free_port, running

#: As docs/bindings.md has it, without certificates and passwords.
MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 1000
max_queued_messages 100000
message_size_limit 1114112
user {user}
"""


def program() -> str | None:
    """The path of the broker; None where it is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


@contextlib.contextmanager
def mosquitto(folder: Path, log: Path, core: str = SERVER_CORE) -> Iterator[Server]:
    """The broker on this core; raises FileNotFoundError where it is not installed."""
    found = program()
    if found is None:
        raise FileNotFoundError("mosquitto is not installed (Debian: apt-get install mosquitto)")
    port, config = free_port(), folder / "mosquitto.conf"
    config.write_text(MOSQUITTO.format(port=port, folder=folder, user=getpass.getuser()))
    with running(found, "-c", str(config), port=port, log=log, core=core, path="") as server:
        yield server
