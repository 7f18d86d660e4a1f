"""A broker and a CSE as processes that can be killed at any moment and started again on what they had written."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bindings.mqtt.mosquitto import CONFIGURATION, program

CSE = """
[cse]
cse_id = "/banyan"
administrators = ["CAdmin"]
notification_timeout_s = 1.5
notification_retry_s = 600.0
max_results = 1000000
[store]
path = "{store}"
[http]
enabled = false
[websocket]
enabled = true
host = "{host}"
port = {port}
allow_plain = true
ping_s = 2.0
[mqtt]
enabled = true
url = "mqtt://{broker}"
version = "{version}"
allow_plain = true
keep_alive_s = 5
[log]
level = "ERROR"
"""
INSIDE = """
[broker]
enabled = true
host = "{host}"
port = {broker_port}
allow_plain = true
logins = "{folder}/logins"
"""


@dataclass
class Killable:
    """A program. ``kill`` ends it as a power failure would."""

    command: tuple[str, ...]
    quiet: bool = False
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL if self.quiet else None,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.returncode is None, f"{self.command} ended by itself with {process.returncode}"
            process.kill()
            await process.wait()


def mosquitto(folder: Path, prefix: tuple[str, ...], host: str, port: int, *, persistent: bool) -> Killable:
    """A Mosquitto that writes down what it knows once a second, or nothing."""
    text = CONFIGURATION.format(port=port, folder=folder, persistence=str(persistent).lower(), anonymous="true")
    file = folder / "mosquitto.conf"
    file.write_text(text.replace("127.0.0.1", host) + ("user root\n" if os.getuid() == 0 else ""))
    return Killable((*prefix, program("mosquitto"), "-c", str(file)), quiet=True)


def banyan(folder: Path, prefix: tuple[str, ...], settings: dict[str, object], *, inside: bool = False) -> Killable:
    """A CSE with MQTT and WebSocket, which has its broker ``inside`` or finds one."""
    file = folder / "banyan.toml"
    file.write_text((CSE + INSIDE if inside else CSE).format(store=folder / "banyan.db", folder=folder, **settings))
    program_ = "from cse.cli.main import main; raise SystemExit(main())"
    return Killable((*prefix, sys.executable, "-c", program_, "run", "--config", str(file)))
