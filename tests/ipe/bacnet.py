"""Where the BACnet device of the tests runs, and its point list."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

POINTS = """\
name,object_type,instance,writable,cov
a_temperature,analog-input,1,no,yes
power,analog-input,2,no,no
fan,binary-input,1,no,yes
mode,multi-state-input,1,no,no
valve,analog-output,1,yes,no
setpoint,analog-value,1,yes,yes
enable,binary-value,1,yes,no
mode_command,multi-state-value,1,yes,no
gone,analog-value,999,yes,no
"""
READABLE = {"a_temperature": 21.3, "power": -0.1, "fan": True, "mode": 3}
PLACES: dict[str, tuple[str, int]] = {
    "a_temperature": ("analog-input", 1), "power": ("analog-input", 2), "fan": ("binary-input", 1),
    "mode": ("multi-state-input", 1),
}  # fmt: skip


class Device:
    """A device that can be switched off and on again at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("bacnet_device.py")), str(self.port)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def change(self, name: str, value: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([*PLACES[name], value]) + "\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        if self._process is not None:
            with self._process:
                self._process.kill()
            self._process = None


@contextmanager
def running() -> Iterator[Device]:
    device = Device()
    try:
        yield device
    finally:
        device.stop()
