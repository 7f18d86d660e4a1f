"""Where the BACnet device of the tests runs, and its point list."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

from ipe.bacnet.driver import BACNET, BacnetDriver
from ipe.manifest import find_protocol
from ipe.points import read_points

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


class Proxy(asyncio.DatagramProtocol):
    """Between driver and device, in the loop of the test.

    ``asked`` may answer a datagram of the driver instead of the device; ``told`` changes one of the device, or drops
    it (None).
    """

    def __init__(self, device_port: int) -> None:
        self._device = ("127.0.0.1", device_port)
        self._driver: tuple[str, int] | None = None
        self.asked: Callable[[bytes], bytes | None] = lambda _: None
        self.told: Callable[[bytes], bytes | None] = lambda data: data
        self.port = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._device:
            self._driver = addr
            answer = self.asked(data)
            if answer is None:
                self._transport.sendto(data, self._device)
                return
        elif (answer := self.told(data)) is None:
            return
        assert self._driver is not None
        self._transport.sendto(answer, self._driver)


@asynccontextmanager
async def between(device: Device) -> AsyncIterator[Proxy]:
    loop = asyncio.get_running_loop()
    transport, proxy = await loop.create_datagram_endpoint(lambda: Proxy(device.port), ("127.0.0.1", 0))
    try:
        yield proxy
    finally:
        transport.close()


def opened(port: int, folder: Path, points: str = POINTS, **settings: Any) -> tuple[BacnetDriver, list[Any]]:
    """A driver and its points."""
    path = folder / "points.csv"
    path.write_text(points, encoding="utf-8")
    checked = find_protocol("bacnet").check({"host": "127.0.0.1", "port": port} | settings)
    driver = BACNET.open(checked)
    assert isinstance(driver, BacnetDriver)
    return driver, list(read_points(path, BACNET.columns, BACNET.address))
