"""``make run`` and then the commands of README.md, and those of its greeting, as a reader types them."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cse.cli.transports import TRANSPORTS

ROOT = Path(__file__).parents[2]
PROGRAM = "from cse.cli.main import main; raise SystemExit(main())"
#: Ports of README.md by their settings.
PORTS = {8080: "HTTP__PORT", 8081: "WEBSOCKET__PORT", 5683: "COAP__PORT", 1883: "BROKER__PORT"}
PACKAGES = {"coap-client-notls": "libcoap3-bin", "mosquitto_rr": "mosquitto-clients"}
ANSWER = re.compile(r'(?:"|\\")value(?:"|\\")')


def commands() -> list[str]:
    """The commands of "One request" and "Over other bindings" that ask for the newest power value."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = text.partition("## One request")[2].partition("## What it does")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", sections, re.DOTALL | re.MULTILINE)
    whole = [block for block in blocks if "<<" in block or "\\\n" in block]
    lines = [line for block in blocks if block not in whole for line in block.splitlines()]
    return [one for one in [*lines, *whole] if "active_power/la" in one]


class Demonstration:
    """It runs in a folder that looks like a checkout, at ports that are free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: _free_port() for port in PORTS}
        (folder / ".venv" / "bin").mkdir(parents=True)
        for name, arguments in (("banyan", f' -c "{PROGRAM}"'), ("python", "")):
            command = folder / ".venv" / "bin" / name
            command.write_text(f'#!/bin/sh\nexec {sys.executable}{arguments} "$@"\n')
            command.chmod(0o755)
        known = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
        given = {f"BANYAN_{PORTS[port]}": str(free) for port, free in self.ports.items()}
        self.environment = {**known, **given, "PYTHONPATH": str(ROOT), "BANYAN_ORIGINATOR": "CAdmin",
                            "BANYAN_CSE": f"http://127.0.0.1:{self.ports[8080]}"}  # fmt: skip
        self.greeting = ""
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, "demo"], cwd=folder, env=self.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip

    def start(self) -> None:
        """Wait until it has said how to ask it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.greeting += line
            if line.startswith("  MQTT"):
                return
        pytest.fail(f"it ended: {self.greeting}{self.process.communicate()[1]}")

    def typed(self, command: str) -> str:
        """What a shell prints; the meter has to be read once before there is a value."""
        for port, free in self.ports.items():
            command = command.replace(f":{port}", f":{free}")
        if "mosquitto_rr" in command:
            command = command.replace("mosquitto_rr ", f"mosquitto_rr -p {self.ports[1883]} ")
        until = time.monotonic() + 20
        while True:
            done = subprocess.run(command, shell=True, cwd=self.folder, env=self.environment,
                                  capture_output=True, text=True, timeout=30, check=False)
            shown = done.stdout + done.stderr
            if ANSWER.search(shown) or time.monotonic() > until:
                return shown
            time.sleep(0.3)


def _free_port() -> int:
    """Below the ports that the system gives to clients: other tests' connections must not take it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)  # not that of the seed, which every worker has
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    running = Demonstration(tmp_path_factory.mktemp("checkout"))
    try:
        running.start()
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=20)


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme(demonstration: Demonstration, command: str) -> None:
    program = command.split(maxsplit=1)[0]
    if program in PACKAGES and shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs Debian's {PACKAGES[program]}")
    assert ANSWER.search(demonstration.typed(command))


@pytest.mark.parametrize("binding", ["HTTP", "CoAP", "WebSocket", "MQTT"])
def test_a_command_of_the_greeting(demonstration: Demonstration, binding: str) -> None:
    [command] = re.findall(rf"^  {binding} +(.+)$", demonstration.greeting, re.MULTILINE)
    path = f"PATH={demonstration.folder}/.venv/bin:$PATH; "
    assert ANSWER.search(demonstration.typed(path + command))


@pytest.mark.parametrize("point", ["floor1/core_temperature", "floor3/supply_flow", "weather/sun", "meters/main_power"])
def test_the_building_of_the_demonstration_is_there(demonstration: Demonstration, point: str) -> None:
    assert ANSWER.search(demonstration.typed(f".venv/bin/banyan get -/{point}/la"))


def test_a_command_to_the_building_acts(demonstration: Demonstration) -> None:
    [command] = re.findall(r"banyan create -/floor1/core_light_level\S+ .*(?=    #)", demonstration.greeting)
    demonstration.typed(".venv/bin/banyan get -/floor1/core_light_level/la")
    demonstration.typed(f"echo value; .venv/bin/{command}; echo '\"value\"'")
    until = time.monotonic() + 30
    while '\\"value\\":20.0' not in (shown := demonstration.typed(".venv/bin/banyan get -/floor1/core_light_level/la")):
        assert time.monotonic() < until, shown
        time.sleep(0.3)


def test_logins_are_for_their_owner_alone_and_stay(demonstration: Demonstration) -> None:
    files = [demonstration.folder / name for name in ("broker-logins", "broker-logins.CAdmin")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


def test_the_readme_has_a_command_for_each_binding() -> None:
    text = "\n".join(commands())
    wanted = ["curl", *(f"--transport {name} " for name in TRANSPORTS if name != "http"), "coap-client", "mosquitto_rr",
              "ws_connect"]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
