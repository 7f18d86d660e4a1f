"""Settings files and manifests: what is found, and how a mistake is answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from cse.client import Client
from ipe.__main__ import main
from ipe.manifest import ROOT, find_protocol, find_protocols, read_manifest
from ipe.settings import SettingsError, read_settings, settings_from
from ipe.start import build
from tests.ipe.fakes import FakeClient

EXAMPLE = Path(__file__).parents[2] / "config/examples/meter.toml"
NEEDED = {"protocol": "modbus", "points": "p.csv", "name": "meter"}


def test_the_example_is_valid() -> None:
    settings = read_settings(EXAMPLE)
    assert settings.points == EXAMPLE.parent / "meter.csv"
    assert settings.device["port"] == 5020
    build(settings, cast(Client, FakeClient()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"protcol": "modbus"}, "unknown key 'protcol' (did you mean 'protocol'?)"),
        ({"name": ""}, "'name' is missing"),
        ({"readers": "all"}, "readers is 'all'; expected list[str]"),
        ({"readers": [1]}, "readers is [1]; expected list[str]"),
        ({"max_instances": True}, "max_instances is True; expected int"),
        ({"command_max_age_s": "1"}, "command_max_age_s is '1'; expected float"),
    ],
)
def test_wrong_settings_are_named(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from({**NEEDED, **change}, "meter.toml")
    assert str(caught.value).startswith("meter.toml: ")
    assert expected in str(caught.value)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("a = ")
    with pytest.raises(SettingsError, match=r"x\.toml"):
        read_settings(tmp_path / "x.toml")


@pytest.mark.parametrize(
    ("protocol", "device", "expected"),
    [
        ("zigbee", {}, "'host' is missing: "),
        ("modbus", {"host": "h", "prot": 1}, "unknown key 'prot' (did you mean 'port'?)"),
        ("modbus", {"host": "h", "port": "502"}, "port is '502'; expected int"),
    ],
)
def test_wrong_device_settings_are_named(protocol: str, device: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        find_protocol(protocol).check(device)
    assert expected in str(caught.value)


def test_device_settings_have_defaults() -> None:
    given = find_protocol("modbus").check({"host": "h"})
    assert given == {"host": "h", "port": 502, "serial": "", "baud": 9600, "parity": "even", "stop_bits": 1,
                     "timeout_s": 2.0, "max_gap": 8}  # fmt: skip


def test_every_folder_with_a_manifest_is_a_protocol() -> None:
    assert set(find_protocols()) == {path.parent.name for path in ROOT.glob("*/manifest.toml")}
    for manifest in find_protocols().values():
        assert manifest.load().columns
    with pytest.raises(SettingsError, match=r"unknown protocol 'modbsu' \(did you mean 'modbus'\?\)"):
        find_protocol("modbsu")


MANIFEST = 'name = "x"\ntitle = "X"\nentry = "no.such:X"\nquality = "tested"\nrequires = ["xlib>=1"]\nextra = "x"\n'


def test_a_protocol_is_added_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/manifest.toml").write_text(MANIFEST)
    manifest = find_protocol("x", tmp_path)
    with pytest.raises(SettingsError, match=r"needs xlib>=1 .* pip install 'banyan-cse\[x\]'"):
        manifest.load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MANIFEST.replace("tested", "perfect"), "quality 'perfect'; expected one of experimental, tested, proven"),
        (MANIFEST + "colour = 1\n", "colour"),
        (MANIFEST.replace('requires = ["xlib>=1"]\n', ""), "requires"),
        (MANIFEST + '[settings]\na = { type = "date", description = "d" }\n', "settings.a: type 'date'"),
        (MANIFEST + '[settings]\na = { typ = "int" }\n', "typ"),
        ("name = ", "manifest.toml"),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_manifest(tmp_path / "manifest.toml")
    assert expected in str(caught.value)


def test_the_command_checks_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out == "meter: Modbus TCP and RTU, 6 points, 2 writable\n"
    assert main(["--check", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_the_simulator_command_serves_and_stops() -> None:
    data = "timestamp;value\n" + "".join(f"2015-06-01 00:{minute:02}:00;1\n" for minute in (0, 15, 30, 45))
    read, write = os.pipe()
    os.write(write, data.encode())
    os.close(write)
    command = [sys.executable, "-m", "ipe.modbus.simulator", "--port", "0", "--data", f"/dev/fd/{read}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[read])
    os.close(read)
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("meter at 127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
