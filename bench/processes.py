"""Servers as processes of their own, each on the core it is given."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The one core of the server under test.
SERVER_CORE = "0"
ROOT = Path(__file__).parents[1]
BANYAN = str(Path(sys.executable).with_name("banyan"))
BARE = (sys.executable, "-m", "bench.bare")
SINK = (sys.executable, "-m", "bench.sink")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running process that answers HTTP on ``port``; ``started_in_s`` is the time from start to first answer."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, started_in_s: float) -> None:
        self.port = port
        self.started_in_s = started_in_s
        self._process = process

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def cpu_s(self) -> float:
        """Return the processor time used so far, in user and kernel mode."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        """Return the resident memory now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the process is gone")


@contextlib.contextmanager
def running(
    *command: str, port: int, log: Path, core: str = SERVER_CORE, path: str = "/", told: bytes = b""
) -> Iterator[Server]:
    """Start a command on one core, wait until it answers a GET of ``path``, and end it afterwards.

    ``told`` is its input. Without a ``path`` it is enough that it listens.
    """
    began = time.monotonic()
    with log.open("ab") as output, tempfile.TemporaryFile() as given:
        given.write(told)
        given.seek(0)
        process = subprocess.Popen(["taskset", "-c", core, *command], cwd=ROOT, stdin=given, stdout=output,
                                   stderr=output)  # fmt: skip
        try:
            _wait_for_answer(process, port, path, log)
            yield Server(process, port, time.monotonic() - began)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, path: str, log: Path, limit_s: float = 60) -> None:
    headers: Mapping[str, str] = {"X-M2M-Origin": "CAdmin", "X-M2M-RVI": "3", "X-M2M-RI": "first"}
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.connect()
            if not path:
                return
            connection.request("GET", path, headers=headers)
            if connection.getresponse().status < 300:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise RuntimeError(f"no answer in {limit_s:g} s:\n{log.read_text()[-2000:]}")
