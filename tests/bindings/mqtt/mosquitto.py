"""A Mosquitto of one's own: on a free port, in a folder of its own, started, killed and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

#: As docs/bindings.md has it.
CONFIGURATION = """\
listener {port} 127.0.0.1
set_tcp_nodelay true
allow_anonymous {anonymous}
persistence {persistence}
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 1000
max_queued_messages 100000
message_size_limit 1114112
log_type error
log_type warning
"""


def program(name: str) -> str:
    """Where a program is; a test without it is skipped, and fails in CI."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"needs Debian's {'mosquitto' if name == 'mosquitto' else 'mosquitto-clients'}")
    return found


class Mosquitto:
    """A broker."""

    def __init__(self, folder: Path, *, persistent: bool = True, more: str = "", anonymous: bool = True) -> None:
        self.port = _free_port()
        self._file = folder / "mosquitto.conf"
        self._file.write_text(CONFIGURATION.format(
            port=self.port, folder=folder, persistence=str(persistent).lower(), anonymous=str(anonymous).lower(),
        ) + (f"user {_user()}\n" if os.getuid() == 0 else "") + more)  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen([program("mosquitto"), "-c", str(self._file)], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 5.0
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        pytest.fail("mosquitto does not listen")

    def kill(self) -> None:
        """End it as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it as a person would: it writes down what it knows."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _user() -> str:
    """Mosquitto drops the rights of root; the folders of tests are root's."""
    return "root"
