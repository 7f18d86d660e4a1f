"""Where the DNP3 outstation of the tests runs, and its point list."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

POINTS = """\
name,kind_of_point,index,event,writable,operate,output,scale,variation
breaker,binary_input,0,yes,no,select,,1,0
isolator,double_bit_input,1,no,no,select,,1,0
power,analog_input,0,yes,no,select,,1,5
current,analog_input,2,no,no,select,,0.1,0
energy,counter,0,no,no,select,,1,0
yesterday,frozen_counter,0,no,no,select,,1,0
lamp,binary_output,0,no,yes,direct,latch,1,0
feeder,binary_output,1,no,yes,select,trip_close,1,0
setpoint,analog_output,0,no,yes,select,float32,1,3
level,analog_output,1,no,yes,direct,int16,0.1,0
gone,analog_output,300,no,yes,select,int32,1,0
"""
READABLE: dict[str, Any] = {
    "breaker": True, "isolator": True, "power": 12.34, "current": 10.5, "energy": 4_000_000_000,
    "yesterday": 3_999_000_000,
}  # fmt: skip
#: What is said of each object at the start.
SAID: list[list[Any]] = [
    ["binary_input", 0, True], ["double_bit_input", 1, True], ["analog_input", 0, 12.34], ["analog_input", 2, 105],
    ["counter", 0, 3_999_000_000], ["freeze", 0, 0], ["counter", 0, 4_000_000_000],
    ["binary_output", 0, False], ["binary_output", 1, False], ["analog_output", 0, 0], ["analog_output", 1, 0],
]  # fmt: skip
PLACES = {"breaker": ("binary_input", 0), "power": ("analog_input", 0)}


class Device:
    """An outstation that can be switched off and on again at the same port."""

    def __init__(self, *, reports: bool = True) -> None:
        self.port = 0
        self._reports = reports
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("dnp3_device.py")), str(self.port),
                   "yes" if self._reports else "no"]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        for row in SAID:
            self.say(*row)

    def say(self, kind: str, index: int, value: Any, flags: int = 1) -> None:
        """Have an object say another value, and return when it does."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kind, index, value, flags]) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def stop(self) -> None:
        if self._process is not None:
            with self._process:
                self._process.kill()
            self._process = None


@contextmanager
def running(*, reports: bool = True) -> Iterator[Device]:
    device = Device(reports=reports)
    try:
        yield device
    finally:
        device.stop()
