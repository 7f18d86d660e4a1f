"""A Modbus device of another make, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ipe import libmodbus


class Device:
    """A libmodbus device that can be switched off and on again at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        program = [sys.executable, str(Path(libmodbus.__file__)), str(self.port)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

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
