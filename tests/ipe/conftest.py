"""A Modbus device of another make, in a process of its own, at a TCP port or on a serial line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.ipe import libmodbus


class Device:
    """A libmodbus device that can be switched off and on again at the same port."""

    def __init__(self, line: str = "") -> None:
        self.port = 0
        self._line = line
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        program = [sys.executable, str(Path(libmodbus.__file__)), self._line or str(self.port)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        self.port = 0 if self._line else int(said)

    def stop(self) -> None:
        if self._process is not None:
            with self._process:
                self._process.kill()
            self._process = None


@pytest.fixture
def device() -> Iterator[Device]:
    try:
        libmodbus.load()
    except OSError as error:
        pytest.skip(f"needs Debian's libmodbus5: {error}")
    device = Device()
    yield device
    device.stop()


@contextmanager
def line() -> Iterator[tuple[str, str]]:
    """Lay a serial line and return the paths of its two ends."""
    with ExitStack() as stack:
        masters, slaves = zip(*(os.openpty() for _ in range(2)), strict=True)
        for end in (*masters, *slaves):
            tty.setraw(end)
            stack.callback(os.close, end)
        relays = [
            threading.Thread(target=_relay, args=pair, daemon=True) for pair in (masters, tuple(reversed(masters)))
        ]
        for relay in relays:
            relay.start()
        yield os.ttyname(slaves[0]), os.ttyname(slaves[1])


def _relay(source: int, sink: int) -> None:
    with suppress(OSError):
        while octets := os.read(source, 256):
            os.write(sink, octets)


@pytest.fixture
def device_on_line() -> Iterator[tuple[Device, str]]:
    """A device, and the end of its line that is free."""
    with line() as (here, there):
        device = Device(there)
        yield device, here
        device.stop()
