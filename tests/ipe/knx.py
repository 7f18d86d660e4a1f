"""A KNX/IP interface of another make (knxd) with group objects behind it, and the point list of the tests.

The first octet of an object's value tells whether it is short (0: six bits with the service) or not (1).
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

POINTS = """\
name,group,status,dpt,writable,ask
temperature,1/0/1,,9.001,no,yes
presence,1/0/2,,1.018,no,yes
power,1/0/3,,14.056,no,yes
energy,1/0/4,,13.010,no,yes
mode,1/0/5,,20.102,no,yes
lamp,2/0/1,2/1/1,1.001,yes,yes
dimmer,2/0/2,2/1/2,5.001,yes,yes
setpoint,2/0/3,,9.001,yes,yes
blind,2/0/4,,5.010,yes,yes
gone,3/0/1,,9.001,yes,yes
"""
READABLE: dict[str, Any] = {"temperature": 21.0, "presence": True, "power": 12.5, "energy": 4_000_000, "mode": 2}
GROUPS = {"temperature": 0x0801, "presence": 0x0802}
OBJECTS = {
    0x0801: "010c1a", 0x0802: "0001", 0x0803: "01" + struct.pack(">f", 12.5).hex(),
    0x0804: "01" + struct.pack(">i", 4_000_000).hex(), 0x0805: "0102", 0x1001: "0000", 0x1101: "0000",
    0x1002: "0100", 0x1102: "0100", 0x1003: "010000", 0x1004: "0100",
}  # fmt: skip
STATUS = {0x1001: 0x1101, 0x1002: 0x1102}
SETTINGS = """\
[main]
name = tests
addr = 1.0.1
client-addrs = 1.0.2:20
connections = server,dummy,unix
[server]
server = ets_router
port = {port}
tunnel = tunnel
discover = false
interface = lo
[tunnel]
[dummy]
driver = dummy
[unix]
server = knxd_unix
path = {path}
"""


class Device:
    """An interface with its bus that can be switched off and on again at the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("0.0.0.0", 0))
            self.port = probe.getsockname()[1]
        self._folder = folder
        self._processes: list[subprocess.Popen[Any]] = []
        self.start()

    def start(self) -> None:
        path = self._folder / "socket"
        path.unlink(missing_ok=True)
        settings = self._folder / "knxd.ini"
        settings.write_text(SETTINGS.format(port=self.port, path=path), encoding="utf-8")
        self._processes.append(subprocess.Popen(["knxd", str(settings)], stderr=subprocess.DEVNULL))
        _await_socket(path)
        program = [sys.executable, str(Path(__file__).with_name("knx_objects.py")), str(path), json.dumps(OBJECTS),
                   json.dumps(STATUS)]
        objects = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._processes.append(objects)
        assert objects.stdout is not None
        assert objects.stdout.readline() == "ready\n"

    def tell(self, group: int, octets: str) -> None:
        """Have an object tell another value."""
        objects = self._processes[-1]
        assert objects.stdin is not None
        objects.stdin.write(json.dumps([group, octets]) + "\n")
        objects.stdin.flush()

    def stop(self) -> None:
        while self._processes:
            with self._processes.pop() as process:
                process.kill()


def _await_socket(path: Path) -> None:
    for _ in range(500):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return
        time.sleep(0.02)
    raise AssertionError("knxd does not start")


@contextmanager
def running() -> Iterator[Device]:
    with TemporaryDirectory() as folder:
        device = Device(Path(folder))
        try:
            yield device
        finally:
            device.stop()
